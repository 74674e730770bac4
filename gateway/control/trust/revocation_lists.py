"""Revocation lists by their addresses: fetched, judged, kept, looked for again before they are overdue.

An address is followed because the settings name it or because a worker met a certificate that points to it
(a path to an anchor had been found then). Each has a task of its own, so that a host that hangs holds up
nobody else, and one fetch serves every call that waits. Which list is good is decided in `judging_lists.py`.
Workers are told of each look at an address, once what it brought is in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import telemetry
from gateway.certificates.revocation_list import RevocationList, RevocationListError, read_revocation_lists
from gateway.certificates.trust import Trust
from gateway.control.trust.judging_lists import judge_list
from gateway.control.trust.obtained import KeptCrl, ObtainedStore
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError
from gateway.fetch.hosts import rest_seconds
from gateway.fetch.kinds import REVOCATION_LIST
from gateway.generation.texts import FETCHED
from gateway.generation.trust_settings import TrustTable
from gateway.reasons import X5U_FORBIDDEN

MOST_FOLLOWED: Final = 64
"""Addresses: nearly all certificates in use name one of three."""
MOST_ISSUERS: Final = 16
"""Authorities that may sign the list of one address."""
SHORTEST_SECONDS: Final = 1.0
OVERDUE_SECONDS: Final = 60.0
"""Between looks at an address whose list should have been replaced by now."""
NOT_ITS_LIST: Final = "its list does not speak for this certificate"
TOO_MANY: Final = f"{MOST_FOLLOWED} other lists are followed already"

PutInForce = Callable[[], Awaitable[bool]]
Tell = Callable[[str, str], Awaitable[None]]
"""Tells the workers that an address was looked at, and the problem ("" without one)."""

_log = structlog.get_logger("callmark.trust")


@dataclass(slots=True)
class Followed:
    """One address."""

    url: str
    issuers: tuple[x509.Certificate, ...] = ()
    body: bytes | None = None
    crl: RevocationList | None = None
    is_in_force: bool = False
    is_resting: bool = False
    """Whether it has been looked at, and will be again in time."""
    failures: int = 0
    problem: str = ""
    """Why the last look brought nothing; empty when it did."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class RevocationListFollower:
    """One per control process; make it inside the running loop, `begin` before the first generation."""

    def __init__(
        self,
        fetcher: CertificateFetcher,
        store: ObtainedStore,
        *,
        put_in_force: PutInForce,
        tell: Tell,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetcher = fetcher
        self._store = store
        self._put_in_force = put_in_force
        self._tell = tell
        self._clock = clock
        self._followed: dict[str, Followed] = {}
        self._settings = TrustTable()
        self._signers: tuple[x509.Certificate, ...] = ()

    def begin(self) -> None:
        """Read the copies that are kept; they are part of the first generation."""
        for kept, body in self._store.crls():
            with contextlib.suppress(RevocationListError, ValueError):
                [crl] = read_revocation_lists(kept.url, body)
                issuers = tuple(x509.load_der_x509_certificate(der) for der in kept.issuers)
                self._followed[kept.url] = Followed(kept.url, issuers, body, crl, is_in_force=True)

    def files(self) -> Mapping[str, bytes]:
        """Every good list, as a generation wants it; asked for from other threads too."""
        return {
            FETCHED + each.url: each.body for each in list(self._followed.values()) if each.body is not None
        }

    def configure(self, settings: TrustTable, trust: Trust) -> None:
        """Go by the settings and the trust that are in force now, and look at every address again."""
        self._settings = settings
        self.judge_by(trust)
        for url in settings.crl_urls:
            self._follow(url)
        for each in self._followed.values():
            self._start(each)
            each.wake.set()

    def judge_by(self, trust: Trust) -> None:
        """Go by the list issuers and anchors of this trust."""
        self._signers = tuple(
            certificate for domain in trust.domains for certificate in (*domain.crl_issuers, *domain.anchors)
        )

    async def want(self, url: str, issuer: x509.Certificate) -> None:
        """A worker has a certificate of this issuer whose list it does not have."""
        if not self._settings.fetch_crls:
            await self._tell(url, "[trust] fetch_crls is off")
            return
        followed = self._follow(url)
        if followed is None:
            await self._tell(url, TOO_MANY)
            return
        if issuer not in followed.issuers and len(followed.issuers) < MOST_ISSUERS:
            followed.issuers += (issuer,)
            if followed.is_resting and not followed.is_in_force:
                followed.is_resting = False
                followed.wake.set()
        self._start(followed)
        if followed.is_resting:
            await self._tell(url, followed.problem or NOT_ITS_LIST)

    def states(self) -> tuple[Followed, ...]:
        """Every address, for whoever looks."""
        return tuple(self._followed.values())

    async def close(self) -> None:
        """Stop looking."""
        tasks = [each.task for each in self._followed.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self, url: str) -> Followed | None:
        followed = self._followed.get(url)
        if followed is None:
            if len(self._followed) >= MOST_FOLLOWED and not self._give_one_up():
                return None
            followed = self._followed[url] = Followed(url)
        return followed

    def _give_one_up(self) -> bool:
        """Make room; a list that was ever had stays, or what it revoked would be revoked no more."""
        for url, each in self._followed.items():
            if each.body is None and each.is_resting and url not in self._settings.crl_urls:
                if each.task is not None:
                    each.task.cancel()
                del self._followed[url]
                return True
        return False

    def _start(self, followed: Followed) -> None:
        if followed.task is None or followed.task.done():
            followed.task = asyncio.create_task(self._keep_looking(followed))

    async def _keep_looking(self, followed: Followed) -> None:
        while True:
            followed.wake.clear()
            try:
                await self._look(followed)
            except Exception:  # noqa: BLE001 - a fault here must not end the looking, nor leave calls waiting
                _log.exception("list could not be handled", url=followed.url)
                self._failed(followed, "what its host serves could not be handled")
            followed.is_resting = True
            await self._tell(followed.url, followed.problem)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(followed.wake.wait(), self._rest(followed))

    async def _look(self, followed: Followed) -> None:
        try:
            fetched = await self._fetcher.fetch(followed.url, REVOCATION_LIST)
        except CertificateUnobtainableError as error:
            self._failed(followed, error.problem, is_forbidden=error.reason is X5U_FORBIDDEN)
            return
        if fetched.body != followed.body:
            signers = (*self._signers, *followed.issuers)
            crl = await asyncio.to_thread(
                judge_list,
                followed.url,
                fetched.body,
                signers=signers,
                previous=followed.crl,
                may_be_a_copy=followed.url in self._settings.crl_urls,
                now=int(self._clock()),
            )
            if isinstance(crl, str):
                self._failed(followed, crl)
                return
            issuers = tuple(each.public_bytes(Encoding.DER) for each in followed.issuers)
            kept = KeptCrl(url=followed.url, issuers=issuers)
            await asyncio.to_thread(self._store.keep_crl, kept, fetched.body)
            followed.body, followed.crl, followed.is_in_force = fetched.body, crl, False
            _log.info("revocation list obtained", url=followed.url, entries=_count(crl))
        if not followed.is_in_force:
            followed.is_in_force = await self._put_in_force()
            if not followed.is_in_force:
                self._failed(followed, "the workers did not take it")
                return
        if followed.problem:
            _log.info("revocation list is fetched again", url=followed.url)
        followed.failures, followed.problem = 0, ""
        telemetry.LIST_FETCHES.labels("crl", "good").inc()

    def _failed(self, followed: Followed, problem: str, *, is_forbidden: bool = False) -> None:
        followed.failures += 1
        telemetry.LIST_FETCHES.labels("crl", "failed").inc()
        if followed.failures == 1 and is_forbidden and followed.url not in self._settings.crl_urls:
            # A certificate names an address of this machine or a private one, as development's do: that
            # nobody asks there is the rule, and nothing that anybody here could mend.
            _log.info("revocation list not asked for", url=followed.url, problem=problem)
        elif followed.failures == 1:
            _log.warning(
                "revocation list not obtained",
                url=followed.url,
                problem=problem,
                last_good_kept=followed.crl is not None,
            )
        followed.problem = problem

    def _rest(self, followed: Followed) -> float:
        if followed.failures:
            return rest_seconds(followed.failures)
        end = None if followed.crl is None else followed.crl.next_update
        return seconds_until_next_look(end, now=self._clock(), refresh_seconds=self._settings.refresh_seconds)


def seconds_until_next_look(end: int | None, *, now: float, refresh_seconds: int) -> float:
    """How long a list that is good until `end` (epoch seconds; None: it does not say) is left alone.

    Half of what is left of it, so that there are tries enough before it ends; never longer than the
    operator's `refresh_seconds`, since what is revoked meanwhile is not known here.
    """
    if end is None:
        return float(refresh_seconds)
    left = end - now
    return min(float(refresh_seconds), max(left / 2, SHORTEST_SECONDS) if left > 0 else OVERDUE_SECONDS)


def _count(crl: RevocationList) -> int:
    return sum(len(serials) for serials in crl.revoked.values())
