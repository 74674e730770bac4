"""Files that lost much of what they hold from one generation to the next: usually a copy that went wrong.

Too much is more than a tenth of the entries, and more than two: a list of three may lose one. A file that
was cut off between two tables is good TOML, and an empty policy.toml is all defaults.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Final

from gateway.generation.allocation_file import ALLOCATION_FILE
from gateway.generation.brands_file import BRANDS_FILE
from gateway.generation.dno_file import DNO_FILE
from gateway.generation.generation import PolicyPart
from gateway.generation.honeypots_file import HONEYPOTS_FILE
from gateway.generation.inventory_file import INVENTORY_FILE
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.problem import Problem
from gateway.generation.trunks_file import TRUNKS_FILE

MOST_LOST_SHARE: Final = 0.1
MOST_LOST: Final = 2
"""Entries that any file may lose: short ones are kept by hand."""


def shrunk_lists(before: PolicyPart, after: PolicyPart) -> list[Problem]:
    """A problem for each list of which `after` has too few entries."""
    return [
        _problem(name, f"has {found} entries where the list in force has {there}")
        for name, there, found in (
            (TRUNKS_FILE, len(before.trunks), len(after.trunks)),
            (INVENTORY_FILE, len(before.inventory), len(after.inventory)),
            (DNO_FILE, len(before.verdict.dno_entries), len(after.verdict.dno_entries)),
            (BRANDS_FILE, len(before.verdict.brands), len(after.verdict.brands)),
            (HONEYPOTS_FILE, len(before.verdict.honeypots), len(after.verdict.honeypots)),
            (ALLOCATION_FILE, len(before.verdict.allocations), len(after.verdict.allocations)),
        )
        if _is_too_few(there, found)
    ]


def shrunk_policy(before: bytes, after: bytes) -> list[Problem]:
    """A problem where policy.toml sets too few of the keys that it set; both must be good TOML."""
    there, found = (_keys(tomllib.loads(text.decode())) for text in (before, after))
    if not _is_too_few(there, found):
        return []
    return [_problem(POLICY_FILE, f"sets {found} keys where the one in force sets {there}")]


def _keys(table: Mapping[str, object]) -> int:
    return sum(_keys(value) if isinstance(value, dict) else 1 for value in table.values())


def _is_too_few(there: int, found: int) -> bool:
    return there - found > max(MOST_LOST, there * MOST_LOST_SHARE)


def _problem(file: str, counted: str) -> Problem:
    return Problem(
        file,
        None,
        "",
        f"{counted}: more than a tenth of them are gone",
        "if that is meant, `callmark reload --accept-shrink`",
    )
