"""Is this stranger's certificate to be believed: profile, path, authority, revocation, in that order.

Done once for a chain and a trust generation (`ValidatedChain.trust_digest`), in each trust domain until one
believes it; what changes from call to call is asked in `covers_time` and `gateway.certificates.use`.
Sources: ATIS-1000080 section 6.4.1, RFC 5280 section 6, RFC 8226 section 9, RFC 9060 sections 4 to 7.
Nothing here fetches anything; what is to be fetched before the chain can be judged is said in its Refusal.
"""

from __future__ import annotations

from collections.abc import Collection
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
from gateway.certificates.revocation import MissingList, RevocationState, missing_lists
from gateway.certificates.revocation_state import ChainRevocation, RevocationPolicy
from gateway.certificates.tn_reference import FetchedLists, ListElsewhere
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNTRUSTED,
    REVOCATION_PENDING,
    REVOCATION_UNKNOWN,
    REVOCATION_UNOBTAINABLE,
    TNAUTHLIST_PENDING,
    Finding,
    Reason,
)

_MAX_CERTIFICATES: Final = 10
"""The longest real file has four."""
_MAX_NAMES: Final = 100
"""Alternative names and subtrees of name constraints in one file; real ones have none. The path builder holds
each against each before it knows who signed them, so thousands would cost a second for one call."""
_MAX_POINTERS: Final = 20
"""Places of revocation lists in one file; each of 7,966 real certificates names one. All are fetched before a
call passes: a holder who certifies others could have a gateway ask a thousand hosts for one call."""
_BEGIN: Final = b"-----BEGIN "
_NOTHING_FETCHED: Final[FetchedLists] = MappingProxyType({})
_ENDS_THE_SEARCH: Final = (CERTIFICATE_REVOKED, REVOCATION_PENDING, REVOCATION_UNOBTAINABLE)
"""A later domain with the same anchor and without that list must not believe the chain."""
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
    missing_lists: tuple[MissingList, ...]
    """Revocation lists that it points to and that are not at hand."""
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
    missing_lists: tuple[MissingList, ...] = ()
    """The revocation lists without which the chain is not judged. Fetch them by the same rules, and validate
    again under a trust that has them, or with those named that cannot be had."""


def parse_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read what an x5u serves: the leaf first, the authorities behind it in any order (RFC 9060 7).

    Raises ChainError, and nothing else.
    """
    if pem.count(_BEGIN) > _MAX_CERTIFICATES:
        raise ChainError(f"holds more than {_MAX_CERTIFICATES} certificates")
    try:
        chain = read_pem_certificates(pem)
    except CertificateError as error:
        raise ChainError(str(error)) from error
    _check_counts(chain)
    return chain


def _check_counts(chain: tuple[x509.Certificate, ...]) -> None:
    names = pointers = 0
    for value in (extension.value for certificate in chain for extension in certificate.extensions):
        if isinstance(value, x509.SubjectAlternativeName):
            names += len(list(value))
        elif isinstance(value, x509.NameConstraints):
            names += len(value.permitted_subtrees or ()) + len(value.excluded_subtrees or ())
        elif isinstance(value, x509.CRLDistributionPoints):
            pointers += sum(len(point.full_name or ()) for point in value)
    if names > _MAX_NAMES:
        raise ChainError(f"holds more than {_MAX_NAMES} alternative names and name constraints")
    if pointers > _MAX_POINTERS:
        raise ChainError(f"names more than {_MAX_POINTERS} places of revocation lists")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a domain judges by, besides what is its own."""

    trust_digest: str
    now: int
    tn_lists: FetchedLists
    unobtainable: Collection[str]


def validate(
    chain: tuple[x509.Certificate, ...],
    trust: Trust,
    now: int,
    *,
    tn_lists: FetchedLists = _NOTHING_FETCHED,
    unobtainable: Collection[str] = (),
) -> ValidatedChain | Refusal:
    """Judge a chain from `parse_chain` at `now` (epoch seconds). Never raises.

    `tn_lists` are the lists that certificates keep elsewhere, as far as they have been fetched;
    `unobtainable` the addresses of revocation lists that were asked for in vain. Domains are asked in their
    order, and one that has revoked the chain, or waits for its revocation list, ends the search.
    """
    known = _Known(trust.digest, now, tn_lists, unobtainable)
    refusals: list[Refusal] = []
    for domain in trust.domains:
        result = _validate_in(chain, domain, known)
        if isinstance(result, ValidatedChain) or result.findings[0].reason in _ENDS_THE_SEARCH:
            return result
        refusals.append(result)
    return max(refusals, key=_came_how_far)


