"""Whom a certificate speaks for: a provider, or the numbers that were delegated to it.

A certificate with one provider code and nothing else is a provider's: the provider answers for the number
(RFC 8226 section 9, ATIS-1000080), and nobody outside can hold the number against the code. One that lists
numbers is a delegate's (RFC 9060, ATIS-1000092): it speaks for those numbers and for no others, signs the
types below, and holds what it holds because every certificate above it passed that on.

Differs from RFC 8226 section 9: a list of both a code and numbers speaks for the numbers alone. By the RFC
the code adds all of the provider's numbers, which no verifier can know; neither profile has such lists.

What this does not do: read lists (`gateway.certificates.tnauthlist`), or hold them against those above
(`gateway.certificates.delegation`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.certificates.tnauthlist import TnAuthList
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import DELEGATE_SHAKEN, DELEGATE_TYPE, TN_UNAUTHORISED, Finding

_DELEGATES_SIGN: Final = frozenset({None, "rcd", "div", "div-o"})
"""Base PASSporTs, and the types whose signer answers for one number of his (RFC 9060, 9795, 8946 section 4).
None is the base PASSporT. Whatever is not named here takes a provider."""


class NumberSet:
    """The numbers of a TNAuthList, made for being asked often: one bisection, whatever the list's length."""

    __slots__ = ("_codes", "_tables")

    def __init__(self, tn_auth_list: TnAuthList) -> None:
        spans: dict[int, list[tuple[int, int]]] = {}
        codes: set[str] = set()
        for numbers in tn_auth_list.ranges:
            start = int(numbers.start)
            spans.setdefault(len(numbers.start), []).append((start, start + numbers.count - 1))
        for tn in tn_auth_list.ones:
            if tn.isdigit():
                spans.setdefault(len(tn), []).append((int(tn), int(tn)))
            else:
                codes.add(tn)
        self._codes = frozenset(codes)
        """Numbers with * or #, which are equal to themselves and near nothing."""
        self._tables = {length: _merged(each) for length, each in spans.items()}
        """By length, because arithmetic means nothing between lengths: first numbers, and their last ones."""

    def covers(self, tn: str) -> bool:
        """Say whether the number is among them; one of another length never is."""
        table = self._tables.get(len(tn))
        if table is None or not (tn.isascii() and tn.isdigit()):
            return tn in self._codes
        return _holds(table, int(tn), int(tn))

    def encompasses(self, other: NumberSet) -> bool:
        """Say whether every number of the other is one of these."""
        return other._codes <= self._codes and all(
            _holds(self._tables.get(length, ([], [])), first, last)
            for length, spans in other._tables.items()
            for first, last in zip(*spans, strict=True)
        )


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Join what touches or overlaps: a child may take the end of one range and the start of the next."""
    starts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(spans):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            starts.append(first)
            lasts.append(last)
    return starts, lasts


def _holds(table: tuple[list[int], list[int]], first: int, last: int) -> bool:
    starts, lasts = table
    row = bisect_right(starts, first) - 1
    return row >= 0 and lasts[row] >= last


@dataclass(frozen=True, slots=True)
class Authority:
    """What a validated certificate may say; everything here is asked for each call."""

    spcs: tuple[str, ...]
    numbers: NumberSet | None = field(compare=False, repr=False)
    """None for a provider."""
    may_sign_shaken: bool
    """Always for a provider; for a delegate only where its trust domain says so."""

    @classmethod
    def of(cls, tn_auth_list: TnAuthList, *, allow_delegate_shaken: bool) -> Authority:
        """The authority of a leaf with this list, in a domain that says this of delegates."""
        if not tn_auth_list.lists_numbers:
            return cls(tn_auth_list.spcs, None, may_sign_shaken=True)
        return cls(tn_auth_list.spcs, NumberSet(tn_auth_list), may_sign_shaken=allow_delegate_shaken)

    def may_sign(self, ppt: str | None) -> Finding | None:
        """Judge a PASSporT's type, None for the base one: DELEGATE_SHAKEN, DELEGATE_TYPE, or nothing."""
        if self.numbers is None or ppt in _DELEGATES_SIGN:
            return None
        if ppt == "shaken":
            return None if self.may_sign_shaken else Finding(DELEGATE_SHAKEN)
        return Finding(DELEGATE_TYPE)

    def covers(self, tn: TelephoneNumber | None) -> Finding | None:
        """Judge the number that is signed for, None where it is no number: TN_UNAUTHORISED, or nothing.

        The number is `orig`'s, in `div` PASSporTs that of `div` (RFC 8946 section 4.1).
        """
        if self.numbers is None or (tn is not None and self.numbers.covers(tn)):
            return None
        return Finding(TN_UNAUTHORISED)
