"""Lists that lost many of their entries from one generation to the next: usually a copy that went wrong.

Too many are more than a tenth, and more than two: a list of three may lose one.
"""

from __future__ import annotations

from typing import Final

from gateway.generation.allocation_file import ALLOCATION_FILE
from gateway.generation.brands_file import BRANDS_FILE
from gateway.generation.dno_file import DNO_FILE
from gateway.generation.generation import PolicyPart
from gateway.generation.honeypots_file import HONEYPOTS_FILE
from gateway.generation.inventory_file import INVENTORY_FILE
from gateway.generation.problem import Problem

MOST_LOST_SHARE: Final = 0.1
MOST_LOST: Final = 2
"""Entries that any list may lose: short ones are kept by hand."""


def shrunk_lists(before: PolicyPart, after: PolicyPart) -> list[Problem]:
    """A problem for each list of which `after` has too few entries."""
    return [
        Problem(
            name,
            None,
            "",
            f"has {found} entries where the list in force has {there}: more than a tenth of them are gone",
            "if that is meant, `callmark reload --accept-shrink`",
        )
        for name, there, found in (
            (INVENTORY_FILE, len(before.inventory), len(after.inventory)),
            (DNO_FILE, len(before.verdict.dno_entries), len(after.verdict.dno_entries)),
            (BRANDS_FILE, len(before.verdict.brands), len(after.verdict.brands)),
            (HONEYPOTS_FILE, len(before.verdict.honeypots), len(after.verdict.honeypots)),
            (ALLOCATION_FILE, len(before.verdict.allocations), len(after.verdict.allocations)),
        )
        if there - found > max(MOST_LOST, there * MOST_LOST_SHARE)
    ]
