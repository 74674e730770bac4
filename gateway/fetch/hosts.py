"""Whose turn it is: how many fetches run at once, who waits, which host is left in peace.

Bounds what calls naming many hosts, or many certificates of one host, can make this process do, and keeps
them from taking the turns of hosts that have already served certificates of real calls. Durations are
measured on a clock that only goes forward, so a corrected system clock prolongs nothing.

A host that answers anything at all is alive: only unreachable, hanging and failing servers rest. Otherwise a
caller could have an honest host rested by naming pages that do not exist on it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

MOST_PER_HOST: Final = 4
STRANGERS_AT_ONCE: Final = 16
VOUCHED_AT_ONCE: Final = 16
"""Two pools, so that a hundred unknown dead hosts cannot keep a known one waiting. The three largest
certificate hosts serve 79 % of all certificates: three times four fit."""
MOST_WAITING_PER_HOST: Final = 64
MOST_WAITING: Final = 128
"""In each pool. A waiting fetch spends its own deadline, so more than a few turns' worth never gets one."""

FAILURES_BEFORE_REST: Final = 3
LONGEST_REST_SECONDS: Final = 45.0
"""A server that comes back is to be used within 60 seconds: some are left for the failed and the next try."""

_MOST_REMEMBERED: Final = 4_096
"""Hosts of each kind; about 250 are known to serve all certificates in use."""


class NoTurnError(Exception):
    """Nobody was asked: the host rests, or too many are waiting. `problem` says which."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class _Host:
    vouched: bool = False
    failures: int = 0
    rest_until: float = float("-inf")
    present: int = 0
    """Fetches under way or waiting."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_PER_HOST))


@dataclass(slots=True)
class _Pool:
    size: int
    present: int = 0
    turns: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.turns = asyncio.Semaphore(self.size)


class Turn:
    """One fetch's turn; it reports how the host behaved, or nothing when it cannot say."""

    __slots__ = ("_host", "_monotonic", "_probe")

    def __init__(self, host: _Host, monotonic: Callable[[], float], *, probe: bool) -> None:
        self._host = host
        self._monotonic = monotonic
        self._probe = probe

    def alive(self) -> None:
        """Note that the host answered; what it answered does not matter here."""
        self._host.failures = 0
        self._host.rest_until = float("-inf")

    def dead(self) -> None:
        """Note that the host could not be reached, or did not answer in time."""
        host, now = self._host, self._monotonic()
        if now < host.rest_until and not self._probe:
            return  # it failed beside the ones that sent the host to rest; once is enough
        host.failures += 1
        if host.failures >= FAILURES_BEFORE_REST:
            host.rest_until = now + rest_seconds(host.failures - FAILURES_BEFORE_REST + 1)


def rest_seconds(failures: int) -> float:
    """2, 4, 8, … seconds after the first, second, third failure, at most `LONGEST_REST_SECONDS`."""
    return min(2.0 ** min(failures, 10), LONGEST_REST_SECONDS)


class Hosts:
    """Every host asked lately, by `name:port`."""

    def __init__(self, monotonic: Callable[[], float], *, fetch_seconds: float) -> None:
        self._monotonic = monotonic
        self._fetch_seconds = fetch_seconds
        self._strangers: OrderedDict[str, _Host] = OrderedDict()
        self._vouched: OrderedDict[str, _Host] = OrderedDict()
        self._pools = {False: _Pool(STRANGERS_AT_ONCE), True: _Pool(VOUCHED_AT_ONCE)}

    def vouch(self, name: str) -> None:
        """Give turns apart from strangers: it served the certificate of a call whose signature passed."""
        if name in self._vouched:
            return
        host = self._strangers.pop(name, None) or _Host()
        host.vouched = True
        _remember(self._vouched, name, host)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[Turn]:
        """Wait for a turn at this host; raises NoTurnError at once where waiting has no point."""
        host = self._host(name)
        pool = self._pools[host.vouched]
        now = self._monotonic()
        if now < host.rest_until:
            raise NoTurnError(
                f"its host did not answer lately; it is asked again in {host.rest_until - now:.0f} s"
            )
        if host.present >= MOST_PER_HOST + MOST_WAITING_PER_HOST or pool.present >= pool.size + MOST_WAITING:
            raise NoTurnError("too many certificates are being fetched at this moment")
        probe = host.failures >= FAILURES_BEFORE_REST
        if probe:
            # One tries whether the host is back; the others wait for what it finds.
            host.rest_until = now + self._fetch_seconds
        host.present += 1
        pool.present += 1
        try:
            # The host's turn first: whoever waits for a slow host must not hold a place others could use.
            async with host.turns, pool.turns:
                if self._monotonic() < host.rest_until and not probe:
                    raise NoTurnError("its host stopped answering while this fetch waited")
                yield Turn(host, self._monotonic, probe=probe)
        finally:
            host.present -= 1
            pool.present -= 1

    def _host(self, name: str) -> _Host:
        for known in (self._vouched, self._strangers):
            host = known.get(name)
            if host is not None:
                known.move_to_end(name)
                return host
        return _remember(self._strangers, name, _Host())


def _remember(hosts: OrderedDict[str, _Host], name: str, host: _Host) -> _Host:
    hosts[name] = host
    while len(hosts) > _MOST_REMEMBERED:
        # The oldest may still be fetching; dropping it only forgets its failures.
        hosts.popitem(last=False)
    return host
