"""A process that registers numbers until it is killed, and says so after each: `… LOCATION FIRST`.

For `test_kill.py`; each registration is claimed and proven, which takes three transactions.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.record import open_record
from tests.control.registry.people import People


async def main(where: str, first: int) -> None:
    record = await open_record(where if where.startswith("postgresql") else Path(where))
    people = People(record)
    owner = await people.owner()
    for number in range(first, first + 10_000):
        made = await people.claim(owner, f"+4420794{number:05d}")
        sys.stdout.write(f"claimed {made}\n")
        sys.stdout.flush()
        await people.prove_by_letter(made)
        sys.stdout.write(f"verified {made}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
