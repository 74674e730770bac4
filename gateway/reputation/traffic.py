"""What the shape of a number's calls says of it: many called numbers, short calls, one ring, in order.

A person may call many numbers, and some of a person's calls ring out; what gives a machine away is that
nearly all of very many calls end at once. So a share is never judged by itself but by the lower end of what
it may be (Wilson's interval at 95 %, E. B. Wilson 1927): nine of ten calls say little, ninety of a hundred
much. A window slides in two halves: what it counted before weighs by how much of it is still inside.

Counted by path, as everything that is known of a number: calls from abroad that show an owner's number say
nothing of the owner's calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import msgspec

SHORT_SECONDS: Final = 10.0
"""An answered call that is over by then was hung up on, or met a machine."""
ONE_RING_SECONDS: Final = 6.0
"""British ringing is two bursts within 3 s; a caller who wants to be called back lets it ring that long."""
LEAST_ENDED: Final = 30
"""Calls whose end must be known before a share of them is judged."""
LEAST_ONE_RING: Final = 6
ONE_RING_SHARE: Final = 0.5
SEQUENTIAL_SHARE: Final = 0.5
_Z: Final = 1.96
"""Of the normal distribution: 95 % on both sides."""


class Shape(msgspec.Struct, frozen=True, gc=False):
    """What a number, a block, a trunk or a certificate did within the window. In functions.lua's order."""

    calls: int = 0
    fresh: int = 0
    """Calls to a number that is not among the last eight called; of a block: by a number that is not among
    the last eight calling. About how many different ones there were."""
    sequential: int = 0
    """Of those, calls to within ten numbers of one of the last eight called."""
    ended: int = 0
    """Calls whose end was told."""
    short: int = 0
    """Of those: not answered, or over within `SHORT_SECONDS`."""
    one_ring: int = 0
    """Of those: not answered, and given up by the caller within `ONE_RING_SECONDS`."""
    called_back: int = 0
    """Calls of this carrier's customers to the number."""
    honeypots: int = 0
    """Calls to numbers that nobody has; of one number called over and over, the first."""


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """What is known of one call's number, and of the thousand numbers it stands among, by the call's path."""

    number: Shape
    block: Shape


@dataclass(frozen=True, slots=True)
class TrafficLimits:
    """From where on traffic is not a person's; `policy.toml` [traffic]."""

    window_seconds: int = 600
    called_numbers: int = 20
    """Different numbers called within the window (of a block: different numbers calling)."""
    short_share: float = 0.75
    honeypot_numbers: int = 2
    """One may be misdialled."""
    least_calls: int = field(init=False)
    """Calls below which nothing is looked for."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "least_calls", min(self.called_numbers, LEAST_ONE_RING))

    @property
    def window(self) -> str:
        """The window in words."""
        return f"in {self.window_seconds / 60:g} minutes"


def at_least(part: int, whole: int) -> float:
    """Return the lower end of Wilson's interval (95 %) of the share `part / whole`; 0 without any."""
    if whole <= 0:
        return 0.0
    share, square = min(part / whole, 1.0), _Z * _Z
    middle = share + square / (2 * whole)
    spread = _Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    return max(0.0, (middle - spread) / (1 + square / whole))


def is_mostly_short(shape: Shape, limits: TrafficLimits) -> bool:
    """Whether many were called and nearly all of the calls ended at once."""
    return (
        shape.fresh >= limits.called_numbers
        and shape.ended >= LEAST_ENDED
        and at_least(shape.short, shape.ended) >= limits.short_share
    )


def short_calls(shape: Shape, limits: TrafficLimits) -> str | None:
    """Say in words that many were called and nearly all of the calls ended at once, where it is so."""
    if not is_mostly_short(shape, limits):
        return None
    return (
        f"some {shape.fresh} numbers called {limits.window}; {shape.short} of {shape.ended} calls "
        f"not answered or over within {SHORT_SECONDS:g} s"
    )


def one_ring(shape: Shape, limits: TrafficLimits) -> str | None:
    """Say in words that nearly all calls were given up after one ring, where it is so."""
    if shape.one_ring < LEAST_ONE_RING or at_least(shape.one_ring, shape.ended) < ONE_RING_SHARE:
        return None
    back = f", {shape.called_back} called back" if shape.called_back else ""
    calls = f"{shape.one_ring} of {shape.ended} calls {limits.window}"
    return f"{calls} given up within {ONE_RING_SECONDS:g} s{back}"


def sequential(shape: Shape, limits: TrafficLimits) -> str | None:
    """Say in words that the numbers called follow one another, where it is so."""
    if shape.fresh < limits.called_numbers or shape.sequential < SEQUENTIAL_SHARE * shape.fresh:
        return None
    return f"{shape.sequential} of some {shape.fresh} numbers called {limits.window} follow one another"


def is_short(*, answered: bool, duration_seconds: float) -> bool:
    """Whether a call that ended so counts as short."""
    return not answered or duration_seconds < SHORT_SECONDS


def is_one_ring(*, answered: bool, duration_seconds: float, cause: int | None) -> bool:
    """Whether a caller gave up at once; a busy or dead line (Q.850) is not the caller's doing."""
    return not answered and duration_seconds <= ONE_RING_SECONDS and cause in (None, 16)
