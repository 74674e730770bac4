"""The chain behind an x5u: from memory, from the other nodes, or from its host; never later than the call.

A call must not wait for a stranger. What is known is answered at once; what is not
is fetched once for all calls that ask (single flight), each waits for it no longer than its own deadline,
and the fetch goes on behind those that left. A chain that is no longer fresh is served on while one fetch
looks for a newer one: it vouches for itself, its dates and its place in the trust are looked at on every
call, and a failed look changes nothing. Sources: ATIS-1000074 (24 hours), RFC 9111 section 4.2.4 (stale).

Whether a call's signature fits is decided elsewhere; a bad one never drops a chain, or anybody could have
every certificate fetched anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography import x509

from gateway import telemetry
from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust
from gateway.fetch.awaited_lists import AwaitedLists
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError
from gateway.fetch.judging import Judging
from gateway.fetch.memory import Chains, Misses, StoredChain, ders_of
from gateway.fetch.shared import SharedChains, SharedPem
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CREDENTIAL_PENDING,
    CREDENTIAL_UNOBTAINABLE,
    REVOCATION_PENDING,
    Finding,
)

Answer: TypeAlias = ValidatedChain | Refusal | Finding
"""A chain to verify with, why the certificate is refused, or that it is pending or unobtainable."""

Clock: TypeAlias = Callable[[], int]
"""Epoch seconds."""

File: TypeAlias = Callable[[str, tuple[x509.Certificate, ...]], None]
"""Takes an x5u and the chain it served, leaf first."""

FILE_AGAIN_SECONDS: Final = 86_400.0
LOOK_AGAIN_SECONDS: Final = 60.0
"""At most one look behind the calls per address in this time."""
_LIST_AT_ONCE: Final = 4
"""Fetches of a list under way at once: calls must find turns beside it."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    answer: Answer
    trust_digest: str


