"""What was searched for and found, and the signed file it becomes; beside a node and without one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from gateway.certificates.chain import parse_chain
from gateway.certificates.reading import CertificateError, read_certificates
from gateway.control.tracing.bundle import evidence_document, render
from gateway.control.tracing.evidence_key import open_evidence_key
from gateway.control.tracing.search import Found, TraceSought
from gateway.generation.generation import Generation
from gateway.generations import BundleStore, GenerationLoadError
from gateway.kept_chains import KeptChains
from gateway.record import Record
from gateway.record.audit import append_audit

MOST_KEPT: Final = 8
"""Of the largest, with a thousand calls each, about 40 MB."""
NAMELESS: Final = "a gateway that signs no calls"


@dataclass(frozen=True, slots=True)
class Trace:
    """One search and what it found."""

    sought: TraceSought
    found: Found


class Traces:
    """The last few of one control process, by the id of their job."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Trace] = OrderedDict()

    def keep(self, job_id: str, trace: Trace) -> None:
        """Keep it in place of the oldest."""
        self._kept[job_id] = trace
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def find(self, job_id: str) -> Trace | None:
        """None for one that is not known, any more or yet."""
        return self._kept.get(job_id)

    def ids(self) -> Sequence[str]:
        """Those that are kept, the newest first."""
        return tuple(reversed(self._kept))


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """The evidence as one file."""

    data: bytes
    signer: str
    """SHA-256 of the evidence certificate, hex."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex; the audit keeps it."""
        return sha256(self.data).hexdigest()


def signed_bundle(
    trace: Trace, *, data: Path, chains: Path, generation: Generation | None, now: int
) -> SignedBundle:
    """The evidence of what was found, signed. Raises EvidenceKeyError, OSError.

    Reads chains and bundles from the disk: for a thread. `data` is the data directory; `generation` names the
    carrier.
    """
    carrier = carrier_name(generation)
    key = open_evidence_key(data, organisation=carrier, now=now)
    store = BundleStore(data)

    @lru_cache(maxsize=4)
    def kept(digest: str) -> Generation | None:
        try:
            return store.load(digest)
        except GenerationLoadError:
            return None

    document = evidence_document(
        trace.found.records,
        trace.sought,
        chains=KeptChains(chains),
        generations=kept,
        carrier=carrier,
        now=now,
    )
    return SignedBundle(key.sign(render(document)), key.fingerprint)


async def note_export(record: Record, trace: Trace, signed: SignedBundle, *, actor: str, now: int) -> None:
    """Put into the audit who had which evidence. Raises RecordError."""
    async with record.write() as transaction:
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="evidence.export",
            subject=f"sha256:{signed.digest}",
            detail={"calls": len(trace.found.records), "signer": signed.signer},
        )


def signer_in(certificate_file: Path) -> str:
    """SHA-256 of the evidence certificate in this file, hex; empty when it cannot be read."""
    try:
        return read_certificates(certificate_file.read_bytes())[0].fingerprint(SHA256()).hex()
    except (OSError, CertificateError):
        return ""


def carrier_name(generation: Generation | None) -> str:
    """Who the STI certificate in force says this is."""
    if generation is None or generation.signing is None:
        return NAMELESS
    subject = parse_chain(generation.signing.chain_pem)[0].subject
    return _first(subject, NameOID.ORGANIZATION_NAME) or _first(subject, NameOID.COMMON_NAME) or NAMELESS


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = [str(each.value) for each in name.get_attributes_for_oid(oid)]
    return values[0] if values else ""
