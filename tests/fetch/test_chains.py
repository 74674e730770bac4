from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.trust import Trust
from gateway.fetch.chains import LOOK_AGAIN_SECONDS, Answer, ChainCache
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.fetch.freshness import SHORTEST_SECONDS
from gateway.fetch.memory import Chains, Misses
from gateway.fetch.shared import SharedChains, SharedPem
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_UNTRUSTED,
    CREDENTIAL_PENDING,
    CREDENTIAL_UNOBTAINABLE,
    CREDENTIAL_UNREADABLE,
    X5U_WARNING,
    Finding,
)
from tests.fetch.credentials import DAY, NOW, Authority
from tests.repository import Repository

AUTHORITY = Authority()
TRUST = AUTHORITY.trust()


class Gateway:
    """A cache over a real server, with clocks the test turns."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.now = NOW
        self.monotonic = 1_000.0
        self._made: list[ChainCache] = []
        self.cache = self.make()

    def make(
        self,
        shared: SharedChains | None = None,
        *,
        timeout_ms: int = 2_000,
        chains: Chains | None = None,
        misses: Misses | None = None,
    ) -> ChainCache:
        policy = FetchPolicy(self.repository.x5u_policy, self.repository.ca_file, timeout_ms)
        cache = ChainCache(
            CertificateFetcher(policy, monotonic=lambda: self.monotonic),
            clock=lambda: self.now,
            monotonic=lambda: self.monotonic,
            shared=shared,
            chains=chains,
            misses=misses,
        )
        self._made.append(cache)
        return cache

    async def get(self, path: str, *, trust: Trust = TRUST, within: float = 2.0) -> Answer:
        deadline = asyncio.get_running_loop().time() + within
        return await self.cache.get(self.repository.url(path), deadline=deadline, now=self.now, trust=trust)

    def peek(self, path: str, *, trust: Trust = TRUST) -> ValidatedChain | None:
        return self.cache.peek(self.repository.url(path), self.now, trust)

    def pass_time(self, seconds: int) -> None:
        self.now += seconds
        self.monotonic += seconds

    async def settled(self, cache: ChainCache | None = None) -> None:
        """Wait for what goes on behind the calls."""
        cache = cache or self.cache
        while tasks := [*cache._lists, *cache._under_way.values()]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)

    async def close(self) -> None:
        for cache in self._made:
            await cache.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Repository() as repository:
        made = Gateway(repository)
        yield made
        await made.close()


def fingerprint(answer: Answer | None) -> str:
    assert isinstance(answer, ValidatedChain), answer
    return answer.leaf_fingerprint


def reason(answer: Answer) -> object:
    return (
        answer.findings[0].reason
        if isinstance(answer, Refusal)
        else isinstance(answer, Finding) and answer.reason
    )


async def test_second_call_gets_the_same_chain_without_a_second_fetch(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    assert gateway.peek("/leaf.pem") is None
    first = await gateway.get("/leaf.pem")
    assert fingerprint(await gateway.get("/leaf.pem")) == fingerprint(first)
    assert gateway.peek("/leaf.pem") is first
    assert gateway.repository.requests["/leaf.pem"] == 1


async def test_five_hundred_calls_cause_one_fetch(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    answers = await asyncio.gather(*(gateway.get("/leaf.pem") for _ in range(500)))
    assert len({fingerprint(answer) for answer in answers}) == 1
    assert gateway.repository.requests["/leaf.pem"] == 1


async def test_call_is_answered_at_its_deadline_and_the_fetch_goes_on(gateway: Gateway) -> None:
    released = gateway.repository.hold("/slow.pem", AUTHORITY.leaf())
    assert reason(await gateway.get("/slow.pem", within=0.05)) is CREDENTIAL_PENDING
    assert reason(await gateway.get("/slow.pem", within=-1.0)) is CREDENTIAL_PENDING
    released.set()
    await gateway.settled()
    assert gateway.peek("/slow.pem") is not None
    assert gateway.repository.requests["/slow.pem"] == 1


async def test_a_call_that_is_cancelled_cancels_nobody_else(gateway: Gateway) -> None:
    released = gateway.repository.hold("/slow.pem", AUTHORITY.leaf())
    gone, staying = (asyncio.create_task(gateway.get("/slow.pem")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    released.set()
    fingerprint(await staying)
    assert gone.cancelled()


async def test_failure_is_remembered_with_growing_rests_and_recovery_is_noticed(gateway: Gateway) -> None:
    for rest in (2, 4, 8, 16, 32, 45, 45):
        assert reason(await gateway.get("/leaf.pem")) is CREDENTIAL_UNOBTAINABLE
        asked = gateway.repository.requests["/leaf.pem"]
        gateway.pass_time(rest - 1)
        assert reason(await gateway.get("/leaf.pem")) is CREDENTIAL_UNOBTAINABLE
        assert gateway.repository.requests["/leaf.pem"] == asked
        gateway.pass_time(1)
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    fingerprint(await gateway.get("/leaf.pem"))


async def test_server_that_was_down_is_used_within_sixty_seconds(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    await gateway.repository.stop()
    for _ in range(300):
        assert reason(await gateway.get("/leaf.pem")) is CREDENTIAL_UNOBTAINABLE
        gateway.pass_time(1)
    await gateway.repository.start()
    waited = 0
    while not isinstance(await gateway.get("/leaf.pem"), ValidatedChain):
        waited += 1
        gateway.pass_time(1)
    assert waited < 60


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<html>no certificate</html>", CREDENTIAL_UNREADABLE),
        (b"", CREDENTIAL_UNREADABLE),
        (Authority().leaf(), CERTIFICATE_UNTRUSTED),
        (AUTHORITY.leaf(not_before=NOW - 2 * DAY, not_after=NOW - DAY), CERTIFICATE_EXPIRED),
    ],
)
async def test_what_is_no_good_chain_is_refused_and_fetched_anew_after_its_rest(
    gateway: Gateway, body: bytes, expected: object
) -> None:
    gateway.repository.serve("/leaf.pem", body)
    for _ in range(2):
        assert reason(await gateway.get("/leaf.pem")) is expected
    assert gateway.repository.requests["/leaf.pem"] == 1
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    gateway.pass_time(2)
    fingerprint(await gateway.get("/leaf.pem"))


async def test_bad_signatures_drop_nothing_and_ask_once_a_minute(gateway: Gateway) -> None:
    url = gateway.repository.url("/leaf.pem")
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    old = await gateway.get("/leaf.pem")
    gateway.cache.signature_passed(url)
    gateway.repository.hang("/leaf.pem")
    for _ in range(100):
        gateway.cache.look_again(url, TRUST)
        assert gateway.peek("/leaf.pem") is old
    async with asyncio.timeout(60):
        while gateway.repository.requests["/leaf.pem"] < 2:  # noqa: ASYNC110 - a server counts them
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert gateway.repository.requests["/leaf.pem"] == 2


async def test_key_replaced_at_its_address_is_found_after_a_failed_signature(gateway: Gateway) -> None:
    url = gateway.repository.url("/leaf.pem")
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    old = fingerprint(await gateway.get("/leaf.pem"))
    for _ in range(2):
        gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
        gateway.cache.look_again(url, TRUST)
        gateway.cache.look_again(url, TRUST)
        await gateway.settled()
        new = fingerprint(gateway.peek("/leaf.pem"))
        assert new != old
        old = new
        gateway.cache.look_again(url, TRUST)
        await gateway.settled()
        gateway.pass_time(int(LOOK_AGAIN_SECONDS))
    assert gateway.repository.requests["/leaf.pem"] == 3


async def test_new_trust_judges_the_kept_chain_without_fetching(gateway: Gateway) -> None:
    other = Authority("Another authority")
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    first = fingerprint(await gateway.get("/leaf.pem"))
    wider = AUTHORITY.trust(other)
    assert gateway.peek("/leaf.pem", trust=wider) is None
    again = await gateway.get("/leaf.pem", trust=wider)
    assert fingerprint(again) == first
    assert gateway.peek("/leaf.pem", trust=wider) is again
    await gateway.repository.stop()
    for _ in range(2):
        assert reason(await gateway.get("/leaf.pem", trust=other.trust())) is CERTIFICATE_UNTRUSTED
    await gateway.settled()
    assert fingerprint(await gateway.get("/leaf.pem", trust=TRUST)) == first
    assert gateway.repository.requests["/leaf.pem"] == 1


async def test_remarks_on_the_answer_stay_with_the_chain(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf(), content_type="text/plain")
    for trust in (TRUST, AUTHORITY.trust(Authority("Another authority"))):
        chain = await gateway.get("/leaf.pem", trust=trust)
        assert isinstance(chain, ValidatedChain)
        assert [finding.reason for finding in chain.warnings].count(X5U_WARNING) == 1


async def test_refused_chain_is_replaced_when_its_address_serves_a_good_one(gateway: Gateway) -> None:
    other = Authority("Another authority")
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    await gateway.get("/leaf.pem")
    gateway.repository.serve("/leaf.pem", other.leaf())
    for _ in range(3):
        assert reason(await gateway.get("/leaf.pem", trust=other.trust())) is CERTIFICATE_UNTRUSTED
    await gateway.settled()
    fingerprint(await gateway.get("/leaf.pem", trust=other.trust()))
    assert gateway.repository.requests["/leaf.pem"] == 2


async def test_a_fetch_begun_under_another_trust_serves_this_one(gateway: Gateway) -> None:
    other = Authority("Another authority")
    released = gateway.repository.hold("/leaf.pem", other.leaf())
    narrow = asyncio.create_task(gateway.get("/leaf.pem", trust=TRUST))
    await asyncio.sleep(0)
    wide = asyncio.create_task(gateway.get("/leaf.pem", trust=AUTHORITY.trust(other)))
    released.set()
    assert reason(await narrow) is CERTIFICATE_UNTRUSTED
    fingerprint(await wide)


async def test_chain_is_served_on_when_no_longer_fresh_while_one_look_goes_on(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    old = fingerprint(await gateway.get("/leaf.pem"))
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    gateway.pass_time(SHORTEST_SECONDS - 1)
    assert fingerprint(gateway.peek("/leaf.pem")) == old
    await gateway.settled()
    assert gateway.repository.requests["/leaf.pem"] == 1
    gateway.pass_time(1)
    for _ in range(10):
        assert fingerprint(gateway.peek("/leaf.pem")) == old
    await gateway.settled()
    assert fingerprint(gateway.peek("/leaf.pem")) != old
    assert gateway.repository.requests["/leaf.pem"] == 2


@pytest.mark.parametrize("fault", ["down", "gone", "junk"])
async def test_a_look_that_fails_keeps_the_chain_until_it_ends(gateway: Gateway, fault: str) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf(not_after=NOW + 3 * DAY))
    old = fingerprint(await gateway.get("/leaf.pem"))
    if fault == "down":
        await gateway.repository.stop()
    elif fault == "gone":
        gateway.repository.serve("/leaf.pem", b"", status=404)
    else:
        gateway.repository.serve("/leaf.pem", b"junk")
    for _ in range(3):
        assert fingerprint(await gateway.get("/leaf.pem")) == old
        await gateway.settled()
        gateway.pass_time(DAY - 10)
    assert fingerprint(gateway.peek("/leaf.pem")) == old
    gateway.pass_time(31)
    assert gateway.peek("/leaf.pem") is None
    assert reason(await gateway.get("/leaf.pem")) in {CERTIFICATE_EXPIRED, CREDENTIAL_UNREADABLE}


async def test_chain_that_has_ended_is_looked_for_within_the_call(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf(not_after=NOW + DAY))
    await gateway.get("/leaf.pem")
    new = AUTHORITY.leaf()
    gateway.repository.serve("/leaf.pem", new)
    gateway.pass_time(DAY + 1)
    fingerprint(await gateway.get("/leaf.pem"))


async def test_clock_that_was_wrong_for_a_while_costs_nothing_afterwards(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    await gateway.get("/leaf.pem")
    for wrong in (200 * DAY, -200 * DAY):
        gateway.now += wrong
        assert reason(await gateway.get("/leaf.pem")) is CERTIFICATE_EXPIRED
        gateway.now -= wrong
        fingerprint(await gateway.get("/leaf.pem"))


async def test_flood_of_junk_addresses_keeps_the_good_entries(gateway: Gateway) -> None:
    gateway.cache = gateway.make(chains=Chains(most_confirmed=50, most_unconfirmed=20), misses=Misses(100))
    for number in range(50):
        path = f"/good/{number}.pem"
        gateway.repository.serve(path, AUTHORITY.leaf())
        await gateway.get(path)
        gateway.cache.signature_passed(gateway.repository.url(path))
    copied = AUTHORITY.leaf()
    for number in range(60):
        gateway.repository.serve(f"/copy/{number}.pem", copied)
        await gateway.get(f"/copy/{number}.pem")
    fetched = gateway.repository.connections
    answers = await asyncio.gather(*(gateway.get(f"/junk/{number}") for number in range(5_000)))
    assert all(isinstance(answer, Finding) for answer in answers)
    assert gateway.repository.connections - fetched <= 200
    assert all(gateway.peek(f"/good/{number}.pem") for number in range(50))
    assert len(gateway.cache._chains) <= 70
    assert len(gateway.cache._misses) <= 100


async def test_other_spellings_of_an_address_are_other_entries(gateway: Gateway) -> None:
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    await gateway.get("/leaf.pem")
    for spelling in ("/Leaf.pem", "/%6ceaf.pem", "//leaf.pem"):
        assert reason(await gateway.get(spelling)) is CREDENTIAL_UNOBTAINABLE


async def test_list_is_fetched_behind_everything_else(gateway: Gateway) -> None:
    paths = [f"/{number}.pem" for number in range(12)]
    for path in paths:
        gateway.repository.serve(path, AUTHORITY.leaf())
    gateway.cache.prewarm([gateway.repository.url(path) for path in (*paths, "/none.pem", *paths)], TRUST)
    await gateway.settled()
    assert all(gateway.peek(path) for path in paths)
    assert all(gateway.repository.requests[path] == 1 for path in (*paths, "/none.pem"))


async def test_own_chain_is_never_fetched(gateway: Gateway) -> None:
    url = "https://certs.example.org/own.pem"
    assert isinstance(gateway.cache.put_own(url, AUTHORITY.leaf(), TRUST), ValidatedChain)
    other = AUTHORITY.trust(Authority("Another authority"))
    for trust in (TRUST, other):
        fingerprint(await gateway.cache.get(url, deadline=0.0, now=NOW, trust=trust))
        assert gateway.cache.peek(url, NOW, trust) is not None
    gateway.cache.look_again(url, TRUST)
    assert (
        reason(await gateway.cache.get(url, deadline=0.0, now=NOW + 200 * DAY, trust=TRUST))
        is CERTIFICATE_EXPIRED
    )
    assert not gateway.cache._under_way


async def test_chain_that_another_node_fetched_is_judged_here_and_not_fetched(gateway: Gateway) -> None:
    class Shared(dict[str, SharedPem]):
        async def get(self, x5u: str) -> SharedPem | None:  # type: ignore[override]
            return super().get(x5u)

        async def put(self, x5u: str, pem: SharedPem) -> None:
            self[x5u] = pem

    shared = Shared()
    gateway.repository.serve("/leaf.pem", AUTHORITY.leaf())
    gateway.cache = gateway.make(shared)
    first = fingerprint(await gateway.get("/leaf.pem"))
    gateway.cache = gateway.make(shared)
    assert fingerprint(await gateway.get("/leaf.pem")) == first
    assert gateway.repository.requests["/leaf.pem"] == 1
    for poison in (b"junk", Authority().leaf(), b""):
        shared[gateway.repository.url("/leaf.pem")] = SharedPem(poison, 10**9)
        gateway.cache = gateway.make(shared)
        assert fingerprint(await gateway.get("/leaf.pem")) == first


async def test_fault_of_our_own_is_an_answer_and_is_reported(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def fault(_: str) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(gateway.cache._fetcher, "fetch", fault)
    assert reason(await gateway.get("/leaf.pem")) is CREDENTIAL_UNOBTAINABLE
    assert len(reported) == 1


async def test_stop_ends_what_is_under_way(gateway: Gateway) -> None:
    gateway.repository.hang("/hang")
    call = asyncio.create_task(gateway.get("/hang"))
    gateway.cache.prewarm([gateway.repository.url("/hang")], TRUST)
    await asyncio.sleep(0.02)
    await gateway.cache.close()
    assert reason(await call) is CREDENTIAL_PENDING
