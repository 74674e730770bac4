"""The STI-PA's signed lists of authorities: obtained, judged, kept; they add to a domain's anchors.

A list comes from an address or from a file that something else renews. It is believed by the rules of
`gateway.certificates.trust_list`: signed under a certificate that the operator pinned, not expired, its
sequence never below that of the last one, which is remembered across restarts. The last good list is used on
when no newer one comes, past its `exp` for the domain's grace and with an alarm, and then no longer. Where
one of the pins it was believed under is taken away, it is worth nothing at once; one pin more takes nothing
from it. While any of them stays, as in a roll-over, no list older than it is believed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import telemetry
from gateway.certificates.chain import ChainError, parse_chain
from gateway.certificates.trust_list import TrustList, TrustListError, read_trust_list, trust_list_x5u
from gateway.control.trust.list_states import ListState, trust_list_state
from gateway.control.trust.obtained import KeptTrustList, ObtainedStore
from gateway.control.trust.pins import digests_of, read_whole_file, signers_or_none
from gateway.control.trust.revocation_lists import PutInForce, seconds_until_next_look
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError
from gateway.fetch.hosts import rest_seconds
from gateway.fetch.kinds import TRUST_LIST
from gateway.generation.settings import Settings
from gateway.generation.texts import LISTED, domain_folder
from gateway.generation.trust_settings import Domain, has_trust_list, named_domains

_HOUR_SECONDS: Final = 3_600

_log = structlog.get_logger("callmark.trust")


class _NotObtainedError(Exception):
    """There is no list to be believed; the message says why."""


@dataclass(slots=True)
class _Listed:
    """One domain's list."""

    domain: Domain
    signers: tuple[x509.Certificate, ...]
    kept: KeptTrustList | None
    least_sequence: int | None
    """No list below it is believed."""
    in_force: tuple[bytes, ...] = ()
    """The anchors that the generation in force has."""
    failures: int = 0
    problem: str = ""
    task: asyncio.Task[None] | None = None

    @property
    def source(self) -> str:
        return self.domain.trust_list_url or self.domain.trust_list_file or ""

    def anchors(self, now: float) -> tuple[bytes, ...]:
        """Those that may be believed now, in DER."""
        kept = self.kept
        if kept is None or now > kept.exp + self.domain.overdue_grace_hours * _HOUR_SECONDS:
            return ()
        return kept.anchors


