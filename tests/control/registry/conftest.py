from __future__ import annotations

import pytest

from tests.control.registry.people import People


@pytest.fixture
def people(record):
    return People(record)
