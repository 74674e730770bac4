"""Keeping trust fresh: what is fetched for it, how it comes into force, and the alarm when it grows old.

Fetched lists become part of the generation like the operator's own files, by way of a new bundle that every
worker takes (`reload.py`). Which list is good is decided in `judging_lists.py`; how long one that is
overdue is still used, in the generation's own policy.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from gateway import telemetry
from gateway.certificates.revocation_list import RevocationList
from gateway.certificates.trust import Trust
from gateway.control.trust.list_states import ListState, revocation_states
from gateway.control.trust.obtained import ObtainedStore, kept_crls
from gateway.control.trust.revocation_lists import Followed, PutInForce, RevocationListFollower, Tell
from gateway.control.trust.trust_lists import TrustListFollower, kept_anchors
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.generation.generation import Generation
from gateway.generation.settings import Settings, x5u_policy
from gateway.node_settings import data_directory

FETCH_MS: Final = 10_000
"""For one list: a call that waits for it has long been answered, and a long list takes its time."""
LOOK_SECONDS: Final = 10.0

_log = structlog.get_logger("callmark.trust")


def kept_files(settings: Settings, *, now: float) -> dict[str, bytes]:
    """What a node with these settings has obtained and would go by if it started now."""
    store = ObtainedStore(data_directory(settings))
    return {**kept_crls(store), **kept_anchors(settings, store, now=now)}


class FreshTrust:
    """One per control process; make it inside the running loop, `close` it there."""

    def __init__(self, settings: Settings, *, put_in_force: PutInForce, tell: Tell) -> None:
        """ValueError (a sentence) when `[x5u] tls_ca_file` cannot be used."""
        tls_ca_file = settings.x5u.tls_ca_file
        self._fetcher = CertificateFetcher(
            FetchPolicy(
                x5u=x5u_policy(settings),
                tls_ca_file=None if tls_ca_file is None else Path(tls_ca_file),
                fetch_timeout_ms=FETCH_MS,
            )
        )
        store = ObtainedStore(data_directory(settings))
        self._crls = RevocationListFollower(self._fetcher, store, put_in_force=put_in_force, tell=tell)
        self._lists = TrustListFollower(self._fetcher, store, put_in_force=put_in_force)
        self._settings: Settings | None = None
        self._trust: Trust | None = None
        self._alarms: tuple[str, ...] = ()

    def begin(self, settings: Settings) -> None:
        """Read what is kept, before the first generation."""
        self._crls.begin()
        self._lists.begin(settings)

    def files(self) -> Mapping[str, bytes]:
        """What was fetched and believed, as a generation wants it."""
        return {**self._crls.files(), **self._lists.files()}

    def configure(self, settings: Settings, generation: Generation) -> None:
        """Go by a generation and the settings it was made with; every list is looked for again."""
        self._settings, self._trust = settings, generation.trust
        self._crls.configure(settings.trust, generation.trust)
        self._lists.configure(settings)

    def took(self, generation: Generation) -> None:
        """Note what is in force now, after lists were put in force."""
        self._trust = generation.trust
        self._crls.judge_by(generation.trust)

    async def want(self, url: str, issuer: str) -> None:
        """A worker needs the list at this address; `issuer`: the certificate's issuer, DER in base64."""
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(issuer, validate=True))
        except (ValueError, binascii.Error):
            _log.error("a worker named an issuer that cannot be read", url=url)
            return
        await self._crls.want(url, certificate)

    async def keep(self) -> None:
        """For ever: metrics and the alarm."""
        while True:
            self.look(now=int(time.time()))
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, *, now: int) -> None:
        """Set the gauges, and log an alarm when it begins and when it ends."""
        states = self._crl_states(now)
        for state in ("fresh", "overdue", "missing"):
            telemetry.REVOCATION_LISTS.labels(state).set(states[state])
        lists = Counter(each.state for each in self._lists.states(now))
        for state in ("fresh", "overdue", "missing"):
            telemetry.TRUST_LISTS.labels(state).set(lists[state])
        telemetry.TRUST_LISTS_END_SECONDS.set(self._lists.earliest_end())
        ends = [crl.next_update for crl in self._current_lists() if crl.next_update is not None]
        telemetry.REVOCATION_LISTS_END_SECONDS.set(min(ends, default=0))
        alarms = tuple(self.problems(now=now))
        if alarms and alarms != self._alarms:
            _log.warning("trust grows old", problems=list(alarms))
        elif self._alarms and not alarms:
            _log.info("trust is fresh again")
        self._alarms = alarms

    def problems(self, *, now: int) -> list[str]:
        """Return what is overdue or missing, in sentences fit for whoever may ask."""
        states = self._crl_states(now)
        found = []
        if states["overdue"]:
            found.append(f"revocation lists overdue: {states['overdue']}")
        configured = () if self._settings is None else self._settings.trust.crl_urls
        missing = sum(each.url in configured for each in self._missing())
        if missing:
            # Not those that certificates name: any stranger's dead pointer would be the node's trouble.
            found.append(f"revocation lists of [trust] crl_urls never obtained: {missing}; the log says why")
        for each in self._lists.states(now):
            if each.state == "overdue":
                found.append(f"the trust list of the domain {each.name} is past its end")
            elif each.state == "missing":
                found.append(f"the trust list of the domain {each.name} was never obtained; the log says why")
        return found

    def lists(self, *, now: int) -> list[ListState]:
        """Every list as it stands: those of revocations, then those of authorities."""
        revocations = revocation_states(self._current_lists(), self._crls.states(), now=now)
        return [*revocations, *self._lists.states(now)]

    async def close(self) -> None:
        """Stop fetching."""
        await self._crls.close()
        await self._lists.close()
        await self._fetcher.close()

    def _crl_states(self, now: int) -> Counter[str]:
        lists = self._current_lists()
        overdue = sum(crl.next_update is not None and crl.next_update < now for crl in lists)
        return Counter(fresh=len(lists) - overdue, overdue=overdue, missing=len(self._missing()))

    def _missing(self) -> list[Followed]:
        return [each for each in self._crls.states() if each.body is None and each.is_resting]

    def _current_lists(self) -> list[RevocationList]:
        """The lists in force, without those that a later one of the same issuer and scope has replaced."""
        latest: dict[object, RevocationList] = {}
        for domain in () if self._trust is None else self._trust.domains:
            for crl in domain.crls.lists:
                scope = (crl.issuer, crl.indirect, crl.covers_leaves, crl.covers_authorities, crl.names)
                if scope not in latest or crl.this_update > latest[scope].this_update:
                    latest[scope] = crl
        return list(latest.values())
