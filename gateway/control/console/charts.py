"""Figures as pictures: where each bar and line of a chart stands, for the template that draws it.

Drawn by the server as SVG, each bar a link to the calls it stands for; so there is a chart without a script,
and one drawing for the first sight and for every later one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

WIDTH: Final = 720.0
HEIGHT: Final = 120.0

Point = Mapping[str, Any]
"""One of a document's `series`."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """The calls of one point, by what became of them."""

    x: float
    width: float
    parts: tuple[Part, ...]
    title: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars or lines, and what the top of the picture stands for."""

    top: float
    bars: tuple[Bar, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    """Name, and the points of a polyline."""
    begin: str = ""
    end: str = ""


def stacked(series: Sequence[Point], member: str, names: Sequence[str], *, step_minutes: int) -> Chart:
    """Bars of the counts in `member`, piled up in the order of `names`."""
    counts = [[int(cast("int", point[member].get(name, 0))) for name in names] for point in series]
    top = max((sum(each) for each in counts), default=0)
    width = WIDTH / max(len(series), 1)
    bars = []
    for number, (point, each) in enumerate(zip(series, counts, strict=True)):
        parts, y = [], HEIGHT
        for name, count in zip(names, each, strict=True):
            height = HEIGHT * count / top if top else 0.0
            y -= height
            if count:
                parts.append(Part(name, round(y, 2), round(height, 2)))
        said = ", ".join(f"{name} {count}" for name, count in zip(names, each, strict=True) if count)
        since = str(point["from"])
        bars.append(
            Bar(
                x=round(number * width, 2),
                width=round(max(width - 1, 0.5), 2),
                parts=tuple(parts),
                title=f"{_clock(since)}: {said or 'no calls'}",
                since=since,
                until=_later(since, step_minutes),
            )
        )
    return Chart(top=top, bars=tuple(bars), begin=_begin(series), end=_end(series, step_minutes))


def curves(series: Sequence[Point], names: Sequence[str], *, step_minutes: int) -> Chart:
    """A line of each of these percentiles; a point without calls is left out."""
    top = max((float(point["elapsed_ms"][name] or 0) for point in series for name in names), default=0.0)
    width = WIDTH / max(len(series), 1)

    def line(value_of: Callable[[Point], float | None]) -> str:
        points = [(number, value_of(point)) for number, point in enumerate(series)]
        return " ".join(
            f"{(number + 0.5) * width:.1f},{HEIGHT - HEIGHT * value / top if top else HEIGHT:.1f}"
            for number, value in points
            if value is not None
        )

    drawn = tuple((name, line(lambda point, name=name: point["elapsed_ms"][name])) for name in names)  # type: ignore[misc]
    return Chart(top=top, lines=drawn, begin=_begin(series), end=_end(series, step_minutes))


def spark(counts: Sequence[int]) -> Chart:
    """One line of counts: calls in each of the last seconds."""
    top = max(counts, default=0)
    width = WIDTH / max(len(counts), 1)
    points = " ".join(
        f"{(number + 0.5) * width:.1f},{HEIGHT - HEIGHT * count / top if top else HEIGHT:.1f}"
        for number, count in enumerate(counts)
    )
    return Chart(top=top, lines=(("calls", points),))


def _begin(series: Sequence[Point]) -> str:
    return _clock(str(series[0]["from"])) if series else ""


def _end(series: Sequence[Point], step_minutes: int) -> str:
    return _clock(_later(str(series[-1]["from"]), step_minutes)) if series else ""


def _later(moment: str, minutes: int) -> str:
    later = datetime.fromisoformat(moment) + timedelta(minutes=minutes)
    return later.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(moment: str) -> str:
    return moment[11:16]