class ChainCache:
    """One process's chains. Make it inside the running loop; `close` it there (it closes the fetcher too)."""

    def __init__(
        self,
        fetcher: CertificateFetcher,
        *,
        clock: Clock,
        shared: SharedChains | None = None,
        monotonic: Callable[[], float] | None = None,
        chains: Chains | None = None,
        misses: Misses | None = None,
        awaited: AwaitedLists | None = None,
        file: File | None = None,
    ) -> None:
        """`awaited`: where revocation lists come from; without it they are those of the trust alone.

        `file` is handed each chain when a signature has passed under it, once a day; it must not wait.
        """
        self._fetcher = fetcher
        self._clock = clock
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._monotonic = monotonic or self._loop.time
        self._chains = chains if chains is not None else Chains()
        self._misses = misses if misses is not None else Misses()
        self._awaited = awaited
        self._file = file
        self.at_hand = 0
        """How often a call had its chain at once, and how often it had to ask; for metrics."""
        self.asked_for = 0
        self._judging = Judging(clock, awaited, fetcher)
        self._under_way: dict[str, asyncio.Task[_Outcome]] = {}
        self._lists: set[asyncio.Task[None]] = set()

    def peek(self, x5u: str, now: int, trust: Trust) -> ValidatedChain | None:
        """Give the chain when it can be had without waiting: a look-up and three comparisons.

        `now` in epoch seconds. None says only: ask `get`. Where the chain is no longer fresh, one look for a
        newer one starts behind the call.
        """
        chain = self._peek(x5u, now, trust)
        self.at_hand += chain is not None
        return chain

    def _peek(self, x5u: str, now: int, trust: Trust) -> ValidatedChain | None:
        stored = self._chains.find(x5u)
        if stored is None:
            return None
        chain = stored.verdict
        if (
            not isinstance(chain, ValidatedChain)
            or stored.trust_digest != trust.digest
            or not chain.not_before <= now <= chain.not_after
        ):
            return None
        if self._monotonic() >= stored.fresh_until:
            # Not again with the next call, whatever this look finds.
            stored.fresh_until = self._monotonic() + LOOK_AGAIN_SECONDS
            self._look_behind(x5u, trust)
        return chain

    async def get(self, x5u: str, *, deadline: float, now: int, trust: Trust) -> Answer:
        """Give the chain, a Refusal, or a Finding: CREDENTIAL_PENDING at the deadline, else why not.

        A chain whose revocation list has never been seen is waited for too, and is a Refusal at the deadline
        (REVOCATION_PENDING); what it is judged by then may be a newer trust than `trust`, never an older.
        `deadline` on the running loop's clock (`loop.time()`), `now` in epoch seconds. Never raises for
        anything a stranger sends.
        """
        self.asked_for += 1
        answer = await self._get(x5u, deadline=deadline, now=now, trust=trust)
        awaited = self._awaited
        while awaited is not None and isinstance(answer, Refusal) and _waits(answer):
            stored = self._chains.find(x5u)
            if stored is None:
                break
            if stored.trust_digest == awaited.trust.digest:
                awaited.want(answer.missing_lists)
                if not await awaited.next_word(deadline):
                    break
            answer = self._judging.again(stored, now, awaited.trust)
        return answer

    async def _get(self, x5u: str, *, deadline: float, now: int, trust: Trust) -> Answer:
        # Twice at most: a fetch that another generation's call began may end under another trust than ours.
        for _ in range(2):
            known, refusal = self._known(x5u, now, trust)
            if known is not None:
                return known
            task = self._under_way.get(x5u) or self._start(x5u, trust)
            await asyncio.wait({task}, timeout=max(deadline - self._loop.time(), 0))
            if not task.done() or task.cancelled():
                break
            outcome = task.result()
            if isinstance(outcome.answer, Finding):
                return refusal or outcome.answer
            if outcome.trust_digest == trust.digest:
                stored = self._chains.find(x5u) if not isinstance(outcome.answer, Finding) else None
                # Judged by this call's time, not by that of the call which began the fetch.
                return outcome.answer if stored is None else self._judging.again(stored, now, trust)
        return Finding(CREDENTIAL_PENDING, "the fetch was still under way at this call's deadline", "info")

    def signature_passed(self, x5u: str) -> None:
        """Keep this chain and its host, which a call's signature has fitted, apart from unused ones."""
        if self._chains.confirm(x5u):
            self._fetcher.vouch(x5u)
        stored = self._chains.find(x5u)
        if stored is not None and self._file is not None and self._monotonic() >= stored.file_again_from:
            stored.file_again_from = self._monotonic() + FILE_AGAIN_SECONDS
            self._file(x5u, stored.certificates())

    def look_again(self, x5u: str, trust: Trust) -> None:
        """Look behind the call whether the address serves another chain by now; once a minute at most.

        For a signature that does not fit (the key may have been replaced at the same address) and for a
        chain that is refused. The kept chain stays until a valid one takes its place.
        """
        stored = self._chains.find(x5u)
        if stored is None or self._monotonic() < stored.look_again_from:
            return
        stored.look_again_from = self._monotonic() + LOOK_AGAIN_SECONDS
        # Past the other nodes' memory: it may hold the very chain that did not fit.
        self._look_behind(x5u, trust, past_shared=True)

    def prewarm(self, urls: Iterable[str], trust: Trust) -> None:
        """Fetch a list behind everything else; what fails is fetched when a call asks for it."""
        task = self._loop.create_task(self._prewarm(list(dict.fromkeys(urls)), trust))
        self._lists.add(task)
        task.add_done_callback(self._lists.discard)

    def put_own(self, x5u: str, pem: bytes, trust: Trust) -> ValidatedChain | Refusal:
        """Keep the gateway's own chain, which is never fetched; ChainError when it cannot be read."""
        now = self._clock()
        certificates = parse_chain(pem)
        verdict = validate(certificates, trust, now)
        self._chains.keep_own(
            x5u, StoredChain(ders_of(certificates), len(pem), (), verdict, trust.digest, now, float("inf"))
        )
        return verdict

    async def close(self) -> None:
        """Stop every fetch and close the fetcher."""
        tasks = [*self._lists, *self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._fetcher.close()

    def _known(self, x5u: str, now: int, trust: Trust) -> tuple[Answer | None, Refusal | None]:
        """Answer from memory; else None, and the refusal that stands where the address cannot be asked."""
        stored = self._chains.find(x5u)
        refusal: Refusal | None = None
        if stored is not None:
            verdict = self._judging.again(stored, now, trust)
            if isinstance(verdict, ValidatedChain):
                return self._peek(x5u, now, trust) or verdict, None
            if self._chains.is_own(x5u):
                return verdict, None
            if verdict.missing_lists:
                # The certificate is at hand; its list is asked for by `get`.
                return verdict, None
            if verdict.findings[0].reason is not CERTIFICATE_EXPIRED:
                # Revoked, or no longer trusted: certain without asking anybody; but the address may serve
                # another chain by now.
                self.look_again(x5u, trust)
                return verdict, None
            # A chain that has ended is most likely replaced at its own address: worth this call's waiting.
            refusal = verdict
        miss = self._misses.resting(x5u, at=self._monotonic(), trust_digest=trust.digest)
        return (None if miss is None else refusal or miss.answer), refusal

    def _look_behind(self, x5u: str, trust: Trust, *, past_shared: bool = False) -> None:
        resting = self._misses.resting(x5u, at=self._monotonic(), trust_digest=trust.digest)
        if resting is None and x5u not in self._under_way and not self._chains.is_own(x5u):
            self._start(x5u, trust, past_shared=past_shared)

    def _start(self, x5u: str, trust: Trust, *, past_shared: bool = False) -> asyncio.Task[_Outcome]:
        # No bound of its own: there are as many as calls in flight ask for, and `fetch` turns away at once
        # what exceeds its queue.
        task = self._loop.create_task(self._obtain(x5u, trust, past_shared=past_shared))
        self._under_way[x5u] = task
        task.add_done_callback(lambda _: self._under_way.pop(x5u, None))
        return task

    async def _obtain(self, x5u: str, trust: Trust, *, past_shared: bool) -> _Outcome:
        answer: Answer
        try:
            answer = await self._from_anywhere(x5u, trust, past_shared=past_shared)
        except Exception as error:  # noqa: BLE001 - a fault here, met by a stranger's answer, must not become a 5xx
            self._loop.call_exception_handler(
                {"message": "a certificate's answer could not be handled", "exception": error}
            )
            answer = Finding(CREDENTIAL_UNOBTAINABLE, "its host's answer could not be handled")
            self._misses.note(x5u, answer, at=self._monotonic(), trust_digest=trust.digest)
        return _Outcome(answer, trust.digest)

    async def _from_anywhere(self, x5u: str, trust: Trust, *, past_shared: bool) -> Answer:
        if self._shared is not None and not past_shared:
            shared = await self._shared.get(x5u)
            if shared is not None:
                examined = await self._judging.examine(shared.body, (), trust)
                # What does not validate here (poisoned, expired, replaced) is passed over, not believed.
                if not isinstance(examined, Refusal):
                    fresh = min(shared.fresh_seconds, self._judging.fresh_seconds(examined, None))
                    self._keep(x5u, examined, fresh=fresh)
                    telemetry.CERTIFICATE_FETCHES.labels("shared").inc()
                    return examined.verdict
        began = self._loop.time()
        try:
            fetched = await self._fetcher.fetch(x5u)
        except CertificateUnobtainableError as error:
            telemetry.CERTIFICATE_FETCHES.labels("failed").inc()
            finding = Finding(error.reason, error.problem, "info")
            if error.asked:
                self._misses.note(x5u, finding, at=self._monotonic(), trust_digest=trust.digest)
            return finding
        telemetry.CERTIFICATE_FETCH_SECONDS.observe(self._loop.time() - began)
        examined = await self._judging.examine(fetched.body, fetched.warnings, trust)
        is_refused = isinstance(examined, Refusal) or isinstance(examined.verdict, Refusal)
        telemetry.CERTIFICATE_FETCHES.labels("refused" if is_refused else "good").inc()
        if isinstance(examined, Refusal):
            self._misses.note(x5u, examined, at=self._monotonic(), trust_digest=trust.digest)
            return examined
        fresh = self._judging.fresh_seconds(examined, fetched.max_age_seconds)
        self._keep(x5u, examined, fresh=fresh)
        if self._shared is not None:
            await self._shared.put(x5u, SharedPem(fetched.body, fresh))
        return examined.verdict

    def _keep(self, x5u: str, stored: StoredChain, *, fresh: int) -> None:
        stored.fresh_until = self._monotonic() + fresh
        before = self._chains.find(x5u)
        if before is not None:
            stored.look_again_from = before.look_again_from
        self._misses.forget(x5u)
        self._chains.keep(x5u, stored)

    async def _prewarm(self, urls: list[str], trust: Trust) -> None:
        waiting = iter(urls)

        async def take() -> None:
            for x5u in waiting:
                if self._peek(x5u, self._clock(), trust) is None:
                    await asyncio.wait({self._under_way.get(x5u) or self._start(x5u, trust)})
                    self.signature_passed(x5u)  # listed by the operator: as good as used

        async with asyncio.TaskGroup() as group:
            for _ in range(_LIST_AT_ONCE):
                group.create_task(take())


def _waits(refusal: Refusal) -> bool:
    return refusal.findings[0].reason is REVOCATION_PENDING
