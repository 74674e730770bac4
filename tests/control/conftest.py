from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from gateway.control.people import passwords
from tests.record_on_both import record, record_location

__all__ = ["record", "record_location"]


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id that takes no time where no node is asked: nobody tries to guess what these tests store."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
