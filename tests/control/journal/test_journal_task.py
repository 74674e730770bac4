"""While the record is away calls are seen all the same, and afterwards nothing was learnt twice."""

from __future__ import annotations

import asyncio

import pytest

from gateway import telemetry
from gateway.control.journal import journal_task
from gateway.control.journal.call_lines import CallLines
from gateway.control.journal.journal_task import follow_journal, see_journal
from gateway.journal import JournalWriter
from gateway.record import RecordError
from tests.control.journal.test_call_lines import RECORD


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(journal_task, "READ_SECONDS", 0.01)


class Step:
    """Takes entries, or refuses them while the record is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.took: list[object] = []
        self.refused = 0

    async def __call__(self, entries) -> None:
        if self.is_away:
            self.refused += 1
            raise RecordError("away")
        self.took += entries


async def until(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.01)


async def test_a_step_that_the_record_refuses_is_repeated_alone_and_lines_do_not_wait(tmp_path, monkeypatch):
    lines: list[bytes] = []
    monkeypatch.setattr(telemetry.WRITER, "msg", lines.append)
    writing = CallLines()

    async def see(entries) -> None:
        writing.take(entries)

    before, refusing, after = Step(), Step(), Step()
    refusing.is_away = True
    writer = JournalWriter(tmp_path, slot="1")
    reading = [
        asyncio.create_task(see_journal(tmp_path, see)),
        asyncio.create_task(follow_journal(tmp_path, (before, refusing, after))),
    ]
    assert writer.keep(RECORD)
    await until(lambda: refusing.refused > 2)
    assert writer.keep(RECORD)
    await until(lambda: len(lines) == 2)
    assert (len(before.took), refusing.took, after.took) == (1, [], [])
    refusing.is_away = False
    await until(lambda: len(after.took) == 2)
    assert (len(before.took), len(refusing.took), len(lines)) == (2, 2, 2)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    writer.close()