def _came_how_far(refusal: Refusal) -> int:
    reason = refusal.findings[0].reason
    return _TELLS_LEAST.index(reason) if reason in _TELLS_LEAST else len(_TELLS_LEAST)


def _validate_in(
    chain: tuple[x509.Certificate, ...], domain: TrustDomain, known: _Known
) -> ValidatedChain | Refusal:
    leaf, *others = chain
    # First, because it costs no signature: a stranger's certificate of the wrong kind goes no further.
    profile = judge_profile(leaf, domain.policy_oids, known.tn_lists)
    own = profile.tn_auth_list
    if profile.refusals or profile.public_key is None or own is None:
        return Refusal(profile.refusals)
    path = _path(leaf, others, domain, known.now)
    if isinstance(path, Refusal):
        return path
    # Only now: an address that a stranger wrote into a certificate is not for fetching.
    delegated = judge_delegation(path, own, known.tn_lists)
    if isinstance(delegated, Finding):
        return Refusal((delegated,))
    if isinstance(delegated, ListElsewhere):
        pending = Finding(TNAUTHLIST_PENDING, f"it stands at {show(delegated.urls[0])}")
        return Refusal((pending,), retry=True, tn_list_urls=delegated.urls)
    revocation = _revocation(path, domain, known)
    if isinstance(revocation, Refusal):
        return revocation
    state, missing, unknown = revocation
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
        missing_lists=missing,
        x5u_prefixes=domain.x5u_prefixes,
        subject=show(leaf.subject.rfc4514_string()),
        issuer=show(leaf.issuer.rfc4514_string()),
        warnings=(*profile.warnings, *unknown),
        trust_digest=known.trust_digest,
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
    path: Path, domain: TrustDomain, known: _Known
) -> tuple[ChainRevocation, tuple[MissingList, ...], tuple[Finding, ...]] | Refusal:
    """Look up everything below the anchor: for how long it is vouched for, and what is unknown."""
    unknown: list[Finding] = []
    unvouched: list[tuple[x509.Certificate, x509.Certificate]] = []
    fresh_from: list[int] = []
    fresh_until: list[int] = []
    for certificate, issuer in pairwise(path.certificates):
        revocation = domain.crls.judge(certificate, issuer, anchor=path.certificates[-1], now=known.now)
        if revocation.state is RevocationState.VOUCHED:
            fresh_from.append(revocation.fresh_from)
            fresh_until.append(revocation.fresh_until)
            continue
        subject = show(certificate.subject.rfc4514_string())
        if revocation.state is RevocationState.REVOKED:
            return _refused(CERTIFICATE_REVOKED, f"{subject}: {revocation.detail}")
        unknown.append(Finding(REVOCATION_UNKNOWN, f"{subject}: {revocation.detail}"))
        unvouched.append((certificate, issuer))
    missing = missing_lists(unvouched)
    refusal = _refused_for_missing(missing, domain.revocation, known.unobtainable)
    if refusal is not None:
        return refusal
    state = ChainRevocation(
        domain.revocation,
        fresh_from=max(fresh_from, default=0),
        fresh_until=min(fresh_until, default=None),
    )
    return state, missing, tuple(unknown)


def _refused_for_missing(
    missing: tuple[MissingList, ...], policy: RevocationPolicy, unobtainable: Collection[str]
) -> Refusal | None:
    """Say what the domain's policy makes of lists that are not at hand: None where it goes on without."""
    for each in missing:
        if policy.wait_for_missing and each.url not in unobtainable:
            finding = Finding(REVOCATION_PENDING, f"it is published at {show(each.url)}")
            return Refusal((finding,), retry=True, missing_lists=missing)
    if missing and policy.refuse_unobtainable:
        finding = Finding(REVOCATION_UNOBTAINABLE, f"it is published at {show(missing[0].url)}")
        return Refusal((finding,), retry=True, missing_lists=missing)
    return None


def _refused(reason: Reason, detail: str, *, retry: bool = False) -> Refusal:
    return Refusal((Finding(reason, detail),), retry)


def _date(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()
