"""What every numbering plan answers, and the table of prefixes that answers it.

A plan speaks of structure: which leading digits and lengths the regulator has published. That a number
is *unallocated* is not said here; it takes the regulator's allocation file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.numbers.canonical import DiallingRules, TelephoneNumber, is_international


class NumberKind(StrEnum):
    """What a number is for, by its leading digits."""

    GEOGRAPHIC = "geographic"
    MOBILE = "mobile"
    FREEPHONE = "freephone"
    SPECIAL = "special"
    """Non-geographic and shared-cost numbers."""
    PREMIUM = "premium"
    PERSONAL = "personal"
    PAGER = "pager"
    VOIP = "voip"
    CORPORATE = "corporate"
    SERVICE = "service"
    """Short numbers: emergency, directory enquiries, operators' services."""
    INVALID = "invalid"
    """Cannot exist in the plan: wrong length, unused leading digits, or a number of another country."""


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
    _table: dict[str, PrefixRow] = field(init=False, repr=False, compare=False)
    _prefix_lengths: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = {row.prefix: row for row in self.rows}
        if len(table) != len(self.rows):
            raise ValueError(f"plan {self.name}: a prefix stands twice")
        object.__setattr__(self, "_table", table)
        object.__setattr__(
            self, "_prefix_lengths", tuple(sorted({len(prefix) for prefix in table}, reverse=True))
        )

    def is_emergency(self, tn: TelephoneNumber) -> bool:
        """Tell whether a call to this number is a call for help."""
        return tn in self.emergency_numbers

    def classify(self, tn: TelephoneNumber) -> NumberKind:
        """Give the kind of a canonical number, seen from this plan's country."""
        if not is_international(tn):
            return self._classify_short(tn)
        if not tn.startswith(self.country_code):
            return NumberKind.INVALID
        national = tn[len(self.country_code) :]
        table = self._table
        for length in self._prefix_lengths:
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


def prefix_rows(prefixes: Iterable[str], kind: NumberKind, *lengths: int) -> list[PrefixRow]:
    """Write rows that differ by prefix only; no length at all makes every number of them INVALID."""
    return [PrefixRow(prefix, kind, frozenset(lengths)) for prefix in prefixes]
