from __future__ import annotations

import asyncio

import pytest

from gateway.fetch.shared import SharedPem
from gateway.knowledge.keys import chain_key
from gateway.knowledge.shared_chains import LARGEST_CHAIN, StoredChains

X5U = "https://certificates.example.org/a.pem"
PEM = b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"


@pytest.fixture
def chains(store):
    return StoredChains(store)


async def test_a_chain_comes_back_with_what_is_left_of_its_life(chains, valkey):
    await chains.put(X5U, SharedPem(PEM, 600))
    found = await chains.get(X5U)
    assert found is not None
    assert found.body == PEM
    assert 598 <= found.fresh_seconds <= 600
    assert await chains.get(X5U + "x") is None
    assert chains.dropped == 0


async def test_no_chain_is_kept_for_ever_nor_one_that_is_over_or_too_large(chains, valkey):
    await chains.put(X5U, SharedPem(PEM, 10**9))
    assert valkey.client().ttl(chain_key(X5U)[0]) <= 86_400
    await chains.put("over", SharedPem(PEM, 0))
    await chains.put("large", SharedPem(PEM + b"x" * LARGEST_CHAIN, 600))
    assert valkey.client().dbsize() == 1


@pytest.mark.parametrize("value", [b"garbage", b"x" * 10_000_000, b"\x80\x04", PEM + b"x" * LARGEST_CHAIN])
async def test_a_poisoned_chain_is_dropped_and_counted(chains, valkey, value):
    valkey.client().set(chain_key(X5U)[0], value, ex=60)
    assert await chains.get(X5U) is None
    assert chains.dropped == 1


async def test_a_chain_without_an_end_is_not_believed(chains, valkey):
    valkey.client().set(chain_key(X5U)[0], PEM)
    assert await chains.get(X5U) is None


async def test_a_key_of_another_type_is_no_outage(chains, valkey, store):
    valkey.client().rpush(chain_key(X5U)[0], "x")
    assert await chains.get(X5U) is None
    assert store.health.answering


async def test_a_stopped_or_killed_server_costs_a_moment_once(chains, valkey, store):
    valkey.pause()
    async with asyncio.timeout(30):  # redis-py would wait for 59 s
        assert await asyncio.gather(*(chains.get(X5U) for _ in range(100))) == [None] * 100
        await chains.put(X5U, SharedPem(PEM, 60))
    valkey.kill()
    assert await chains.get(X5U) is None
