from __future__ import annotations

import pytest

from gateway.record import open_record, record_path


@pytest.fixture
async def record(tmp_path):
    opened = await open_record(record_path(tmp_path))
    yield opened
    await opened.close()
