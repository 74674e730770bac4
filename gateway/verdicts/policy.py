"""What the operator chose each finding to do to a call: the slice of the policy that verdicts take.

Values only; `gateway/generation/` reads them from `policy.toml`, `dno.csv` and `brands.toml`. Scores
run from 0.0 (nothing known) to 1.0 (certainly a scam).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from gateway.attestation.extensions import RichGrant
from gateway.attestation.inventory import Inventory
from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.look_alikes import LookAlikes
from gateway.numbers.plans import PLANS
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.reputation.traffic import TrafficLimits


class Effect(StrEnum):
    """What a rule does to a call it applies to, from nothing to the most."""

    NONE = "none"
    LABEL = "label"
    CHALLENGE = "challenge"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """0 for none to 3 for block; of two numbers of one call the stricter treatment is taken."""
        return list(Effect).index(self)


class UnknownRoaming(StrEnum):
    """What becomes of a home mobile's call from abroad while nobody knows whether the phone roams.

    Withholding is what Ofcom proposed in July 2025 for +447 numbers; the call itself goes on.
    """

    PRESENT = "present"
    WITHHOLD = "withhold"
    BLOCK = "block"


class CountryPack(Enum):
    """The country the carrier is in: which numbers are at home, and what a blocked call is told."""

    UK = "uk"
    NANP = "nanp"
    FR = "fr"

    @property
    def country_code(self) -> str:
        """The code of the numbers that are at home here."""
        return PLANS[self.value].country_code


@dataclass(frozen=True, slots=True)
class DnoEntry:
    """A number (or range) that never calls out, on somebody's word."""

    label: str
    """Whose number it is: `HMRC`."""
    source: str
    note: str = ""
    expires_at: int | None = None
    """Epoch seconds from which the entry no longer counts; None: it has no end."""


@dataclass(frozen=True, slots=True)
class Brand:
    """An organisation that callers pretend to be, and the numbers its own calls show."""

    name: str
    sector: str
    numbers: tuple[NumberRange, ...]
    trunks: frozenset[str]
    """The trunks its own calls come by; empty: any that is not an international one."""
    rich: RichGrant | None = None
    """What its calls may have signed of it; None: nothing."""
    source: str = ""
    """On whose word these are its numbers."""
    expires_at: int | None = None
    """Epoch seconds from which the entry protects no longer; None: it has no end."""


@dataclass(frozen=True, slots=True)
class ReputationPolicy:
    """From which score a number is labelled, challenged or blocked; None: never for its score alone."""

    label_at: float | None = 0.5
    challenge_at: float | None = None
    block_at: float | None = 0.9

    def effect_of(self, score: float) -> Effect:
        """The strongest effect this score reaches."""
        for threshold, effect in (
            (self.block_at, Effect.BLOCK),
            (self.challenge_at, Effect.CHALLENGE),
            (self.label_at, Effect.LABEL),
        ):
            if threshold is not None and score >= threshold:
                return effect
        return Effect.NONE


@dataclass(frozen=True, slots=True)
class NeighbourPolicy:
    """From which score of its neighbours a number is labelled or challenged; None: never. Nothing blocks."""

    label_at: float | None = 0.65
    challenge_at: float | None = None

    @property
    def lowest(self) -> float | None:
        """The score from which on anything is said."""
        return min((at for at in (self.label_at, self.challenge_at) if at is not None), default=None)

    def effect_of(self, score: float) -> Effect:
        """The strongest effect this score reaches."""
        return ReputationPolicy(self.label_at, self.challenge_at, None).effect_of(score)


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """What happens when one signed PASSporT is seen in several calls (forking makes that ordinary)."""

    effect: Effect = Effect.NONE
    """From the second distinct call id on."""
    label_beyond: int = 4
    """More distinct call ids than this: a label at least."""


@dataclass(frozen=True, slots=True)
class Redress:
    """Where a caller who was blocked by analytics can complain (ATIS-1000099: url, tel or email)."""

    url: str | None = None
    tel: str | None = None
    email: str | None = None

    def __bool__(self) -> bool:
        """Whether there is any contact at all."""
        return bool(self.url or self.tel or self.email)


@dataclass(frozen=True, slots=True)
class TreatmentPolicy:
    """How a verdict becomes a SIP answer."""

    country_pack: CountryPack = CountryPack.UK
    redress: Redress = field(default_factory=Redress)
    screening_uri: str | None = None
    """Where challenged calls are sent; never None while any rule challenges. Without it a challenge that
    an operator decided becomes a label."""


@dataclass(frozen=True, slots=True)
class EmergencyPolicy:
    """Calls that are never blocked or challenged, beside those of the country's plan."""

    numbers: frozenset[TelephoneNumber] = frozenset()
    """As dialled: `999`."""
    psap_numbers: tuple[NumberRange, ...] = ()
    """Full numbers of emergency control rooms; they count on every trunk but an international one."""


@dataclass(frozen=True, slots=True)
class VerdictPolicy:
    """Every rule's effect, and the lists the rules look at. Defaults are those of `policy.toml`."""

    stir_failed: Effect = Effect.LABEL
    dno: Effect = Effect.BLOCK
    brand: Effect = Effect.BLOCK
    invalid_number: Effect = Effect.BLOCK
    unallocated_number: Effect = Effect.BLOCK
    suspect_number: Effect = Effect.LABEL
    unauthenticated_number: Effect = Effect.NONE
    home_number_from_abroad: Effect = Effect.BLOCK
    home_mobile_not_roaming: Effect = Effect.BLOCK
    home_mobile_roaming_unknown: UnknownRoaming = UnknownRoaming.WITHHOLD
    reputation: ReputationPolicy = field(default_factory=ReputationPolicy)
    suspicious_traffic: Effect = Effect.LABEL
    honeypot: Effect = Effect.LABEL
    traffic: TrafficLimits = field(default_factory=TrafficLimits)
    honeypots: RangeMap[str] = field(default_factory=lambda: RangeMap(()))
    """Ranges the carrier owns and never assigned, with the note beside each."""
    neighbours: NeighbourPolicy = field(default_factory=NeighbourPolicy)
    replay: ReplayPolicy = field(default_factory=ReplayPolicy)
    treatment: TreatmentPolicy = field(default_factory=TreatmentPolicy)
    emergency: EmergencyPolicy = field(default_factory=EmergencyPolicy)
    visitor_numbers: tuple[NumberRange, ...] = ()
    """Roaming numbers (MSRN) that the network gives to visitors, and calls to them are routed to."""
    home_origin_trunks: frozenset[str] = frozenset()
    interconnects: frozenset[str] = frozenset()
    """Trunks to other providers of the same country."""
    """International trunks whose calls begin on a network of this country."""
    inventory: Inventory = field(default_factory=Inventory)
    allocations: Allocations = field(default_factory=Allocations)
    look_alikes: LookAlikes = field(default_factory=LookAlikes)
    """Of the brands' numbers and of those that never call out."""
    dno_entries: RangeMap[DnoEntry] = field(default_factory=lambda: RangeMap(()))
    brands: RangeMap[Brand] = field(default_factory=lambda: RangeMap(()))
