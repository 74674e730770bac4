"""What the figures are to be: at least, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a figure; `least` says whether more is better."""

    bound: float
    aim: float
    least: bool = True

    def is_met(self, value: float) -> bool:
        """Whether the bound, not the aim, is kept."""
        return value >= self.bound if self.least else value <= self.bound

    @property
    def sign(self) -> str:
        return "≥" if self.least else "≤"

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}, aim {self.aim:g}"


RATIOS = {
    "verify_vs_secsipidx": Target(1.7, 2.5),
    "verify_vs_openssl": Target(0.30, 0.5),
    "sign_vs_secsipidx": Target(1.0, 1.3),
    "cpu_per_call_2_vs_1": Target(1.05, 1.0, least=False),
    "hostile_vs_genuine": Target(1.0, 0.3, least=False),
}
LATENCY_MS = {"p50": Target(2, 1, least=False), "p99": Target(10, 3, least=False)}


def spread(figures: dict[str, Any], name: str) -> tuple[float, float]:
    """Lowest and highest of the rounds; the value itself where there are none."""
    low, high = figures["ratios_lowest_highest"].get(name, [figures["ratios"][name]] * 2)
    return low, high
