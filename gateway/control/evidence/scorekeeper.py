"""Keeping providers' scorecards: from the journal, and from complaints about signed calls.

Which provider a certificate is of is learnt from calls whose signature passed, in which it was validated; so
is the certificate's address, by which headers that fail are told whose name they used.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.journal import Record as CallRecord
from gateway.reasons import Verstat
from gateway.record.scorecards import Counted

MOST_CERTIFICATES: Final = 100_000
PASSED, FAILED = Verstat.TN_VALIDATION_PASSED.value, Verstat.TN_VALIDATION_FAILED.value


class _Header(msgspec.Struct):
    x5u: str = ""


class _Claims(msgspec.Struct):
    iat: int = 0


class Scorekeeper:
    """Counts between two writes; one per control process."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, str], Counted] = {}
        self._provider_of: dict[str, str] = {}
        """By the first 16 digits of a certificate's fingerprint, and by its address."""

    def count(self, record: CallRecord) -> None:
        """Count one verified call that had a signature."""
        if not record.identities or record.verstat not in (PASSED, FAILED):
            return
        day = datetime.fromtimestamp(record.time, UTC).date().isoformat()
        x5u, iat = _read(record.identities[0])
        if record.verstat == FAILED:
            provider = self._provider_of.get(x5u)
            if provider is not None:
                self._of(provider, day).failures += 1
            return
        if not record.spcs or record.fingerprint is None:
            return
        provider = record.spcs[0]
        if len(self._provider_of) >= MOST_CERTIFICATES:
            self._provider_of.clear()
        self._provider_of[record.fingerprint[:16]] = self._provider_of[x5u] = provider
        counted = self._of(provider, day)
        counted.calls += 1
        counted.attested_a += record.attest == "A"
        if iat:
            skew = record.time - iat
            counted.skew_sum += skew
            counted.skew_low = min(counted.skew_low, skew)
            counted.skew_high = max(counted.skew_high, skew)

    def complained(self, fingerprint_starts: Iterable[str], *, now: float) -> None:
        """Count complaints about calls that these certificates signed."""
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        for start in fingerprint_starts:
            provider = self._provider_of.get(start)
            if provider is not None:
                self._of(provider, day).complaints += 1

    def take(self) -> dict[tuple[str, str], Counted]:
        """What was counted since the last time."""
        counted, self._counted = self._counted, {}
        return counted

    def put_back(self, counted: Mapping[tuple[str, str], Counted]) -> None:
        """Count again what was taken and could not be written."""
        for (provider, day), each in counted.items():
            self._of(provider, day).add(each)

    def _of(self, provider: str, day: str) -> Counted:
        return self._counted.setdefault((provider, day), Counted())


def _read(identity: str) -> tuple[str, int]:
    """Address of the certificate and `iat`, from a header that was verified or refused already."""
    try:
        header, claims = (_decoded(part) for part in identity.split(";", 1)[0].split(".")[:2])
        return msgspec.json.decode(header, type=_Header).x5u, msgspec.json.decode(claims, type=_Claims).iat
    except (msgspec.MsgspecError, ValueError, binascii.Error, RecursionError):
        return "", 0


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
