"""What the bytes behind an x5u prove, and when a chain that is kept has to be judged anew.

Validation is pure (`gateway.certificates.chain`); here it gets the time, the lists that were fetched with the
chain, and the word on revocation lists that cannot be had. A judgement stands until the trust changes, the
chain's dates are left, or, where it was refused, a second has passed or something has been heard of the lists
it waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cryptography import x509

from gateway.certificates.chain import ChainError, Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.tn_reference import FetchedLists
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust
from gateway.fetch.awaited_lists import AwaitedLists
from gateway.fetch.fetcher import CertificateFetcher
from gateway.fetch.freshness import fresh_seconds
from gateway.fetch.memory import StoredChain, ders_of
from gateway.fetch.tn_lists import fetch_tn_list
from gateway.reasons import CREDENTIAL_UNREADABLE, Finding

_MOST_TN_LISTS: Final = 4
"""As many as a path has certificates below the anchor."""


class Judging:
    """One process's; `awaited` is None where revocation lists are those of the trust alone."""

    def __init__(
        self, clock: Callable[[], int], awaited: AwaitedLists | None, fetcher: CertificateFetcher
    ) -> None:
        self._clock = clock
        self._awaited = awaited
        self._fetcher = fetcher

    async def examine(self, pem: bytes, warnings: tuple[Finding, ...], trust: Trust) -> StoredChain | Refusal:
        """Judge a body: what to keep of it, or why it proves nothing.

        Lists of numbers that its certificates keep elsewhere are fetched now. A chain that waits for a
        revocation list is kept: it leads to an anchor, and only the list has still to come.
        """
        now = self._clock()
        try:
            certificates = parse_chain(pem)
        except ChainError as error:
            return Refusal((Finding(CREDENTIAL_UNREADABLE, str(error)),))
        tn_lists: dict[str, TnAuthList] = {}
        while True:
            verdict = self._validate(certificates, trust, now, warnings=warnings, tn_lists=tn_lists)
            if isinstance(verdict, ValidatedChain) or not verdict.tn_list_urls:
                break
            found = await fetch_tn_list(self._fetcher, verdict.tn_list_urls)
            if found is None or len(tn_lists) >= _MOST_TN_LISTS:
                return verdict
            tn_lists |= found
        if isinstance(verdict, Refusal) and not verdict.missing_lists:
            return verdict
        return StoredChain(
            ders=ders_of(certificates),
            size=len(pem),
            warnings=warnings,
            verdict=verdict,
            trust_digest=trust.digest,
            judged_at=now,
            fresh_until=0.0,
            tn_lists=tn_lists,
            news=self._news,
        )

    def again(self, stored: StoredChain, now: int, trust: Trust) -> ValidatedChain | Refusal:
        """Judge a chain that is kept; it is validated anew only where something asks for it."""
        known = stored.verdict
        if stored.trust_digest == trust.digest:
            if isinstance(known, ValidatedChain):
                if known.not_before <= now <= known.not_after:
                    return known
            elif abs(now - stored.judged_at) <= 1 and stored.news == self._news:
                # A refusal may be a matter of time; looking once a second keeps it as cheap as a chain.
                return known
        stored.news = self._news
        verdict = self._validate(
            stored.certificates(), trust, now, warnings=stored.warnings, tn_lists=stored.tn_lists
        )
        stored.verdict, stored.trust_digest, stored.judged_at = verdict, trust.digest, now
        return verdict

    def fresh_seconds(self, stored: StoredChain, max_age_seconds: int | None) -> int:
        """How long its address need not be asked again."""
        if isinstance(stored.verdict, ValidatedChain):
            end = stored.verdict.not_after
        else:
            end = min(int(each.not_valid_after_utc.timestamp()) for each in stored.certificates())
        return fresh_seconds(max_age_seconds, now=self._clock(), not_after=end)

    @property
    def _news(self) -> int:
        return 0 if self._awaited is None else self._awaited.news

    def _validate(
        self,
        certificates: tuple[x509.Certificate, ...],
        trust: Trust,
        now: int,
        *,
        warnings: tuple[Finding, ...],
        tn_lists: FetchedLists,
    ) -> ValidatedChain | Refusal:
        awaited = self._awaited
        # Under an older trust than the newest nothing is called unobtainable: the newest may hold it.
        current = awaited is not None and awaited.trust.digest == trust.digest
        unobtainable = awaited.looked_for if awaited is not None and current else ()
        verdict = validate(certificates, trust, now, tn_lists=tn_lists, unobtainable=unobtainable)
        if awaited is not None and verdict.missing_lists:
            awaited.go_without(verdict.missing_lists)
        if isinstance(verdict, ValidatedChain) and warnings:
            verdict = replace(verdict, warnings=(*verdict.warnings, *warnings))
        return verdict
