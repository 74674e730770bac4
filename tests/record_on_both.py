"""The record on both of its databases: a test that asks for `record` runs once on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.record import Record, open_record, record_path
from tests.postgresql import Postgresql, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """One server for all tests of the session."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def record_location(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a test may keep a record: an empty place on each database in turn."""
    if request.param == "sqlite":
        return record_path(tmp_path)
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
async def record(record_location: Path | str) -> AsyncIterator[Record]:
    """An open, empty record."""
    opened = await open_record(record_location)
    yield opened
    await opened.close()
