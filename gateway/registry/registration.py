"""A registration: some numbers, whose they are said to be, and what is said of their calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.registry.states import IN_FORCE, State


class Use(StrEnum):
    """What the owner says of the numbers' outgoing calls."""

    CALLING = "calling"
    NEVER_CALLS_OUT = "never_calls_out"


@dataclass(frozen=True, slots=True)
class Brand:
    """How the owner's calls are to be shown: what `rcd` signs (RFC 9795 section 5.1)."""

    name: str
    logo_url: str | None = None
    logo_digest: str | None = None
    """Of the logo's bytes, `sha256-…` (RFC 9795 section 6): given with every logo, as content by address is
    worth nothing without."""
    call_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One owner's registration of a number or a range."""

    id: int
    owner_id: int
    numbers: NumberRange
    use: Use
    trunks: frozenset[str] = frozenset()
    """Trunks of this network that its calls come by; they alone may be attested A."""
    providers: frozenset[str] = frozenset()
    """Other providers it calls through, by service provider code: their A shows the brand."""
    brand: Brand | None = None
    state: State
    until: int | None = None
    """Epoch seconds at which the proofs it rests on end; None while it is not in force."""

    def is_in_force(self, now: int) -> bool:
        """Whether it has its effect on calls at this time, whoever did or did not look since."""
        return self.state in IN_FORCE and self.until is not None and now < self.until

    def overlaps(self, other: Registration) -> bool:
        """Whether the two have a number in common."""
        mine, theirs = self.numbers, other.numbers
        return (
            len(mine.start) == len(theirs.start) and mine.start <= theirs.last and theirs.start <= mine.last
        )

    def without(self, given: NumberRange) -> tuple[NumberRange, ...]:
        """Its numbers but for those, some of which are its own: none, or one range, or two."""
        digits, first, last = len(self.numbers.start), int(self.numbers.start), int(self.numbers.last)
        parts = (first, int(given.start) - 1), (int(given.last) + 1, last)
        return tuple(
            NumberRange(TelephoneNumber(f"{start:0{digits}d}"), end - start + 1)
            for start, end in parts
            if start <= end
        )
