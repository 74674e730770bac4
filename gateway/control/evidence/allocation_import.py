"""Regulators' files into `allocations.csv`: read whole, judged whole, written whole or not at all.

The rows of one source replace its rows of before; those of other sources stay. A list that would take away
half of what was given out, and one that gives nothing to anybody, changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.control.evidence.list_files import (
    ListImportError,
    Progress,
    SetAside,
    read_lines,
    read_list,
    replace_list,
)
from gateway.generation.allocation_file import ALLOCATION_FILE, merged, read_blocks, render_blocks
from gateway.generation.allocation_formats import AllocationFormat, read_allocations
from gateway.generation.csv_file import ProblemList
from gateway.numbers.allocations import Allocations, Block, BlockStatus
from gateway.numbers.canonical import NumberError


@dataclass(slots=True)
class FileReport:
    """What one file held."""

    name: str
    blocks: Counter[BlockStatus] = field(default_factory=Counter)
    aside: SetAside = field(default_factory=SetAside)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationReport:
    """What was written."""

    path: Path
    files: Sequence[FileReport]
    rows: Mapping[str, int]
    """Of the file now, by source."""
    numbers_before: int
    """How many numbers this source had given out before, and has now."""
    numbers_now: int


def import_allocations(
    directory: Path,
    paths: Sequence[Path],
    form: AllocationFormat,
    *,
    accept_shrink: bool,
    progress: Progress,
) -> AllocationReport:
    """Read the regulator's files and write `allocations.csv` anew. Raises ListImportError."""
    target = directory / ALLOCATION_FILE
    kept = _there(target)
    before = _given_out(block for block in kept if block.holding.source == form)
    blocks: list[Block] = []
    reports = [_read_file(path, form, blocks, progress) for path in paths]
    now = _given_out(blocks)
    if not now:
        raise ListImportError("the files give nothing to anybody: every number would be unallocated")
    if now * 2 < before and not accept_shrink:
        raise ListImportError(
            f"the files give out {now:,} numbers, and {target} has {before:,} of {form}: are they all of its "
            "files? --accept-shrink takes them all the same"
        )
    blocks += (block for block in kept if block.holding.source != form)
    try:
        Allocations(blocks)
    except NumberError as error:
        raise ListImportError(f"{error.problem}: one file contradicts another") from None
    replace_list(target, render_blocks(blocks))
    rows = Counter(block.holding.source for block in merged(blocks))
    return AllocationReport(path=target, files=reports, rows=rows, numbers_before=before, numbers_now=now)


def _there(path: Path) -> list[Block]:
    data = read_list(path)
    if not data:
        return []
    problems = ProblemList(str(path))
    blocks = list(read_blocks(data, problems))
    if problems:
        raise ListImportError("\n".join(str(problem) for problem in problems.all()))
    return blocks


def _given_out(blocks: Iterator[Block] | Sequence[Block]) -> int:
    return sum(block.numbers.count for block in blocks if block.holding.status is BlockStatus.ALLOCATED)


def _read_file(path: Path, form: AllocationFormat, blocks: list[Block], progress: Progress) -> FileReport:
    report = FileReport(path.name)
    for found in read_allocations(read_lines(path, progress), form):
        if isinstance(found, Block):
            report.blocks[found.holding.status] += 1
            blocks.append(found)
        else:
            report.aside.add(path, found)
    return report
