"""Is this stranger's certificate to be believed: profile, path, authority, revocation, in that order.

Done once for a chain and a trust generation (`ValidatedChain.trust_digest`), in each trust domain until one
believes it; what changes from call to call is asked in `covers_time` and `gateway.certificates.use`.
Sources: ATIS-1000080 section 6.4.1, RFC 5280 section 6, RFC 8226 section 9, RFC 9060 sections 4 to 7.
Nothing here fetches anything; what is to be fetched before the chain can be judged is said in its Refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.certificates.authority import Authority
from gateway.certificates.constraints import Constraints
from gateway.certificates.delegation import judge_delegation
from gateway.certificates.domain import TrustDomain
from gateway.certificates.path import NoPath, Path, find_path_in
from gateway.certificates.profile import judge_profile
from gateway.certificates.reading import CertificateError, read_pem_certificates, show
from gateway.certificates.revocation import RevocationState, revocation_pointers
from gateway.certificates.revocation_state import ChainRevocation
from gateway.certificates.tn_reference import FetchedLists, ListElsewhere
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNTRUSTED,
    REVOCATION_UNKNOWN,
    TNAUTHLIST_PENDING,
    Finding,
    Reason,
)

_MAX_CERTIFICATES: Final = 10
"""The longest real file has four."""
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_NOTHING_FETCHED: Final[FetchedLists] = MappingProxyType({})
_TELLS_LEAST: Final = (CERTIFICATE_PROFILE, CERTIFICATE_UNTRUSTED)
"""Of several domains' refusals the one that came furthest is given: a domain that is not the certificate's
has no path to it, or does not accept its policy."""


class ChainError(ValueError):
    """The bytes are no certificate chain; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedChain:
    """A chain that is trusted whenever `covers_time` says so. Times are epoch seconds.

    Whether it may stand behind a given PASSporT is said by `gateway.certificates.use.judge_use`.
    """

    public_key: EllipticCurvePublicKey
    leaf_fingerprint: str
    """SHA-256 of the leaf's DER, hex."""
    not_before: int
    not_after: int
    """The window in which the whole path is valid, anchor included, both ends included."""
    domain: str
    """The name of the trust domain that believes it."""
    tn_auth_list: TnAuthList
    authority: Authority
    constraints: Constraints | None
    revocation: ChainRevocation
    x5u_prefixes: tuple[str, ...]
    """Where the domain publishes certificates; empty for anywhere."""
    subject: str
    issuer: str
    warnings: tuple[Finding, ...]
    trust_digest: str

    @property
    def spc(self) -> tuple[str, ...]:
        """The provider codes the certificate speaks for; exactly one for `shaken`."""
        return self.tn_auth_list.spcs

    @property
    def missing_crls(self) -> tuple[str, ...]:
        """Where the revocation lists are published that it points to and that are not at hand."""
        return self.revocation.missing

    @property
    def revocation_fresh_until(self) -> int | None:
        """The last moment at which every revocation list that vouches is in its dates; None without lists."""
        return self.revocation.fresh_until

    def covers_time(self, epoch_seconds: int) -> bool:
        """Say whether every certificate of the path is valid at that moment."""
        return self.not_before <= epoch_seconds <= self.not_after


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chain is not trusted; the first finding is the one to answer with."""

    findings: tuple[Finding, ...]
    retry: bool = False
    """True when the same bytes under the same trust may be believed later: they are not valid yet, or wait
    for a list."""
    tn_list_urls: tuple[str, ...] = ()
    """Where the TNAuthList stands without which the chain cannot be judged; alternatives, the preferred one
    first. Hold them against the rules for x5u, fetch one, and validate again with it."""


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


def validate(
    chain: tuple[x509.Certificate, ...],
    trust: Trust,
    now: int,
    *,
    tn_lists: FetchedLists = _NOTHING_FETCHED,
) -> ValidatedChain | Refusal:
    """Judge a chain from `parse_chain` at `now` (epoch seconds). Never raises.

    `tn_lists` are the lists that certificates keep elsewhere, as far as they have been fetched. Domains are
    asked in their order, and one that has revoked the chain ends the search: a later one with the same anchor
    and without that list must not believe it.
    """
    refusals: list[Refusal] = []
    for domain in trust.domains:
        result = _validate_in(chain, domain, trust.digest, now, tn_lists)
        if isinstance(result, ValidatedChain) or result.findings[0].reason is CERTIFICATE_REVOKED:
            return result
        refusals.append(result)
    return max(refusals, key=_came_how_far)


def _came_how_far(refusal: Refusal) -> int:
    reason = refusal.findings[0].reason
    return _TELLS_LEAST.index(reason) if reason in _TELLS_LEAST else len(_TELLS_LEAST)


def _validate_in(
    chain: tuple[x509.Certificate, ...],
    domain: TrustDomain,
    trust_digest: str,
    now: int,
    tn_lists: FetchedLists,
) -> ValidatedChain | Refusal:
    leaf, *others = chain
    # First, because it costs no signature: a stranger's certificate of the wrong kind goes no further.
    profile = judge_profile(leaf, domain.policy_oids, tn_lists)
    own = profile.tn_auth_list
    if profile.refusals or profile.public_key is None or own is None:
        return Refusal(profile.refusals)
    path = _path(leaf, others, domain, now)
    if isinstance(path, Refusal):
        return path
    # Only now: an address that a stranger wrote into a certificate is not for fetching.
    delegated = judge_delegation(path, own, tn_lists)
    if isinstance(delegated, Finding):
        return Refusal((delegated,))
    if isinstance(delegated, ListElsewhere):
        pending = Finding(TNAUTHLIST_PENDING, f"it stands at {show(delegated.urls[0])}")
        return Refusal((pending,), retry=True, tn_list_urls=delegated.urls)
    revocation = _revocation(path, domain, now)
    if isinstance(revocation, Refusal):
        return revocation
    state, unknown = revocation
    return ValidatedChain(
        public_key=profile.public_key,
        leaf_fingerprint=leaf.fingerprint(SHA256()).hex(),
        not_before=path.not_before,
        not_after=path.not_after,
        domain=domain.name,
        tn_auth_list=delegated,
        authority=Authority.of(delegated, allow_delegate_shaken=domain.allow_delegate_shaken),
        constraints=profile.constraints,
        revocation=state,
        x5u_prefixes=domain.x5u_prefixes,
        subject=show(leaf.subject.rfc4514_string()),
        issuer=show(leaf.issuer.rfc4514_string()),
        warnings=(*profile.warnings, *unknown),
        trust_digest=trust_digest,
    )


def _path(
    leaf: x509.Certificate, others: list[x509.Certificate], domain: TrustDomain, now: int
) -> Path | Refusal:
    path = find_path_in(leaf, others, domain, now=now)
    if isinstance(path, NoPath):
        return _refused(CERTIFICATE_UNTRUSTED, path.detail)
    if now < path.not_before:
        return _refused(CERTIFICATE_EXPIRED, f"not valid before {_date(path.not_before)}", retry=True)
    if now > path.not_after:
        return _refused(CERTIFICATE_EXPIRED, f"not valid after {_date(path.not_after)}")
    return path


def _revocation(
    path: Path, domain: TrustDomain, now: int
) -> tuple[ChainRevocation, tuple[Finding, ...]] | Refusal:
    """Look up everything below the anchor: for how long it is vouched for, and what is unknown."""
    unknown: list[Finding] = []
    unvouched: list[x509.Certificate] = []
    fresh_from: list[int] = []
    fresh_until: list[int] = []
    for certificate, issuer in pairwise(path.certificates):
        revocation = domain.crls.judge(certificate, issuer, now=now)
        if revocation.state is RevocationState.VOUCHED:
            fresh_from.append(revocation.fresh_from)
            fresh_until.append(revocation.fresh_until)
            continue
        subject = show(certificate.subject.rfc4514_string())
        if revocation.state is RevocationState.REVOKED:
            return _refused(CERTIFICATE_REVOKED, f"{subject}: {revocation.detail}")
        unknown.append(Finding(REVOCATION_UNKNOWN, f"{subject}: {revocation.detail}"))
        unvouched.append(certificate)
    state = ChainRevocation(
        domain.revocation,
        fresh_from=max(fresh_from, default=0),
        fresh_until=min(fresh_until, default=None),
        missing=revocation_pointers(unvouched),
    )
    return state, tuple(unknown)


def _refused(reason: Reason, detail: str, *, retry: bool = False) -> Refusal:
    return Refusal((Finding(reason, detail),), retry)


def _date(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()
