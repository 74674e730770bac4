from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.knowledge import cluster_store, shared_chains
from gateway.knowledge import connect as connecting
from gateway.knowledge import store as one_store
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import ReputationLoader
from gateway.knowledge.store import Store
from tests.valkey import Valkey, running_valkey


@pytest.fixture(autouse=True)
def _busy_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that runs has time to answer on a busy machine too; one that is stopped never does."""
    for each in (one_store, cluster_store):
        monkeypatch.setattr(each, "BATCH_SECONDS", 0.5)
    monkeypatch.setattr(shared_chains, "WITHIN_SECONDS", 0.5)
    monkeypatch.setattr(connecting, "SENTINEL_SECONDS", 2.0)


@pytest.fixture(scope="module")
def one_valkey() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture
def valkey(one_valkey: Valkey) -> Valkey:
    """A running, empty server without functions; a test may pause, kill or poison it."""
    one_valkey.kill()
    one_valkey.start()
    return one_valkey


@pytest.fixture
async def store(valkey: Valkey) -> AsyncIterator[Store]:
    async with Store(connect(valkey.url)) as opened:
        yield opened


@pytest.fixture
async def knowledge(store: Store) -> AsyncIterator[Knowledge]:
    asked = Knowledge(store)
    yield asked
    await asked.close()


@pytest.fixture
async def loader(valkey: Valkey) -> AsyncIterator[ReputationLoader]:
    connected = connect(valkey.url, patience=FOR_LOADING)
    yield ReputationLoader(connected)
    await connected.aclose()
