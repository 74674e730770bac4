"""Whether a certificate has been revoked, from the revocation lists at hand (RFC 5280 sections 5 and 6.3).

SHAKEN's list is indirect: the STI-PA signs it for the certificates of every authority, an entry names
the certificate's issuer (`certificateIssuer`, carried forward to the entries after it), and a certificate
is found by issuer *and* serial number. Most real pointers omit cRLIssuer though the list is indirect, so
without it any indirect list of a configured issuer counts. Lists that an authority signs for its own
certificates count too, and those of an anchor for all that lead to it. For a certificate that leads to
another anchor they count only where it names the first one as its cRLIssuer (RFC 5280 section 4.2.1.13): one
authority of a trust list is nobody to revoke, or to vouch for, what another has issued.

A list does two things, and only one of them needs the list to be in order: an entry in it revokes, even
when the list is overdue or out of its scope; *not* being in it vouches only when the list is complete and
in scope, and for how long is for `gateway.certificates.revocation_state` to say. What no list vouches for
is unknown, never good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.certificates.reading import UNREADABLE, show
from gateway.certificates.revocation_list import NameKey, RevocationList, name_key, point_names


class RevocationState(Enum):
    """Three values: what is not known is neither vouched for nor revoked."""

    VOUCHED = "vouched"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What the lists say of one certificate."""

    state: RevocationState
    detail: str = ""
    fresh_from: int = 0
    fresh_until: int = 0
    """The dates of the list that vouches, epoch seconds, both included; it may be past them by now."""


@dataclass(frozen=True, slots=True)
class MissingList:
    """A list that a certificate points to and that is not at hand, or does not speak for it."""

    url: str
    issuer_der: bytes = field(repr=False)
    """The issuer's certificate: beside CRL issuers and anchors it alone may sign the list."""


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """All lists of a trust generation; a look-up takes as long with a million entries as with one."""

    lists: tuple[RevocationList, ...] = ()
    appointed: frozenset[str] = frozenset()
    """Fingerprints of the lists that a configured CRL issuer has signed: they speak for every authority's
    certificates."""
    anchored: frozenset[str] = frozenset()
    """Those that an anchor has signed."""
    cannot_vouch: frozenset[str] = frozenset()
    """Those of them whose issuer's certificate lacks cRLSign: they revoke, but do not vouch."""
    _signed: dict[tuple[str, bytes], bool] = field(default_factory=dict, compare=False, repr=False)
    """Which list was signed by which authority's key: answered once, for hashing a list takes long."""

    def judge(
        self,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        *,
        anchor: x509.Certificate,
        now: int,
    ) -> Revocation:
        """Look one certificate up: `issuer` is the one above it in a verified path, `anchor` the last."""
        key = name_key(certificate.issuer)
        pointers = _pointers(certificate)
        detail = "no revocation list for it is loaded"
        best: RevocationList | None = None
        for crl in self.lists:
            if not self._speaks_for(crl, pointers, issuer, anchor):
                continue
            if certificate.serial_number in crl.revoked.get(key, ()):
                return Revocation(
                    RevocationState.REVOKED, f"serial {certificate.serial_number:x}, {crl.file}"
                )
            if not _in_scope(crl, key, certificate, pointers):
                continue
            obstacle = self._obstacle(crl, issuer, now)
            if obstacle is not None:
                detail = obstacle
            elif best is None or _end(crl) > _end(best):
                best = crl
        if best is None:
            return Revocation(RevocationState.UNKNOWN, detail)
        return Revocation(RevocationState.VOUCHED, fresh_from=best.this_update, fresh_until=_end(best))

    def _speaks_for(
        self,
        crl: RevocationList,
        pointers: tuple[x509.DistributionPoint, ...],
        issuer: x509.Certificate,
        anchor: x509.Certificate,
    ) -> bool:
        """Say whether what stands in the list is to be believed of the certificates of this issuer."""
        if crl.fingerprint in self.appointed or self._is_signed_by(crl, issuer):
            return True
        if crl.fingerprint not in self.anchored:
            return False
        return self._is_signed_by(crl, anchor) or any(
            crl.issuer in map(name_key, _crl_issuers(point)) for point in pointers
        )

    def _is_signed_by(self, crl: RevocationList, authority: x509.Certificate) -> bool:
        if crl.issuer != name_key(authority.subject):
            return False
        public_key = authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        memory_key = (crl.fingerprint, hashlib.sha256(public_key).digest())
        if memory_key not in self._signed:
            self._signed[memory_key] = is_signed_by(crl.crl, authority)
        return self._signed[memory_key]

    def _obstacle(self, crl: RevocationList, issuer: x509.Certificate, now: int) -> str | None:
        if crl.next_update is None:
            return f"{crl.file} does not say when it will be replaced"
        if now < crl.this_update:
            return f"{crl.file} is dated in the future"
        if crl.fingerprint in self.cannot_vouch:
            return f"the issuer of {crl.file} may not sign revocation lists"
        is_configured = crl.fingerprint in self.appointed or crl.fingerprint in self.anchored
        if not is_configured and not may_sign_lists(issuer):
            return f"the authority that signed {crl.file} may not sign revocation lists"
        return None


