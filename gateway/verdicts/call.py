"""A call as the rules see it: what the switch said, with its numbers in canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber
from gateway.registry.registration import Brand
from gateway.reputation.blocks import BlockEvidence
from gateway.reputation.entry import ReputationEntry
from gateway.reputation.traffic import Traffic


class Roaming(StrEnum):
    """What the network knows of a home mobile that calls from abroad."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call. Numbers that the call does not carry are None."""

    id: str
    """The switch's own name for the call; retransmissions have the same."""
    trunk: str
    trunk_kind: TrunkKind
    time: int
    """Epoch seconds of the SIP Date."""
    orig: TelephoneNumber | None
    """The presentation number: what the called person would see."""
    network_tn: TelephoneNumber | None
    """The network number (P-Asserted-Identity): where the call is said to come from."""
    dests: tuple[TelephoneNumber, ...]
    """The numbers of the To header: the caller's own word."""
    anonymous: bool = False
    """The caller asked for the number not to be shown."""
    roaming: Roaming = Roaming.UNKNOWN
    request_uri: TelephoneNumber | None = None
    """The number in the Request-URI, to which the call is routed; None where the switch named none."""
    resource_priority: frozenset[str] | None = None
    """The r-values of the Resource-Priority header; empty for none, None where the switch did not say."""
    priority: str | None = None
    """The value of the Priority header, in lower case; None for none or where the switch did not say."""
    shown: tuple[TelephoneNumber, ...] = ()
    """The calling numbers to examine, the presentation number first, each once; follows from the others."""
    called: tuple[TelephoneNumber, ...] = ()
    """Who is really being called: the Request-URI's number, else those of To; follows from the others."""

    def __post_init__(self) -> None:
        """Find the numbers once: nearly every rule asks for them."""
        shown: tuple[TelephoneNumber, ...]
        if self.network_tn is None or self.network_tn == self.orig:
            shown = () if self.orig is None else (self.orig,)
        elif self.orig is None:
            shown = (self.network_tn,)
        else:
            shown = (self.orig, self.network_tn)
        msgspec.structs.force_setattr(self, "shown", shown)
        called = self.dests if self.request_uri is None else (self.request_uri,)
        msgspec.structs.force_setattr(self, "called", called)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator decided about a number; the narrowest range that covers it comes first."""

    action: str
    trunk_kind: str | None
    """None: on every path."""
    reason: str
    tn: TelephoneNumber
    """The calling number it was found for."""


class Registered(msgspec.Struct, frozen=True, gc=False):
    """What a number's owner has proven that it may say of it; the narrowest range comes first."""

    tn: TelephoneNumber
    """The calling number it was found for."""
    owner: str
    never_calls_out: bool
    trunks: frozenset[str]
    """The trunks its own calls come by."""
    providers: frozenset[str]
    """Service provider codes of other providers that its own calls come through."""
    brand: Brand | None

    @property
    def name(self) -> str:
        """Whom callers pretend to be."""
        return self.owner if self.brand is None else self.brand.name


class Known(msgspec.Struct, frozen=True, gc=False):
    """Everything that was looked up for a call. What could not be asked is named, never guessed."""

    decisions: tuple[Decision, ...] = ()
    registered: tuple[Registered, ...] = ()
    spcs: tuple[str, ...] = ()
    """The provider codes of the signature that passed; looked up only where a number is registered."""
    is_own_signature: bool = False
    """That signature is this gateway's own; likewise."""
    reputation: tuple[tuple[TelephoneNumber, ReputationEntry], ...] = ()
    neighbours: tuple[tuple[TelephoneNumber, tuple[BlockEvidence | None, ...]], ...] = ()
    """What was seen of the blocks around the numbers, from area to ten; its own record not included."""
    replay_calls: int | None = None
    """Distinct call ids this PASSporT was seen with, this one included; None: not asked or not known."""
    recent_emergency_caller: bool | None = False
    """The called number dialled an emergency number within the last half hour (RFC 7090); None: asked, and
    not known."""
    attestation_weight: float = 1.0
    """What the A of this call is worth by its provider's scorecard, 1 to 0."""
    traffic: Traffic | None = None
    """What the number shown and its block did lately by this call's path; None: not asked or not known."""
    degraded: tuple[str, ...] = ()
    """`reputation`, `replay`, `facts`: what did not answer."""
