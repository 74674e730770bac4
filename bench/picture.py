"""A run's figures as a picture: each ratio against what is wanted of it, CPU a call, latency. SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from bench.targets import LATENCY_MS, RATIOS, spread

WIDTH: Final = 900
_INK, _GREY, _RULE = "#1d2939", "#667085", "#eaecf0"
_OWN, _OTHER, _WANTED = "#0f6e6e", "#98a2b3", "#b54708"
_PARTS: Final = {"server": _OWN, "valkey": "#4b9797", "control": "#79b3b2", "supervisor": "#a5cccb"}
_STYLE: Final = (
    "text{font-family:'Inter','Helvetica Neue',Arial,sans-serif;font-size:13px;fill:#1d2939}"
    ".small{font-size:12px;fill:#667085}.title{font-size:20px;font-weight:600}.head{font-size:15px;font-weight:600}"
)
_WORDS: Final = {
    "verify_vs_secsipidx": "verification ÷ secsipidx",
    "verify_vs_openssl": "verification ÷ openssl speed",
    "sign_vs_secsipidx": "signing ÷ secsipidx",
    "cpu_per_call_2_vs_1": "CPU a call, 2 workers ÷ 1",
    "hostile_vs_genuine": "dearest hostile token ÷ genuine",
}
_LEFT, _RIGHT = 250, 760


def picture(figures: dict[str, Any]) -> str:
    """Draw the document that `bench/report.py` makes."""
    parts = [
        _text(30, 40, "How fast Callmark is, on one core", "title"),
        _text(30, 62, _setting(figures), "small"),
        *_ratios(figures, top=100),
        *_cost(figures, top=330),
        *_latency(figures, top=560),
    ]
    height = 850
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Ratios, CPU a call and latency of one run of make bench">\n<style>{_STYLE}</style>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _setting(figures: dict[str, Any]) -> str:
    machine, setting = figures["environment"], figures["setting"]
    size = f"{setting['rounds']} rounds of {setting['requests_a_round']:,} requests"
    where = f"{machine['cores']} cores ({machine['cpu']}), Python {machine['python']}"
    return f"{where}; {size}, {figures['made'][:10]}. Everything on, each answer checked."


def _text(x: float, y: float, text: str, style: str = "", *, anchor: str = "start") -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named} text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def _bar(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="18" rx="2" fill="{colour}"/>'


def _ratios(figures: dict[str, Any], *, top: int) -> Iterator[str]:
    """Each as part of what is wanted of it, so that one line says for all whether it is reached."""
    named = {name: value for name, value in figures["ratios"].items() if name in RATIOS}
    yield _text(30, top, "Ratios within the run, as part of what is wanted", "head")
    most = 2.0
    unit = (_RIGHT - _LEFT) / most
    bottom = top + 20 + 34 * len(named)
    for place, (name, value) in enumerate(named.items()):
        target, y = RATIOS[name], top + 20 + 34 * place

        def part(each: float, target: Any = target) -> float:  # noqa: ANN401 - a Target
            share = each / target.bound if target.least else target.bound / each
            return _LEFT + unit * min(share, most)

        low, high = sorted(part(each) for each in spread(figures, name))
        yield _text(_LEFT - 12, y + 14, _WORDS[name], anchor="end")
        yield _bar(_LEFT, y, part(value) - _LEFT, _OWN if target.is_met(value) else _OTHER)
        yield _line(low, y + 9, high, y + 9, _INK)
        yield from (_line(each, y + 5, each, y + 13, _INK) for each in (low, high))
        yield f'<circle cx="{part(target.aim):.1f}" cy="{y + 9}" r="4" fill="none" stroke="{_WANTED}"/>'
        yield _text(_RIGHT + 14, y + 14, f"{value:.2f}  ({target})", "small")
    yield _line(_LEFT + unit, top + 12, _LEFT + unit, bottom, _WANTED, dashed=True)
    yield _text(_LEFT + unit, bottom + 14, "wanted (circle: aimed at)", "small", anchor="middle")


def _cost(figures: dict[str, Any], *, top: int) -> Iterator[str]:
    yield _text(30, top, "CPU microseconds a call", "head")
    costs = {name: cost for name, cost in figures["cpu_us_per_call"].items() if "two" not in name}
    most = max(sum(cost.values()) for cost in costs.values())
    unit = (_RIGHT - _LEFT) / most
    for place, (name, cost) in enumerate(costs.items()):
        x, y = float(_LEFT), top + 20 + 30 * place
        yield _text(_LEFT - 12, y + 14, name, anchor="end")
        for part, value in cost.items():
            yield _bar(x, y, unit * value, _PARTS[part] if len(cost) > 1 else _OTHER)
            x += unit * value
        yield _text(x + 10, y + 14, f"{sum(cost.values()):.0f}", "small")
    y = top + 20 + 30 * len(costs) + 6
    for place, (part, colour) in enumerate({**_PARTS, "secsipidx": _OTHER}.items()):
        words = "worker" if part == "server" else part
        yield f'<rect x="{_LEFT + 105 * place}" y="{y}" width="11" height="11" fill="{colour}"/>'
        yield _text(_LEFT + 105 * place + 17, y + 10, words, "small")


def _latency(figures: dict[str, Any], *, top: int) -> Iterator[str]:
    """Percentiles by their nines, milliseconds by their tens."""
    latency = figures["latency_ms"]
    head = f"Latency of a verdict at half of capacity ({latency['calls_per_second']:,} a second, open loop)"
    yield _text(30, top, head, "head")
    bottom = top + 240
    lowest, highest = 0.1, 100.0

    def x(share: float) -> float:
        return _LEFT - 160 + (_RIGHT - _LEFT + 160) * -math.log10(1 - share) / 4

    def y(milliseconds: float) -> float:
        kept = min(max(milliseconds, lowest), highest)
        return bottom - (bottom - top - 24) * math.log10(kept / lowest) / math.log10(highest / lowest)

    for each in (0.1, 1.0, 10.0, 100.0):
        yield _line(x(0), y(each), _RIGHT, y(each), _RULE)
        yield _text(x(0) - 10, y(each) + 4, f"{each:g} ms", "small", anchor="end")
    for share, words in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")):
        yield _text(x(share), bottom + 20, words, "small", anchor="middle")
    points = [(x(share), y(value)) for share, value in latency["curve"]]
    line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
    yield f'<polyline points="{line}" fill="none" stroke="{_OWN}" stroke-width="3" stroke-linejoin="round"/>'
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        target = LATENCY_MS[name]
        yield f'<circle cx="{x(share):.1f}" cy="{y(latency[name]):.1f}" r="5" fill="{_OWN}"/>'
        yield _text(x(share) + 10, y(latency[name]) + 18, f"{latency[name]:g} ms")
        yield _line(x(share) - 14, y(target.bound), x(share) + 14, y(target.bound), _WANTED)
        yield _text(x(share) + 18, y(target.bound) + 4, f"at most {target.bound:g} ms", "small")
