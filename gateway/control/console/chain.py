"""The certificate chain a call's signature was believed under, for people to read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from cryptography import x509

from gateway.journal import Record
from gateway.kept_chains import KeptChains

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


class ChainRow(msgspec.Struct, frozen=True):
    """One certificate."""

    subject: str
    issuer: str
    serial: str
    valid: str


class ShownChain(msgspec.Struct, frozen=True):
    """The chain and how it was believed when the call came."""

    x5u: str
    rows: tuple[ChainRow, ...]
    """Leaf first, as served."""
    spcs: tuple[str, ...]
    domain: str | None
    lists_until: str | None
    """Until when the revocation lists that vouched were in their dates; None: none vouched."""
    warnings: tuple[tuple[str, str], ...]


def shown_chain(record: Record, chains: KeptChains) -> ShownChain | None:
    """What is kept of it; None without a signature that passed, or where nothing is kept. Reads the disk."""
    fingerprint, credential = record.fingerprint, record.credential
    kept = None if fingerprint is None or not _FINGERPRINT.fullmatch(fingerprint) else chains.of(fingerprint)
    if kept is None:
        return None
    until = None if credential is None else credential.lists_until
    return ShownChain(
        x5u=kept.x5u,
        rows=tuple(_row(each) for each in kept.certificates),
        spcs=record.spcs,
        domain=None if credential is None else credential.domain,
        lists_until=None if until is None else f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC",
        warnings=() if credential is None else credential.warnings,
    )


def _row(certificate: x509.Certificate) -> ChainRow:
    return ChainRow(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        valid=f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
    )
