"""What every numbering plan answers, and the tables that answer it.

A plan speaks of structure: which leading digits and lengths the regulator has published, and what calls may
show of them. That a number is *unallocated* is not said here; it takes the regulator's allocation file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.numbers.canonical import DiallingRules, TelephoneNumber, is_international

_HEAD: Final = 2


class NumberKind(StrEnum):
    """What a number is for, by its leading digits."""

    GEOGRAPHIC = "geographic"
    MOBILE = "mobile"
    FREEPHONE = "freephone"
    SPECIAL = "special"
    """Non-geographic numbers at the price of an ordinary call."""
    REVENUE_SHARE = "revenue-share"
    """Calls cost more than ordinary ones, and the called party gets a part of it."""
    PREMIUM = "premium"
    PERSONAL = "personal"
    PAGER = "pager"
    VOIP = "voip"
    CORPORATE = "corporate"
    SERVICE = "service"
    """Short numbers: emergency, directory enquiries, operators' services."""
    INSERTED = "inserted"
    """Put in by a network where a call has no number; it says where the call entered and is never shown."""
    NETWORK = "network"
    """For networks' own use: nobody can call it."""
    INVALID = "invalid"
    """Cannot exist in the plan: wrong length, unused leading digits, or a number of another country."""


class CliUse(StrEnum):
    """What a country's rules say of a kind of number in one of the two places a call carries numbers."""

    MAY = "may"
    WITHHOLD = "withhold"
    """The call is in order; the number is not to be shown."""
    SUSPECT = "suspect"
    """Allowed under conditions that the number does not tell, such as what calling it back costs."""
    NEVER = "never"


class FromAbroad(StrEnum):
    """What a country's rules say of a kind of its own numbers that arrives from abroad."""

    HOME = "home"
    """Belongs to a line at home: from abroad only by an exception."""
    ROAMS = "roams"
    """May be a telephone that is abroad."""
    FREE = "free"
    """No rule keeps it at home."""


@dataclass(frozen=True, slots=True)
class PrefixRow:
    """Numbers that begin so, after the country code, and have one of these lengths, are of this kind."""

    prefix: str
    kind: NumberKind
    lengths: frozenset[int]
    """Digits after the country code; any other length is INVALID."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A country's numbering plan."""

    name: str
    country_code: str
    dialling: DiallingRules
    """How numbers are dialled there, without any trunk's own rules."""
    emergency_numbers: frozenset[str]
    service_numbers: frozenset[str]
    """Short numbers known by themselves; the emergency numbers are among them."""
    service_prefixes: Mapping[str, int]
    """Leading digits of short numbers given out in series, with the length of the whole."""
    rows: tuple[PrefixRow, ...]
    """The longest prefix that fits decides; the order means nothing."""
    version: str
    """The day (YYYY-MM-DD) from which the newest of its rules applies."""
    documents: tuple[str, ...]
    """What it was written from, each with its day or number."""
    presentation: Mapping[NumberKind, CliUse]
    """Of the number the called person would see; a kind that is not named MAY be shown."""
    network: Mapping[NumberKind, CliUse]
    """Of the number that says where the call comes from (P-Asserted-Identity); likewise."""
    from_abroad: Mapping[NumberKind, FromAbroad]
    """A kind that is not named is at HOME."""
    signature_shows_roamer: bool = False
    """A signature that passed with A shows that a number which ROAMS may be presented."""
    _table: dict[str, PrefixRow] = field(init=False, repr=False, compare=False)
    _lengths: dict[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    """By a number's first two digits, how long the prefixes are that may fit it, the longest first."""

    def __post_init__(self) -> None:
        table = {row.prefix: row for row in self.rows}
        if len(table) != len(self.rows):
            raise ValueError(f"plan {self.name}: a prefix stands twice")
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_lengths", _lengths_by_head(table))

    def classify(self, tn: TelephoneNumber) -> NumberKind:
        """Give the kind of a canonical number, seen from this plan's country."""
        if not is_international(tn):
            return self._classify_short(tn)
        if not tn.startswith(self.country_code):
            return NumberKind.INVALID
        national = tn[len(self.country_code) :]
        table = self._table
        for length in self._lengths.get(national[:_HEAD], ()):
            row = table.get(national[:length])
            if row is not None:
                return row.kind if len(national) in row.lengths else NumberKind.INVALID
        return NumberKind.INVALID

    def _classify_short(self, tn: TelephoneNumber) -> NumberKind:
        if tn in self.service_numbers:
            return NumberKind.SERVICE
        if tn.isdigit() and any(
            tn.startswith(prefix) and len(tn) == length for prefix, length in self.service_prefixes.items()
        ):
            return NumberKind.SERVICE
        return NumberKind.INVALID


def _lengths_by_head(prefixes: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Most numbers then cost one look-up or two: few heads have prefixes of many lengths."""
    lengths: dict[str, set[int]] = {}
    for prefix in prefixes:
        missing = _HEAD - len(prefix)
        heads = (
            [prefix[:_HEAD]]
            if missing <= 0
            else [f"{prefix}{rest:0{missing}}" for rest in range(10**missing)]
        )
        for head in heads:
            lengths.setdefault(head, set()).add(len(prefix))
    return {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}


def prefix_rows(prefixes: Iterable[str], kind: NumberKind, *lengths: int) -> list[PrefixRow]:
    """Write rows that differ by prefix only; no length at all makes every number of them INVALID."""
    return [PrefixRow(prefix, kind, frozenset(lengths)) for prefix in prefixes]
