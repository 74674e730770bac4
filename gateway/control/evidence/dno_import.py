"""Do-not-originate feeds into `dno.csv`: read whole, judged whole, written whole or not at all.

The rows of one source replace its rows of before; the others, and every comment, stay as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
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
from gateway.generation.csv_file import ProblemList, read_rows
from gateway.generation.dno_file import DNO_FILE, HEADER, read_dno
from gateway.generation.dno_formats import DnoListing, DnoReading, read_dno_feed
from gateway.numbers.ranges import NumberRange


@dataclass(slots=True)
class DnoReport:
    """What was written, and what was not."""

    path: Path
    taken: int = 0
    merged: int = 0
    """Lines that name what another line named already."""
    before: int = 0
    """Rows of this source that were replaced."""
    aside: SetAside = field(default_factory=SetAside)


def import_dno(
    directory: Path,
    path: Path,
    reading: DnoReading,
    *,
    source: str,
    expires: str,
    accept_shrink: bool,
    progress: Progress,
) -> DnoReport:
    """Read the feed and write `dno.csv` anew; `expires` is for lines that name no day.

    Raises ListImportError.
    """
    target = directory / DNO_FILE
    kept, before = _kept(target, source)
    report = DnoReport(target, before=before)
    listings: dict[NumberRange, DnoListing] = {}
    for found in read_dno_feed(read_lines(path, progress), reading):
        if isinstance(found, DnoListing):
            report.merged += found.numbers in listings
            listings.setdefault(found.numbers, found)
        else:
            report.aside.add(path, found)
    report.taken = len(listings)
    if report.taken * 2 < before and not accept_shrink:
        raise ListImportError(
            f"the list has {report.taken} entries, and {target} has {before} of {source}: is it whole? "
            "--accept-shrink takes it all the same"
        )
    data = kept + _rendered(list(listings.values()), source, expires)
    judged = read_dno(data)
    if isinstance(judged, list):
        raise ListImportError("\n".join(str(problem) for problem in judged))
    replace_list(target, data)
    return report


def _kept(target: Path, source: str) -> tuple[bytes, int]:
    """The file without this source's rows, and how many those are."""
    data = read_list(target) or f"{','.join(HEADER)}\n".encode()
    problems = ProblemList(str(target))
    own = {
        line for line, cells in read_rows(data, HEADER, problems) if cells[HEADER.index("source")] == source
    }
    if problems:
        raise ListImportError("\n".join(str(problem) for problem in problems.all()))
    lines = data.splitlines(keepends=True)
    return b"".join(line for number, line in enumerate(lines, 1) if number not in own), len(own)


def _rendered(listings: Sequence[DnoListing], source: str, expires: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for each in listings:
        numbers = f"+{each.numbers.start}" + (f"/{each.numbers.count}" if each.numbers.count > 1 else "")
        writer.writerow((numbers, each.label, source, each.note, each.expires or expires))
    return out.getvalue().encode()
