"""The history of this node's generations: noted in the record as each comes into force, and read there.

The bundles lie on the node's disk, so each node has a history of its own; `generations/node` names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import structlog

from gateway.control.reloading.reloaded import Reloaded
from gateway.generations import write_whole
from gateway.record import Record, RecordError
from gateway.record.generations import (
    Cause,
    GenerationRow,
    find_generation,
    insert_generation,
    read_generations,
)

_log = structlog.get_logger("callmark.control")


class History:
    """One per control process."""

    def __init__(self, record: Record, data_directory: Path) -> None:
        self._record = record
        self._file = data_directory / "generations" / "node"
        self._node: str | None = None

    async def note(
        self, result: Reloaded, *, policy: str, at: int, actor: str, cause: Cause, why: str = ""
    ) -> None:
        """Note what is in force now, where it is not noted yet; `policy` is its policy part's digest.

        A record that cannot be used costs the row and no more: what the workers confirmed is in force.
        """
        effect = result.effect
        row = GenerationRow(
            node=self.node(),
            number=result.number,
            digest=result.digest,
            policy=policy,
            at=at,
            actor=actor,
            cause=cause,
            why=why,
            differences=[asdict(each) for each in result.differences],
            effect=None
            if effect is None
            else {
                "calls": effect.calls,
                "changed": effect.changed,
                "newly_blocked": effect.newly_blocked,
            },
        )
        try:
            async with self._record.write() as transaction:
                if await find_generation(transaction, row.node, row.number) is None:
                    await insert_generation(transaction, row)
        except RecordError as error:
            _log.error("a generation without its row", generation=result.number, problem=str(error))

    async def find(self, number: int) -> GenerationRow | None:
        """The generation of this number. Raises RecordError."""
        async with self._record.read() as transaction:
            return await find_generation(transaction, self.node(), number)

    async def newest(self, *, before: int | None = None, limit: int = 50) -> Sequence[GenerationRow]:
        """The latest generations, newest first. Raises RecordError."""
        async with self._record.read() as transaction:
            return await read_generations(transaction, self.node(), before=before, limit=limit)

    def node(self) -> str:
        """Return the id this data directory has had since its first generation."""
        if self._node is None:
            try:
                self._node = self._file.read_text().strip()
            except FileNotFoundError:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._node = secrets.token_hex(8)
                write_whole(self._file, self._node.encode())
        return self._node
