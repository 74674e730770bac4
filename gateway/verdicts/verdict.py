"""The verdict: an action, what to show, and every reason that applied."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.reasons import Reason, SipCause, Verstat
from gateway.registry.registration import Brand
from gateway.reputation.score import Evidence
from gateway.verdicts.policy import Effect


class Action(StrEnum):
    """What the switch should do with the call."""

    ALLOW = "allow"
    LABEL = "label"
    CHALLENGE = "challenge"
    BLOCK = "block"


class CliDisplay(StrEnum):
    """Whether the number may be shown; independent of the action."""

    PRESENT = "present"
    WITHHOLD = "withhold"


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A rule that applied: its row, what it does by policy, where that comes from, and the data."""

    reason: Reason
    effect: Effect
    source: str
    detail: str = ""
    withholds_cli: bool = False
    allows: bool = False
    """Ends the rules with allow: calls for help, and operators who release a number."""
    is_analytics: bool = False
    """A statistical rule: a block by it owes the caller a way to complain (ATIS-1000099)."""
    cause: SipCause | None = None
    """What a block by this rule is answered with, where that is not the country pack's own answer."""

    @property
    def speaks(self) -> bool:
        """Whether the rule decides, rather than only being listed."""
        return self.allows or self.effect is not Effect.NONE


def strictness(hit: Hit) -> tuple[int, bool]:
    """Sort key: of two numbers of one call the stricter treatment is taken."""
    return hit.effect.severity, hit.withholds_cli


class SipTreatment(msgspec.Struct, frozen=True, gc=False):
    """What to put on the wire; `status` None: let the call go on."""

    status: int | None = None
    phrase: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The answer to "what should be done with this call?"."""

    action: Action
    verstat: Verstat
    attest: str | None
    origid: str | None
    """Both None unless verification passed."""
    cli: CliDisplay
    hits: tuple[Hit, ...]
    deciding: Hit | None
    """The first of them that speaks."""
    score: float
    evidence: tuple[Evidence, ...]
    treatment: SipTreatment
    degraded: tuple[str, ...]
    brand: Brand | None = None
    """Whom the call may be shown as coming from; None for a call that is blocked or hides its number."""
