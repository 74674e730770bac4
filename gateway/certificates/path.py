"""From a leaf to an anchor: the path of RFC 5280 section 6, built and checked by `cryptography`.

Its default policies are those of the web and refuse a SHAKEN certificate for want of a host name, so
they are replaced: any leaf (the profile has judged it), and authorities with the CA flag and the right
to sign certificates; a critical certificatePolicies is allowed (real certificates have it), every other
critical extension the verifier does not process is refused by it. So is an extension that RFC 5280 wants
critical and is not, or the reverse.

Differs from RFC 5280 section 7.1: names are the same when their bytes are, as an authority must write its
own name; another case or string type leads to no path.
Differs from RFC 5280 section 6.1.4 (l): a self-issued certificate counts for the path length too.
Differs from RFC 5280 section 6.1.4 (g): constraints on names of a kind that is not compared (directory names,
URIs) refuse the path, whether the names below fit or not.

A validity that has passed is told apart from a path that never was: without a path at `now`, one is
looked for at every moment at which one could begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from gateway.certificates.domain import TrustDomain
from gateway.certificates.reading import UNREADABLE, show
from gateway.certificates.trust import Trust

_MAX_AUTHORITIES: Final = 4
"""Below the anchor. SHAKEN has one or two; delegation (RFC 9060) adds one or two more."""
_MAX_OF_ONE_NAME: Final = 2
"""An authority certified twice, by an old and a new root. More would let a stranger's file of mutually
signed certificates make the path builder try every order of them."""


@dataclass(frozen=True, slots=True)
class Path:
    """Leaf first, anchor last, and the time in which all of it is valid, both ends included."""

    certificates: tuple[x509.Certificate, ...]
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class NoPath:
    """Why there is none, as the path builder says it."""

    detail: str


def find_path(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], trust: Trust, *, now: int
) -> Path | NoPath:
    """Find a path into the first domain that has one that is valid at `now`, or else at another time."""
    found = [find_path_in(leaf, others, domain, now=now) for domain in trust.domains]
    paths = [path for path in found if isinstance(path, Path)]
    valid = [path for path in paths if path.not_before <= now <= path.not_after]
    return (valid or paths or found)[0]


def find_path_in(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], domain: TrustDomain, *, now: int
) -> Path | NoPath:
    """Find a path that is valid at `now` (epoch seconds), or else one that is valid at another time.

    Compare `now` with the path's dates to know which it is. Never raises.
    """
    authorities = _candidates(leaf, others)
    moment = datetime.fromtimestamp(now, UTC)
    first = build_path(leaf, authorities, anchors=domain.anchors, store=domain.store, moment=moment)
    if isinstance(first, Path):
        return first
    # A path is valid from the latest notBefore of its members on, which is one of these moments.
    known = (leaf, *authorities, *domain.anchors)
    if all(one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in known):
        return first
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    for start in sorted({one.not_valid_before_utc for one in known}):
        if begin <= start <= end:
            path = build_path(leaf, authorities, anchors=domain.anchors, store=domain.store, moment=start)
            if isinstance(path, Path):
                return path
    return first


def _candidates(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Choose what may stand between leaf and anchor: a root that was sent along adds nothing to trust."""
    chosen: list[x509.Certificate] = []
    for one in dict.fromkeys(others):
        same_name = sum(one.subject == other.subject for other in chosen)
        if one != leaf and same_name < _MAX_OF_ONE_NAME and not _is_self_signed(one):
            chosen.append(one)
    return chosen


def _is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell a root from a self-issued certificate, by which an authority passes to a new key."""
    if certificate.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def build_path(
    leaf: x509.Certificate,
    authorities: list[x509.Certificate],
    *,
    anchors: tuple[x509.Certificate, ...],
    store: Store | None,
    moment: datetime,
) -> Path | NoPath:
    """Build a path to one of the anchors (`store` holds the same ones) that is valid at that moment."""
    if store is None:
        return NoPath("the trust domain's list of authorities has not been obtained")
    verifier = (
        PolicyBuilder()
        .store(store)
        .time(moment)
        .max_chain_depth(_MAX_AUTHORITIES)
        .extension_policies(ca_policy=_authority_policy(anchors), ee_policy=_LEAF_POLICY)
        .build_client_verifier()
    )
    try:
        certificates = tuple(verifier.verify(leaf, authorities).chain)
    except (VerificationError, ValueError) as error:
        return NoPath(show(str(error).partition(" (encountered processing")[0]))
    return Path(
        certificates,
        int(max(one.not_valid_before_utc for one in certificates).timestamp()),
        int(min(one.not_valid_after_utc for one in certificates).timestamp()),
    )


_USUAL: Final = (
    ExtensionPolicy.permit_all()
    .may_be_present(x509.CertificatePolicies, Criticality.AGNOSTIC, None)
    # RFC 5280 sections 4.2.1.1, 4.2.1.2 and 4.2.2.1: never critical.
    .may_be_present(x509.AuthorityKeyIdentifier, Criticality.NON_CRITICAL, None)
    .may_be_present(x509.SubjectKeyIdentifier, Criticality.NON_CRITICAL, None)
    .may_be_present(x509.AuthorityInformationAccess, Criticality.NON_CRITICAL, None)
)
# RFC 5280 section 4.2.1.10: for authorities alone.
_LEAF_POLICY: Final = _USUAL.require_not_present(x509.NameConstraints)


def _authority_policy(anchors: tuple[x509.Certificate, ...]) -> ExtensionPolicy:
    def may_sign_certificates(
        _policy: Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None
    ) -> None:
        if usage is None:
            # An anchor is trusted by configuration, and real ones come without; a stranger's authority
            # has to say what it may do.
            if certificate not in anchors:
                raise ValueError("an authority has no key usage")
        elif not usage.key_cert_sign:
            raise ValueError("an authority may not sign certificates")

    return (
        _USUAL.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, may_sign_certificates)
        # RFC 5280 section 4.2.1.12 allows it to be critical; whatever it says is read by nobody here, so one
        # that insists on being understood is refused, and the others say nothing against an authority.
        .may_be_present(x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
        # RFC 5280 sections 4.2.1.10, 4.2.1.11: always critical; the latter is not processed here.
        .may_be_present(x509.NameConstraints, Criticality.CRITICAL, None)
        .require_not_present(x509.PolicyConstraints)
    )
