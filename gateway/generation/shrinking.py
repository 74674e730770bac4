"""Lists that lost half of their entries from one generation to the next: usually a copy that went wrong."""

from __future__ import annotations

from typing import Final

from gateway.generation.allocation_file import ALLOCATION_FILE
from gateway.generation.brands_file import BRANDS_FILE
from gateway.generation.dno_file import DNO_FILE
from gateway.generation.generation import PolicyPart
from gateway.generation.inventory_file import INVENTORY_FILE
from gateway.generation.problem import Problem

FEWEST: Final = 20
"""Entries below which a list may change as it likes: it is kept by hand."""


def shrunk_lists(before: PolicyPart, after: PolicyPart) -> list[Problem]:
    """A problem for each list of which `after` has less than half of the entries."""
    return [
        Problem(
            name,
            None,
            "",
            f"has {found} entries where the list in force has {there}: less than half",
            "if that is meant, `callmark reload --accept-shrink`",
        )
        for name, there, found in (
            (INVENTORY_FILE, len(before.inventory), len(after.inventory)),
            (DNO_FILE, len(before.verdict.dno_entries), len(after.verdict.dno_entries)),
            (BRANDS_FILE, len(before.verdict.brands), len(after.verdict.brands)),
            (ALLOCATION_FILE, len(before.verdict.allocations), len(after.verdict.allocations)),
        )
        if there >= FEWEST and found * 2 < there
    ]
