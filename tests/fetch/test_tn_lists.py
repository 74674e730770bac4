"""TNAuthLists that certificates keep elsewhere: fetched with the chain, kept with it, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography import x509

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.tnauthlist import render_tn_auth_list
from gateway.fetch.chains import Answer, ChainCache
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.reasons import TNAUTHLIST_INVALID, TNAUTHLIST_PENDING
from tests import pki
from tests.certificates.extensions import PROVIDER, ROOT, TRUST, listed, tn_list_at, trust_in
from tests.pki import NOW
from tests.repository import Repository

NUMBERS = listed("12155550100+10")
DER = render_tn_auth_list(NUMBERS)


@dataclass
class Gateway:
    host: Repository
    cache: ChainCache

    def publish(self, *paths: str) -> None:
        """A delegate whose list is at these paths, the preferred one first."""
        at = tn_list_at(*(self.host.url(path) for path in paths))
        leaf = pki.make_leaf(PROVIDER, without=[x509.UnrecognizedExtension], extra=[at])
        self.host.serve("/leaf.pem", leaf.pem + PROVIDER.pem)

    async def get(self, trust=TRUST) -> Answer:
        deadline = asyncio.get_running_loop().time() + 5
        return await self.cache.get(self.host.url("/leaf.pem"), deadline=deadline, now=NOW, trust=trust)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Repository() as host:
        fetcher = CertificateFetcher(FetchPolicy(host.x5u_policy, host.ca_file, 1_000))
        made = Gateway(host, ChainCache(fetcher, clock=lambda: NOW))
        yield made
        await made.cache.close()


async def test_the_list_is_fetched_once_and_kept_with_its_certificate(gateway: Gateway):
    gateway.publish("/numbers")
    gateway.host.serve("/numbers", DER, content_type="application/tnauthlist")
    for trust in (TRUST, TRUST, trust_in(ROOT, pki.make_root("Another ROOT"))):
        answer = await gateway.get(trust)
        assert isinstance(answer, ValidatedChain)
        assert answer.tn_auth_list == NUMBERS
    assert (gateway.host.requests["/numbers"], gateway.host.requests["/leaf.pem"]) == (1, 1)


async def test_an_alternative_is_asked_where_the_preferred_address_serves_nothing_usable(gateway: Gateway):
    gateway.publish("/gone", "/garbage", "/numbers")
    gateway.host.serve("/garbage", b"garbage")
    gateway.host.serve("/numbers", DER)
    assert isinstance(await gateway.get(), ValidatedChain)


@pytest.mark.parametrize("trouble", ["gone", "garbage", "long", "hang", "forbidden"])
async def test_without_its_list_a_certificate_waits_and_is_not_asked_for_with_every_call(
    gateway: Gateway, trouble: str
):
    gateway.publish("/numbers")
    match trouble:
        case "garbage":
            gateway.host.serve("/numbers", b"\x30\x82")
        case "long":
            gateway.host.serve("/numbers", DER, length=2_000_000)
        case "hang":
            gateway.host.hang("/numbers")
        case "forbidden":
            at = tn_list_at(f"https://127.0.0.1:{gateway.host.port + 1}/numbers")
            leaf = pki.make_leaf(PROVIDER, without=[x509.UnrecognizedExtension], extra=[at])
            gateway.host.serve("/leaf.pem", leaf.pem + PROVIDER.pem)
    for _ in range(3):
        answer = await gateway.get()
        assert isinstance(answer, Refusal)
        assert answer.findings[0].reason is TNAUTHLIST_PENDING
    assert gateway.host.requests["/leaf.pem"] == 1


async def test_a_list_elsewhere_that_names_a_provider_is_refused(gateway: Gateway):
    gateway.publish("/numbers")
    gateway.host.serve("/numbers", render_tn_auth_list(listed("818H")))
    answer = await gateway.get()
    assert isinstance(answer, Refusal)
    assert answer.findings[0].reason is TNAUTHLIST_INVALID
