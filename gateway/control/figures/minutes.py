"""Totals by the minute and the trunk, for the last day: bounded, however many trunks and calls there are.

A minute that is over is kept packed, half a kilobyte for each trunk instead of ten; a record that comes late
still finds its minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from gateway.control.figures.totals import Totals
from gateway.journal import Record

MINUTES_KEPT: Final = 24 * 60 + 60
"""A whole day, and the hour that is just going on."""
OPEN_MINUTES: Final = 3
MOST_TRUNKS: Final = 200
"""In one minute; what comes by further ones is in the sums only."""
ALL: Final = ""
"""The name under which a minute's sum over all trunks stands; no trunk has an empty name."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Totals)

_Trunks = dict[str, Totals]


class Minutes:
    """One per control process; to be used by its loop alone. Minutes are counted from the epoch."""

    def __init__(self) -> None:
        self._open: dict[int, _Trunks] = {}
        self._packed: dict[int, dict[str, bytes]] = {}
        self._hours: dict[int, _Trunks] = {}
        """Sums of each hour's packed minutes."""
        self._stale: set[int] = set()
        """Hours whose sum is to be made anew: a call came late."""
        self._newest = 0

    def take(self, calls: Iterable[Record]) -> None:
        """Count calls, each in the minute it came in; those older than what is kept are let go."""
        for record in calls:
            minute = int(record.time // 60)
            if minute > self._newest:
                self._newest = minute
                self._forget()
            elif minute <= self._newest - MINUTES_KEPT:
                continue
            trunks = self._minute(minute)
            trunks[ALL].add(record)
            if record.trunk in trunks or len(trunks) <= MOST_TRUNKS:
                trunks.setdefault(record.trunk, Totals()).add(record)
        self._pack()

    def between(self, first: int, last: int, *, trunk: str = ALL) -> Iterator[tuple[int, Totals]]:
        """The minutes from `first` to `last` in which calls came, in order; what is given is not changed."""
        for minute in range(first, last + 1):
            totals = self._find(minute, trunk)
            if totals is not None:
                yield minute, totals

    def sum(self, first: int, last: int, *, trunk: str = ALL) -> Totals:
        """These minutes added up."""
        total, minute = Totals(), first
        while minute <= last:
            is_whole_hour = minute % 60 == 0 and minute + 59 <= min(last, self._newest - OPEN_MINUTES)
            found = self._hour(minute // 60, trunk) if is_whole_hour else self._find(minute, trunk)
            if found is not None:
                total.merge(found)
            minute += 60 if is_whole_hour else 1
        return total

    def trunks(self, first: int, last: int) -> list[str]:
        """The trunks that had calls in these minutes, by name."""
        names: set[str] = set()
        for minute in range(first, last + 1):
            names.update(self._open.get(minute) or self._packed.get(minute) or ())
        return sorted(names - {ALL})

    def _minute(self, minute: int) -> _Trunks:
        trunks = self._open.get(minute)
        if trunks is None:
            if minute in self._packed:
                self._stale.add(minute // 60)
            packed = self._packed.pop(minute, {ALL: _ENCODER.encode(Totals())})
            trunks = self._open[minute] = {name: _DECODER.decode(body) for name, body in packed.items()}
        return trunks

    def _find(self, minute: int, trunk: str) -> Totals | None:
        if minute in self._open:
            return self._open[minute].get(trunk)
        body = self._packed.get(minute, {}).get(trunk)
        return None if body is None else _DECODER.decode(body)

    def settle(self) -> bool:
        """Make the sum of one hour anew that a late call changed; whether there was one."""
        if not self._stale:
            return False
        hour = self._stale.pop()
        sums: _Trunks = {}
        for minute in range(hour * 60, hour * 60 + 60):
            for name, body in self._packed.get(minute, {}).items():
                sums.setdefault(name, Totals()).merge(_DECODER.decode(body))
        self._hours[hour] = sums
        return True

    def _hour(self, hour: int, trunk: str) -> Totals | None:
        while hour in self._stale:
            self.settle()
        return self._hours.get(hour, {}).get(trunk)

    def _pack(self) -> None:
        for minute in [each for each in self._open if each <= self._newest - OPEN_MINUTES]:
            trunks = self._open.pop(minute)
            self._packed[minute] = {name: _ENCODER.encode(totals) for name, totals in trunks.items()}
            sums = self._hours.setdefault(minute // 60, {})
            for name, totals in trunks.items():
                sums.setdefault(name, Totals()).merge(totals)

    def _forget(self) -> None:
        oldest = self._newest - MINUTES_KEPT
        for kept in (self._open, self._packed):
            for minute in [each for each in kept if each <= oldest]:
                del kept[minute]
        for hour in [each for each in self._hours if each * 60 <= oldest]:
            del self._hours[hour]