def build_revocation_lists(
    lists: tuple[RevocationList, ...],
    *,
    issuers: tuple[x509.Certificate, ...] = (),
    anchors: tuple[x509.Certificate, ...] = (),
) -> tuple[RevocationLists, list[tuple[str, str]]]:
    """Check who signed each list; `issuers` are the configured CRL issuers.

    The second value names the files with a list that can never be used, and says why. A list that no
    issuer here has the name of, and that is not indirect, waits for the authority it names to turn up
    in a path.
    """
    by_name: dict[NameKey, list[x509.Certificate]] = {}
    for issuer in (*issuers, *anchors):
        by_name.setdefault(name_key(issuer.subject), []).append(issuer)
    appointed: set[str] = set()
    anchored: set[str] = set()
    cannot_vouch: set[str] = set()
    problems: list[tuple[str, str]] = []
    appointing = frozenset(issuers)
    for crl in lists:
        named = by_name.get(crl.issuer, [])
        signers = [issuer for issuer in named if is_signed_by(crl.crl, issuer)]
        name = show(crl.crl.issuer.rfc4514_string())
        if signers:
            (anchored if appointing.isdisjoint(signers) else appointed).add(crl.fingerprint)
            if not any(may_sign_lists(signer) for signer in signers):
                cannot_vouch.add(crl.fingerprint)
        elif named:
            problems.append((crl.file, f"the signature does not fit the key of the list's issuer ({name})"))
        elif crl.indirect:
            problems.append((crl.file, f"the list's issuer is not a configured CRL issuer ({name})"))
    return (
        RevocationLists(lists, frozenset(appointed), frozenset(anchored), frozenset(cannot_vouch)),
        problems,
    )


def is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Tell whether the key of this certificate made the list's signature."""
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # TypeError: another key
    except UNREADABLE:
        return False


def may_sign_lists(issuer: x509.Certificate) -> bool:
    """RFC 5280 section 6.3.3 (f): with a key usage extension, the cRLSign bit must be set."""
    for extension in issuer.extensions:
        if isinstance(extension.value, x509.KeyUsage):
            return extension.value.crl_sign
    return True


def _end(crl: RevocationList) -> int:
    return crl.next_update or 0


def missing_lists(
    certificates: Iterable[tuple[x509.Certificate, x509.Certificate]],
) -> tuple[MissingList, ...]:
    """Give the lists that these certificates, each with its issuer's, point to; each address once.

    They are strangers' addresses: whoever fetches holds them against the rules of `gateway.certificates.x5u`.
    Anything but http and https is left out.
    """
    found: dict[str, MissingList] = {}
    for certificate, issuer in certificates:
        for point in _pointers(certificate):
            for url in _urls(point):
                if url.startswith(("https://", "http://")):
                    found.setdefault(url, MissingList(url, issuer.public_bytes(Encoding.DER)))
    return tuple(found.values())


def _pointers(certificate: x509.Certificate) -> tuple[x509.DistributionPoint, ...]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints):
            return tuple(extension.value)
    return ()


def _in_scope(
    crl: RevocationList,
    key: NameKey,
    certificate: x509.Certificate,
    pointers: tuple[x509.DistributionPoint, ...],
) -> bool:
    """Tell whether a certificate that is not on the list is vouched for by it (RFC 5280 section 6.3.3 b)."""
    if not crl.complete or not (crl.covers_authorities if _is_authority(certificate) else crl.covers_leaves):
        return False
    own = crl.issuer == key
    if own and not crl.names:
        return True
    if not own and not crl.indirect:
        return False
    # A list that names where it is published is one of several (RFC 5280 section 6.3.3 b 2 i): an authority
    # may spread its certificates over many, and the silence of another's says nothing.
    return any(_points_at(point, crl, certificate.issuer) for point in pointers)


def _points_at(point: x509.DistributionPoint, crl: RevocationList, issuer: x509.Name) -> bool:
    by = _crl_issuers(point)
    if by and crl.issuer not in map(name_key, by):
        return False
    if not crl.names:
        return True
    names = point_names(point, by[0] if by else issuer)
    # A pointer that says no more than who signs the list means one under that name.
    return not crl.names.isdisjoint(names or set(map(name_key, by)))


def _crl_issuers(point: x509.DistributionPoint) -> list[x509.Name]:
    return [name.value for name in point.crl_issuer or () if isinstance(name, x509.DirectoryName)]


def _urls(point: x509.DistributionPoint) -> tuple[str, ...]:
    names = point.full_name or ()
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _is_authority(certificate: x509.Certificate) -> bool:
    return any(
        extension.value.ca
        for extension in certificate.extensions
        if isinstance(extension.value, x509.BasicConstraints)
    )