class TrustListFollower:
    """One per control process."""

    def __init__(
        self,
        fetcher: CertificateFetcher,
        store: ObtainedStore,
        *,
        put_in_force: PutInForce,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetcher = fetcher
        self._store = store
        self._put_in_force = put_in_force
        self._clock = clock
        self._listed: dict[str, _Listed] = {}
        self._refresh_seconds = 900

    def begin(self, settings: Settings) -> None:
        """Take up the lists that are kept and still believed under these settings."""
        self._refresh_seconds = settings.trust.refresh_seconds
        before, self._listed = self._listed, _kept_under(settings, self._store)
        for name, old in before.items():
            if name in self._listed:
                self._listed[name].task, self._listed[name].in_force = None, old.in_force
            if old.task is not None:
                old.task.cancel()

    def configure(self, settings: Settings) -> None:
        """Go by the settings in force, and look for every list now."""
        self.begin(settings)
        for name, listed in self._listed.items():
            listed.task = asyncio.create_task(self._keep_looking(name, listed))

    def files(self) -> Mapping[str, bytes]:
        """The listed anchors, as a generation wants them; asked for from other threads too."""
        return _files(self._listed, self._clock())

    def states(self, now: float) -> list[ListState]:
        """Each domain's list as it stands."""
        return [
            trust_list_state(name, each.source, each.kept, each.problem, now=now)
            for name, each in list(self._listed.items())
        ]

    def earliest_end(self) -> int:
        """The earliest exp of the lists in use, epoch seconds; 0 without lists."""
        return min(
            (each.kept.exp for each in list(self._listed.values()) if each.kept is not None), default=0
        )

    async def close(self) -> None:
        """Stop looking."""
        tasks = [each.task for each in self._listed.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_looking(self, name: str, listed: _Listed) -> None:
        while True:
            # First what is kept: it may have come to its end, or lost its pin with a reload.
            await self._settle(name, listed)
            try:
                await self._look(name, listed)
            except _NotObtainedError as error:
                self._failed(name, listed, str(error))
            except Exception:  # noqa: BLE001 - a fault here must not end the looking
                _log.exception("trust list could not be handled", domain=name)
                self._failed(name, listed, "it could not be handled")
            else:
                listed.failures, listed.problem = 0, ""
                telemetry.LIST_FETCHES.labels("trust_list", "good").inc()
            await self._settle(name, listed)
            await asyncio.sleep(self._rest(listed))

    async def _settle(self, name: str, listed: _Listed) -> None:
        anchors = listed.anchors(self._clock())
        if anchors != listed.in_force and await self._put_in_force():
            listed.in_force = anchors
            _log.info("trust list in force", domain=name, anchors=len(anchors))

    async def _look(self, name: str, listed: _Listed) -> None:
        body = await self._body(listed)
        last = listed.kept
        believed = await self._believed(body, listed)
        kept = KeptTrustList(
            domain=name,
            source=listed.source,
            pins=digests_of(listed.signers),
            sequence=believed.sequence,
            exp=believed.exp,
            anchors=tuple(each.public_bytes(Encoding.DER) for each in believed.certificates),
        )
        if last is not None and msgspec.structs.replace(last, sha256="") == kept:
            return
        await asyncio.to_thread(self._store.keep_trust_list, kept, body)
        listed.kept, listed.least_sequence = kept, kept.sequence
        _log.info(
            "trust list obtained",
            domain=name,
            sequence=kept.sequence,
            anchors=len(kept.anchors),
            skipped=list(believed.skipped),
        )

    async def _body(self, listed: _Listed) -> bytes:
        if listed.domain.trust_list_url is not None:
            try:
                return (await self._fetcher.fetch(listed.domain.trust_list_url, TRUST_LIST)).body
            except CertificateUnobtainableError as error:
                raise _NotObtainedError(error.problem) from error
        try:
            return await asyncio.to_thread(read_whole_file, Path(listed.domain.trust_list_file or ""))
        except OSError as error:
            raise _NotObtainedError(f"its file cannot be read: {error.strerror}") from error

    async def _believed(self, body: bytes, listed: _Listed) -> TrustList:
        def read(fetched: tuple[x509.Certificate, ...]) -> TrustList:
            return read_trust_list(
                body,
                pinned=listed.signers,
                now=int(self._clock()),
                previous_sequence=listed.least_sequence,
                fetched=fetched,
            )

        try:
            x5u = trust_list_x5u(body)
            try:
                return read(())
            except TrustListError:
                if x5u is None:
                    raise
            # Signed by a certificate that leads to a pinned one, or not to be believed at all.
            return read(parse_chain((await self._fetcher.fetch(x5u)).body))
        except (TrustListError, ChainError) as error:
            raise _NotObtainedError(str(error)) from error
        except CertificateUnobtainableError as error:
            raise _NotObtainedError(f"its signer's certificate: {error.problem}") from error

    def _failed(self, name: str, listed: _Listed, problem: str) -> None:
        listed.failures += 1
        telemetry.LIST_FETCHES.labels("trust_list", "failed").inc()
        if listed.failures == 1 or problem != listed.problem:
            kept = listed.kept
            _log.warning(
                "trust list not obtained",
                domain=name,
                problem=problem,
                last_good_sequence=None if kept is None else kept.sequence,
            )
        listed.problem = problem

    def _rest(self, listed: _Listed) -> float:
        if listed.failures:
            return rest_seconds(listed.failures)
        end = None if listed.kept is None else listed.kept.exp
        return seconds_until_next_look(end, now=self._clock(), refresh_seconds=self._refresh_seconds)


def kept_anchors(settings: Settings, store: ObtainedStore, *, now: float) -> Mapping[str, bytes]:
    """The listed anchors that a node with these settings would go by if it started now."""
    return _files(_kept_under(settings, store), now)


def _kept_under(settings: Settings, store: ObtainedStore) -> dict[str, _Listed]:
    """Each domain's list as it is kept; without one where a pin it was believed under is gone."""
    kept = {each.domain: each for each, _ in store.trust_lists()}
    found: dict[str, _Listed] = {}
    for name, domain in named_domains(settings.trust, settings.trust_domain):
        if has_trust_list(domain):
            signers, last = signers_or_none(domain), kept.get(name)
            then, now = frozenset(() if last is None else last.pins), frozenset(digests_of(signers))
            found[name] = _Listed(
                domain,
                signers,
                kept=last if then <= now else None,
                least_sequence=last.sequence if last is not None and then & now else None,
            )
    return found


def _files(listed: Mapping[str, _Listed], now: float) -> dict[str, bytes]:
    return {
        f"{domain_folder(name, LISTED)}{number:03}.der": der
        for name, each in list(listed.items())
        for number, der in enumerate(each.anchors(now))
    }
