"""`python -m bench.starts`: what the facts cost a control process at its start.

Makes a record of that many registered numbers, has a first process project all of them, ends it in order, and
starts it again, which finds the facts it left. CPU time of opening the file and of following the record.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench.cases.volume import register
from gateway.control.facts import FactsFollower
from gateway.facts import facts_path
from gateway.facts.projection import Projection
from gateway.record import Record, open_record, record_path
from gateway.record.outbox import ChangeKind, announce_change


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.starts", description=__doc__)
    parser.add_argument("--numbers", type=int, default=200_000)
    count = parser.parse_args().numbers
    with tempfile.TemporaryDirectory() as directory:
        anew, kept, closing = asyncio.run(_measure(Path(directory), count))
    print(
        f"{count:,} registrations: made anew {anew:.2f} s of CPU, kept {kept:.2f} s, closing {closing:.2f} s"
    )
    return 0


async def _measure(data: Path, count: int) -> tuple[float, float, float]:
    await register(data, count)
    record = await open_record(record_path(data))
    try:
        async with record.write() as transaction:
            # As the last of the commands would have that the registrations came by.
            await announce_change(
                transaction, ChangeKind.REGISTRATION, subject_id=count, now=int(time.time())
            )
        anew, _ = await _start(record, facts_path(data))
        kept, closing = await _start(record, facts_path(data))
    finally:
        await record.close()
    return anew, kept, closing


async def _start(record: Record, path: Path) -> tuple[float, float]:
    """CPU seconds of a start, and of the end after it."""
    began = time.process_time()
    projection = Projection(path)
    await FactsFollower(record, projection).follow(now=int(time.time()))
    started = time.process_time()
    projection.close()
    return started - began, time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
