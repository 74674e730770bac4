"""The picture of an evaluation: recall by budget for the three rules, and which level decided. SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from gateway.cli.recall_tables import honest_of, sentences
from gateway.reputation.recall import (
    BLOCKS,
    BUDGETS,
    DECIDING_BUDGET,
    EXACT,
    PLAIN,
    DayResult,
    mean_decided_by,
    mean_recall,
)

WIDTH: Final = 880
HEIGHT: Final = 560
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 96, 690, 400
_COLOURS: Final = {EXACT: "#98a2b3", PLAIN: "#e08a3c", BLOCKS: "#0f6e6e"}
_LEVEL_COLOURS: Final = ("#cfe3e2", "#a5cccb", "#79b3b2", "#4b9797", "#1f7a7a", "#0a4f4f")
_STYLE: Final = (
    "text{font-family:'Inter','Helvetica Neue',Arial,sans-serif;fill:#1d2939}"
    ".small{font-size:12px;fill:#475467}.title{font-size:20px;font-weight:600}.line{font-size:13px;font-weight:600}"
)


def picture(results: Sequence[DayResult]) -> str:
    """Draw the means over `results`."""
    parts = [*_frame(results), *_curves(results), *_levels(results)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Recall by share of the plan flagged">\n<style>{_STYLE}</style>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _x(budget: float) -> float:
    low, high = math.log(BUDGETS[0]), math.log(BUDGETS[-1])
    return _LEFT + (_RIGHT - _LEFT) * (math.log(budget) - low) / (high - low)


def _y(recall: float, most: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * recall / most


def _most(results: Sequence[DayResult]) -> float:
    """The top of the scale: the next tenth above everything drawn."""
    highest = max(max(mean_recall(results, rule).of_all) for rule in _COLOURS)
    return max(math.ceil(highest * 10 + 0.2) / 10, 0.1)


def _text(x: float, y: float, text: str, style: str = "small", *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'


def _frame(results: Sequence[DayResult]) -> Iterator[str]:
    gaps = sorted(each.gap_days for each in results)
    days = f"{len(results)} days" if len(results) > 1 else "one day"
    gap = f"{gaps[0]}" if gaps[0] == gaps[-1] else f"{gaps[0]} to {gaps[-1]}"
    yield _text(_LEFT - 40, 38, "Complaints foreseen, by how much of the number plan is flagged", "title")
    yield _text(
        _LEFT - 40,
        62,
        f"Mean over {days} of complaints, each scored by earlier days alone (the newest {gap} days before).",
    )
    honest = honest_of(results)
    if honest is not None:
        yield _text(_LEFT - 40, 82, sentences(honest)[0])
    most = _most(results)
    for tenth in range(round(most * 10) + 1):
        y = _y(tenth / 10, most)
        yield f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eaecf0"/>'
        yield _text(_LEFT - 10, y + 4, f"{tenth * 10} %", anchor="end")
    for budget in BUDGETS:
        yield _text(_x(budget), _BOTTOM + 22, f"{budget * 100:g} %", anchor="middle")
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 44, "share of the plan flagged", anchor="middle")


def _curves(results: Sequence[DayResult]) -> Iterator[str]:
    most = _most(results)
    for rule, colour in _COLOURS.items():
        values = mean_recall(results, rule).of_all
        points = [(_x(budget), _y(value, most)) for budget, value in zip(BUDGETS, values, strict=True)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        if rule == BLOCKS:
            area = f"{_x(BUDGETS[0]):.1f},{_BOTTOM} {line} {_x(BUDGETS[-1]):.1f},{_BOTTOM}"
            yield f'<polygon points="{area}" fill="{colour}" opacity="0.08"/>'
        yield (
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="3" '
            'stroke-linejoin="round"/>'
        )
        for (x, y), value in zip(points, values, strict=True):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
            if rule == BLOCKS:
                yield _text(x, y - 11, f"{value:.0%}", anchor="middle")
        yield (
            f'<text x="{_RIGHT + 14}" y="{points[-1][1] + (4 if rule != PLAIN else 14):.1f}" class="line" '
            f'style="fill:{colour}">{escape(rule)}</text>'
        )


def _levels(results: Sequence[DayResult]) -> Iterator[str]:
    yield _text(
        _LEFT - 40,
        _BOTTOM + 84,
        f"Of those foreseen at {DECIDING_BUDGET:.1%}, the narrowest level at which something was known:",
    )
    x, width = float(_LEFT - 40), WIDTH - 2 * (_LEFT - 40)
    for place, (level, share) in enumerate(mean_decided_by(results).items()):
        if share == 0:
            continue
        yield (
            f'<rect x="{x:.1f}" y="{_BOTTOM + 98}" width="{share * width:.1f}" height="26" '
            f'fill="{_LEVEL_COLOURS[place]}"/>'
        )
        if share >= 0.04:
            yield _text(x + share * width / 2, _BOTTOM + 142, f"{level} {share:.0%}", anchor="middle")
        x += share * width
