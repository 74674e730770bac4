"""How the hosts do that other providers publish their certificates on, as calls met them.

A call whose certificate was at hand says that its host is well enough, whether it was fetched for this call
or is kept from an earlier one; one that had to be answered without says that it is not.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gateway.control.figures.hourly import HourlyCounts
from gateway.journal import Record

NOT_OBTAINED: Final = frozenset(
    {"stir.credential.pending", "stir.credential.unobtainable", "stir.credential.unreadable"}
)
MOST_HEADERS: Final = 10_000
"""Headers of PASSporTs whose host is remembered: one certificate's are all alike."""
MOST_LATEST: Final = 10_000
HOSTS_SHOWN: Final = 100
_MOST_NAME: Final = 253


class _Header(msgspec.Struct):
    x5u: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """One host, over the hours that were asked for."""

    name: str
    calls: int
    not_obtained: int
    """Calls that had to be answered without the certificate."""
    last_obtained: float | None
    """Epoch seconds of the last call whose certificate was there; None where it never was."""
    last_problem: float | None
    reason: str | None
    """Of the last call without."""

    @property
    def is_well(self) -> bool:
        """Whether the last call had its certificate."""
        return self.last_problem is None or (self.last_obtained or 0.0) > self.last_problem


class CertificateHosts:
    """Counted for the last day; to be used by one loop."""

    def __init__(self) -> None:
        self._counts: HourlyCounts[tuple[str, bool]] = HourlyCounts()
        self._host_of: dict[str, str | None] = {}
        self._obtained: dict[str, float] = {}
        self._problems: dict[str, tuple[float, str]] = {}

    def take(self, record: Record) -> None:
        """Count a verified call by the host that its first header names."""
        if record.verstat is None or not record.identities:
            return
        host = self._host(record.identities[0])
        if host is None:
            return
        is_obtained = record.reason not in NOT_OBTAINED
        self._counts.count((host, is_obtained), at=record.time)
        for latest in (self._obtained, self._problems):
            if len(latest) >= MOST_LATEST:
                latest.clear()
        if is_obtained:
            self._obtained[host] = max(record.time, self._obtained.get(host, 0.0))
        elif record.time >= self._problems.get(host, (0.0, ""))[0]:
            self._problems[host] = record.time, record.reason

    def all(self, *, since: float) -> list[Host]:
        """The hosts, those in trouble first, then by calls; at most HOSTS_SHOWN."""
        counts = self._counts.sum(since=since)
        found = []
        for name in {name for name, _ in counts}:
            without = counts[name, False]
            problem = self._problems.get(name)
            found.append(
                Host(
                    name=name,
                    calls=counts[name, True] + without,
                    not_obtained=without,
                    last_obtained=self._obtained.get(name),
                    last_problem=None if problem is None else problem[0],
                    reason=None if problem is None else problem[1],
                )
            )
        return sorted(found, key=lambda host: (host.is_well, -host.calls, host.name))[:HOSTS_SHOWN]

    def _host(self, identity: str) -> str | None:
        header = identity.partition(".")[0]
        if header not in self._host_of:
            if len(self._host_of) >= MOST_HEADERS:
                self._host_of.clear()
            self._host_of[header] = _host_in(header)
        return self._host_of[header]


def _host_in(header: str) -> str | None:
    """The host of the `x5u`; None where the header is none of a PASSporT with one."""
    try:
        decoded = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
        host = urlsplit(msgspec.json.decode(decoded, type=_Header).x5u).hostname
    except (msgspec.MsgspecError, ValueError, binascii.Error, RecursionError):
        return None
    return host if host and len(host) <= _MOST_NAME and host.isprintable() else None
