"""Is this stranger's certificate to be believed: profile, path, authority, revocation, in that order.

Done once for a chain and a trust generation (`ValidatedChain.trust_digest`); what changes from call to
call, the date, is one comparison (`covers_time`). Sources: ATIS-1000080 section 6.4.1, RFC 5280 section
6, RFC 8226 section 9, RFC 9060 section 7. Nothing here fetches anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.certificates.leaf import tn_auth_list_of
from gateway.certificates.path import NoPath, Path, find_path
from gateway.certificates.profile import judge_profile
from gateway.certificates.reading import CertificateError, read_pem_certificates, show
from gateway.certificates.revocation import RevocationState
from gateway.certificates.tnauthlist import TnAuthList, TnAuthListError
from gateway.certificates.trust import Trust
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNTRUSTED,
    REVOCATION_UNKNOWN,
    TNAUTHLIST_INVALID,
    Finding,
    Reason,
)

_MAX_CERTIFICATES: Final = 10
"""The longest real file has four."""
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


class ChainError(ValueError):
    """The bytes are no certificate chain; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True)
class ValidatedChain:
    """A chain that is trusted whenever `covers_time` says so. Times are epoch seconds."""

    public_key: EllipticCurvePublicKey
    leaf_fingerprint: str
    """SHA-256 of the leaf's DER, hex."""
    not_before: int
    not_after: int
    """The window in which the whole path is valid, anchor included, both ends included."""
    tn_auth_list: TnAuthList
    subject: str
    issuer: str
    warnings: tuple[Finding, ...]
    trust_digest: str

    @property
    def spc(self) -> tuple[str, ...]:
        """The provider codes the certificate speaks for; exactly one for `shaken`."""
        return self.tn_auth_list.spcs

    def covers_time(self, epoch_seconds: int) -> bool:
        """Say whether every certificate of the path is valid at that moment."""
        return self.not_before <= epoch_seconds <= self.not_after


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chain is not trusted; the first finding is the one to answer with."""

    findings: tuple[Finding, ...]
    retry: bool = False
    """True when the same bytes under the same trust may be believed later: they are not valid yet."""


def parse_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read what an x5u serves: the leaf first, the authorities behind it in any order (RFC 9060 7).

    Raises ChainError, and nothing else.
    """
    if pem.count(_BEGIN) > _MAX_CERTIFICATES:
        raise ChainError(f"holds more than {_MAX_CERTIFICATES} certificates")
    try:
        return read_pem_certificates(pem)
    except CertificateError as error:
        raise ChainError(str(error)) from error


def validate(chain: tuple[x509.Certificate, ...], trust: Trust, now: int) -> ValidatedChain | Refusal:
    """Judge a chain from `parse_chain` at `now` (epoch seconds). Never raises."""
    leaf, *others = chain
    # First, because it costs no signature: a stranger's certificate of the wrong kind goes no further.
    profile = judge_profile(leaf, trust.policy_oids)
    if profile.refusals or profile.public_key is None or profile.tn_auth_list is None:
        return Refusal(profile.refusals)
    path = _path(leaf, others, trust, now)
    if isinstance(path, Refusal):
        return path
    problem = _authority_problem(profile.tn_auth_list, path)
    if problem is not None:
        return _refused(TNAUTHLIST_INVALID, problem)
    revocation = _revocation(path, trust, now)
    if isinstance(revocation, Refusal):
        return revocation
    return ValidatedChain(
        public_key=profile.public_key,
        leaf_fingerprint=leaf.fingerprint(SHA256()).hex(),
        not_before=path.not_before,
        not_after=path.not_after,
        tn_auth_list=profile.tn_auth_list,
        subject=show(leaf.subject.rfc4514_string()),
        issuer=show(leaf.issuer.rfc4514_string()),
        warnings=(*profile.warnings, *revocation),
        trust_digest=trust.digest,
    )


def _path(leaf: x509.Certificate, others: list[x509.Certificate], trust: Trust, now: int) -> Path | Refusal:
    path = find_path(leaf, others, trust, now=now)
    if isinstance(path, NoPath):
        return _refused(CERTIFICATE_UNTRUSTED, path.detail)
    if now < path.not_before:
        return _refused(CERTIFICATE_EXPIRED, f"not valid before {_date(path.not_before)}", retry=True)
    if now > path.not_after:
        return _refused(CERTIFICATE_EXPIRED, f"not valid after {_date(path.not_after)}")
    return path


def _authority_problem(tn_auth_list: TnAuthList, path: Path) -> str | None:
    """Hold the leaf's codes against its authorities' lists; one without a list sets no limit (RFC 8226 9)."""
    for authority in path.certificates[1:]:
        match tn_auth_list_of(authority):
            case TnAuthListError() as error:
                return f"an authority's: {error}"
            case TnAuthList(spcs=spcs) if not set(tn_auth_list.spcs) <= set(spcs):
                return "the provider code lies outside the TNAuthList of the authority above it"
    return None


def _revocation(path: Path, trust: Trust, now: int) -> tuple[Finding, ...] | Refusal:
    """Look up everything below the anchor: findings for what is unknown, a refusal for what is revoked."""
    unknown: list[Finding] = []
    for certificate, issuer in zip(path.certificates, path.certificates[1:], strict=False):
        revocation = trust.crls.judge(certificate, issuer, now=now)
        subject = show(certificate.subject.rfc4514_string())
        if revocation.state is RevocationState.REVOKED:
            return _refused(CERTIFICATE_REVOKED, f"{subject}: {revocation.detail}")
        if revocation.state is RevocationState.UNKNOWN:
            unknown.append(Finding(REVOCATION_UNKNOWN, f"{subject}: {revocation.detail}"))
    return tuple(unknown)


def _refused(reason: Reason, detail: str, *, retry: bool = False) -> Refusal:
    return Refusal((Finding(reason, detail),), retry)


def _date(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()
