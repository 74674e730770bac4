"""Whether this machine's clock is right, as far as anybody here can say.

A token is refused when it is older or younger than `[verification] freshness_seconds` (RFC 8224 section
6.2.2), so a clock that is wrong by that much refuses everybody. Two witnesses: the kernel, which knows
whether something keeps the clock (not whether it keeps it well), and the Date header of servers that the
configuration names (RFC 9110 section 6.6.1: whole seconds, and as good as that server's own clock).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import Diagnosis, attention, good, unknown, wrong

CHECK: Final = "clock"
NOTICEABLE_SECONDS: Final = 2.0
_MEND: Final = "timedatectl set-ntp true && timedatectl timesync-status"


@dataclass(frozen=True, slots=True)
class HostTime:
    """What one server's clock said."""

    host: str
    ahead_seconds: float
    """How far this machine's clock is ahead of it; negative: behind."""
    uncertain_seconds: float


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """What the witnesses said."""

    is_kept: bool | None
    """By the kernel: whether something keeps the clock; None where the kernel does not say."""
    hosts: tuple[HostTime, ...]
    freshness_seconds: int


def judge_clock(seen: ClockSeen) -> Iterator[Diagnosis]:
    """One diagnosis: a server's word over the kernel's."""
    off = max(seen.hosts, key=_surely_off, default=None)
    if off is not None and _surely_off(off) > NOTICEABLE_SECONDS:
        way = "ahead of" if off.ahead_seconds > 0 else "behind"
        words = f"The clock is {abs(off.ahead_seconds):.0f} s {way} that of {off.host}"
        if _surely_off(off) >= seen.freshness_seconds / 2:
            yield wrong(CHECK, f"{words}; tokens are refused beyond {seen.freshness_seconds} s.", _MEND)
        else:
            yield attention(CHECK, f"{words}.", _MEND)
    elif seen.is_kept is False:
        also = f", though {off.host} shows the same time" if off is not None else ""
        yield attention(CHECK, f"By the kernel nothing keeps the clock{also}.", _MEND)
    elif off is not None:
        yield good(CHECK, f"Within {off.uncertain_seconds + NOTICEABLE_SECONDS:.0f} s of {off.host}.")
    elif seen.is_kept:
        yield good(CHECK, "The kernel says that it is kept; no server of the configuration could be asked.")
    else:
        yield unknown(CHECK, "Neither the kernel nor a configured server says anything of it.", _MEND)


def _surely_off(host: HostTime) -> float:
    return abs(host.ahead_seconds) - host.uncertain_seconds
