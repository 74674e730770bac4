"""Calls that wait for a revocation list: until it came, until it cannot be had, or until their deadline."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from cryptography import x509

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.revocation_state import RevocationPolicy
from gateway.certificates.trust import Trust, build_trust
from gateway.fetch import awaited_lists
from gateway.fetch.awaited_lists import AwaitedLists
from gateway.fetch.chains import Answer, ChainCache
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.reasons import CERTIFICATE_REVOKED, REVOCATION_PENDING, REVOCATION_UNKNOWN
from tests import pki
from tests.pki import CRL_URL, NOW
from tests.repository import Repository

ROOT = pki.make_root()
LEAF = pki.make_leaf(ROOT)
CRL_ISSUER = pki.make_crl_issuer()


def trust_of(*crls: bytes) -> Trust:
    built = build_trust(
        anchors=[("root.pem", ROOT.pem)],
        crl_issuers=[("issuer.pem", CRL_ISSUER.pem)],
        crls=[(str(number), crl) for number, crl in enumerate(crls)],
        revocation=RevocationPolicy(wait_for_missing=True),
    )
    assert isinstance(built, Trust)
    return built


WITHOUT, WITH = trust_of(), trust_of(pki.make_crl(CRL_ISSUER))
REVOKING = trust_of(pki.make_crl(CRL_ISSUER, [LEAF]))


class Worker:
    """A worker's chains, whose questions the test answers."""

    def __init__(self, host: Repository) -> None:
        self.host = host
        self.asked: list[tuple[str, str]] = []
        self.question = asyncio.Event()
        self.awaited = AwaitedLists(self._ask, WITHOUT)
        fetcher = CertificateFetcher(FetchPolicy(host.x5u_policy, host.ca_file, 2_000))
        self.cache = ChainCache(fetcher, clock=lambda: NOW, awaited=self.awaited)

    def _ask(self, url: str, issuer: str) -> None:
        self.asked.append((url, issuer))
        self.question.set()

    async def get(self, *, trust: Trust = WITHOUT, within: float = 5.0) -> Answer:
        deadline = asyncio.get_running_loop().time() + within
        url = self.host.url("/leaf.pem")
        return await self.cache.get(url, deadline=deadline, now=NOW, trust=trust)

    def peek(self, trust: Trust) -> ValidatedChain | None:
        return self.cache.peek(self.host.url("/leaf.pem"), NOW, trust)

    async def waiting(self, **how) -> asyncio.Task[Answer]:
        """A call that has come to the point where it asks for the list."""
        call = asyncio.create_task(self.get(**how))
        await asyncio.wait_for(self.question.wait(), 60)
        return call


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    async with Repository() as host:
        host.serve("/leaf.pem", LEAF.pem)
        made = Worker(host)
        yield made
        await made.cache.close()


def reason(answer: Answer) -> object:
    assert isinstance(answer, Refusal)
    return answer.findings[0].reason


async def test_the_question_names_the_list_and_who_may_sign_it(worker: Worker) -> None:
    call = await worker.waiting()
    [(url, issuer)] = worker.asked
    assert url == CRL_URL
    assert x509.load_der_x509_certificate(base64.b64decode(issuer)) == ROOT.certificate
    worker.awaited.was_looked_for(CRL_URL)
    await call


async def test_a_call_goes_on_with_the_trust_that_has_the_list(worker: Worker) -> None:
    call = await worker.waiting()
    worker.awaited.adopt(WITH)
    answer = await call
    assert isinstance(answer, ValidatedChain)
    assert (answer.trust_digest, answer.warnings) == (WITH.digest, ())
    assert worker.peek(WITH) is answer


async def test_a_call_hears_that_the_list_revokes_its_certificate(worker: Worker) -> None:
    call = await worker.waiting()
    worker.awaited.adopt(REVOKING)
    worker.awaited.was_looked_for(CRL_URL)
    assert reason(await call) is CERTIFICATE_REVOKED


async def test_what_cannot_be_had_is_gone_without_at_once_and_by_every_later_call(worker: Worker) -> None:
    call = await worker.waiting()
    worker.awaited.was_looked_for(CRL_URL)
    answer = await call
    assert isinstance(answer, ValidatedChain)
    assert {warning.reason for warning in answer.warnings} == {REVOCATION_UNKNOWN}
    assert worker.peek(WITHOUT) is answer
    assert len(worker.asked) == 1


async def test_past_the_deadline_a_call_is_pending_and_the_certificate_is_not_fetched_again(
    worker: Worker, monkeypatch
) -> None:
    monkeypatch.setattr(awaited_lists, "AGAIN_SECONDS", 3_600.0)
    call = await worker.waiting(within=0.2)
    for answer in (await call, await worker.get(within=0.2)):
        assert reason(answer) is REVOCATION_PENDING
    assert worker.host.requests["/leaf.pem"] == 1
    assert len(worker.asked) == 1
    assert worker.peek(WITHOUT) is None


async def test_a_question_that_nobody_heard_is_asked_again(worker: Worker, monkeypatch) -> None:
    monkeypatch.setattr(awaited_lists, "AGAIN_SECONDS", 0.0)
    (await worker.waiting()).cancel()
    for _ in range(2):
        assert reason(await worker.get(within=0.1)) is REVOCATION_PENDING
    assert len(worker.asked) == 3


async def test_many_calls_that_wait_ask_once(worker: Worker) -> None:
    first = await worker.waiting()
    calls = [first, *(asyncio.create_task(worker.get()) for _ in range(20))]
    await asyncio.sleep(0.05)
    worker.awaited.adopt(WITH)
    assert {type(answer) for answer in await asyncio.gather(*calls)} == {ValidatedChain}
    assert len(worker.asked) == 1


async def test_a_call_of_an_older_generation_is_not_let_through_for_what_a_newer_trust_knows(
    worker: Worker,
) -> None:
    worker.awaited.adopt(REVOKING)
    worker.awaited.was_looked_for(CRL_URL)
    assert reason(await worker.get(trust=WITHOUT)) is CERTIFICATE_REVOKED


async def test_what_is_gone_without_is_asked_for_again_from_time_to_time(worker: Worker, monkeypatch) -> None:
    monkeypatch.setattr(awaited_lists, "REMIND_SECONDS", 0.01)
    monkeypatch.setattr(awaited_lists, "AGAIN_SECONDS", 0.0)
    call = await worker.waiting()
    worker.awaited.was_looked_for(CRL_URL)
    await call
    worker.question.clear()
    reminding = asyncio.create_task(worker.awaited.keep_reminding())
    await asyncio.wait_for(worker.question.wait(), 60)
    reminding.cancel()
    assert {url for url, _ in worker.asked} == {CRL_URL}


def test_what_is_remembered_is_bounded() -> None:
    async def remember() -> int:
        awaited = AwaitedLists(lambda _url, _issuer: None, WITHOUT)
        for number in range(awaited_lists.MOST_REMEMBERED + 10):
            awaited.was_looked_for(f"https://crl.example.org/{number}")
        return len(awaited.looked_for)

    assert asyncio.run(remember()) == awaited_lists.MOST_REMEMBERED
