"""The revocation lists of x509-limbo (rfc5280::crl, and crl's external ones), made anew: see test_limbo.

Limbo knows accepted and refused. Here a list may also say nothing of a certificate: what becomes of a call
then is the operator's choice, and it is never the same as being vouched for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gateway.certificates.reading import read_certificates
from gateway.certificates.revocation import RevocationState, build_revocation_lists
from gateway.certificates.revocation_list import RevocationListError, read_revocation_lists
from gateway.certificates.revocation_state import ChainRevocation, RevocationPolicy
from tests.conformance.limbo import root
from tests.hostile import certificates as make
from tests.hostile.certificates import DAY, NOW, Made, uri
from tests.hostile.chains import authority, leaf
from tests.hostile.der import integer
from tests.hostile.revocation_lists import entry, revocation_list, scope

ANOTHER = 0xABCDEF
UNKNOWN_CRITICAL = make.extension("1.3.6.1.4.1.99999.666.1", b"", critical=True)
UNKNOWN = make.extension("1.3.6.1.4.1.99999.666.1", b"")
HERE, ELSEWHERE = uri("https://crl.example.org/partition"), uri("https://crl.example.org/other")
ROOT, OTHER_ROOT = root(), root("SHAKEN Limbo ROOT 2")


@dataclass(frozen=True)
class Case:
    """A certificate, who issued it, and the lists at hand."""

    lists: Callable[[Made, Made], tuple[bytes, ...]]
    issuer: Made = ROOT
    certificate: Callable[[Made], Made] = leaf


def said(case: Case) -> str:
    """What the lists say of the certificate: vouched, outdated, revoked or unknown."""
    certificate = case.certificate(case.issuer)
    lists = []
    for number, der in enumerate(case.lists(case.issuer, certificate)):
        try:
            lists += read_revocation_lists(f"{number}.crl", der)
        except RevocationListError:
            continue  # as one that could not be had
    anchors = tuple(read_certificates(one.der)[0] for one in (case.issuer, OTHER_ROOT))
    _, unfit = build_revocation_lists(tuple(lists), anchors=anchors)
    fit = tuple(each for each in lists if each.file not in {file for file, _ in unfit})
    usable, _ = build_revocation_lists(fit, anchors=anchors)
    found = usable.judge(read_certificates(certificate.der)[0], anchors[0], anchor=anchors[0], now=NOW)
    if found.state is not RevocationState.VOUCHED:
        return found.state.value
    finding = ChainRevocation(RevocationPolicy(), found.fresh_from, found.fresh_until).judge(NOW)
    return "vouched" if finding is None else "outdated"


def of_issuer(*entries: bytes, **how: object) -> Case:
    return Case(lambda issuer, _: (revocation_list(issuer, *entries, **how),))  # type: ignore[arg-type]


def of_certificate(**of_entry: object) -> Case:
    """The issuer's list, the certificate on it."""
    return Case(lambda issuer, own: (revocation_list(issuer, entry(own.serial, **of_entry)),))  # type: ignore[arg-type]


def by(**of_root: object) -> Case:
    """The list of another certificate, issued by a root with these changes."""
    return Case(lambda issuer, _: (revocation_list(issuer, entry(ANOTHER)),), issuer=root(**of_root))


def at(point: bytes | None, *, published: bytes = HERE, **what: object) -> Case:
    """A list published there, for a certificate that points there, or nowhere."""
    pointers = None if point is None else make.pointers(make.point(point))
    return Case(
        lambda issuer, _: (revocation_list(issuer, more=[scope(published, **what)]),),  # type: ignore[arg-type]
        certificate=lambda issuer: leaf(issuer, pointers=pointers),
    )


CASES: dict[str, tuple[str, Case]] = {
    "revoked-certificate-with-crl": ("revoked", of_certificate()),
    "certificate-not-on-crl": ("vouched", of_issuer(entry(ANOTHER), entry(ANOTHER + 1, at=NOW - 2 * DAY))),
    "certificate-serial-on-crl-different-issuer": ("vouched", Case(lambda issuer, own: (
        revocation_list(issuer), revocation_list(OTHER_ROOT, entry(own.serial))))),
    "crlnumber-critical": ("unknown", of_issuer(entry(ANOTHER), number=False, more=[
        make.authority_key(make.key_id(ROOT.key)),
        make.extension("2.5.29.20", integer(12345), critical=True)])),
    "issuer-missing-crlsign": ("unknown", by(usage=make.usage(make.CERTIFICATES, critical=False))),
    "issuer-no-keyusage-extension": ("vouched", by(usage=None)),
    "issuer-valid-crlsign-and-keycertsign": (
        "vouched", by(usage=make.usage(make.CERTIFICATES, make.LISTS, critical=False))),
    "crl-invalid-signature": ("unknown", of_issuer(entry(ANOTHER), key=make.new_key())),
    "crl-wrong-signing-key": ("unknown", of_issuer(entry(ANOTHER), key=OTHER_ROOT.key)),
    "crl-empty": ("vouched", of_issuer()),
    "crl-very-large": ("vouched", of_issuer(*(entry(ANOTHER + number) for number in range(10_000)))),
    "crl-unknown-critical-extension": ("unknown", of_issuer(entry(ANOTHER), more=[UNKNOWN_CRITICAL])),
    "crl-unknown-noncritical-extension": ("vouched", of_issuer(entry(ANOTHER), more=[UNKNOWN])),
    "entry-unknown-critical-extension": ("unknown", of_certificate(more=[UNKNOWN_CRITICAL])),
    "entry-unknown-noncritical-extension": ("revoked", of_certificate(more=[UNKNOWN])),
    "this-update-in-future": ("unknown", of_issuer(this_update=NOW + DAY, next_update=NOW + 30 * DAY)),
    "next-update-in-past": ("outdated", of_issuer(this_update=NOW - 60 * DAY, next_update=NOW - 30 * DAY)),
    "revocation-date-in-future": ("revoked", of_certificate(at=NOW + DAY)),
    "revocation-date-before-not-before": ("revoked", of_certificate(at=NOW - 60 * DAY)),
    "crl-validity-no-overlap": (
        "outdated", of_issuer(this_update=NOW - 365 * DAY, next_update=NOW - 180 * DAY)),
    "idp-cdp-scope-mismatch": ("unknown", at(HERE, published=ELSEWHERE)),
    "idp-cdp-scope-match": ("vouched", at(HERE)),
    "idp-only-contains-user-certs-ca-target": ("unknown", Case(
        lambda issuer, _: (revocation_list(issuer, more=[scope(users=True)]),),
        certificate=lambda issuer: authority("SHAKEN Limbo CA", issuer))),
    "idp-only-contains-ca-certs-ee-target": ("unknown", of_issuer(more=[scope(authorities=True)])),
    "idp-present-certificate-missing-cdp": ("unknown", at(None)),
    "idp-only-contains-attribute-certs": (
        "unknown", of_issuer(entry(ANOTHER), more=[scope(attributes=True)])),
    "crl-invalid-version": ("unknown", Case(lambda issuer, own: (
        revocation_list(issuer, entry(own.serial), version=integer(4)),))),
}  # fmt: skip

OTHERWISE: dict[str, tuple[str, str, Case]] = {
    "crlnumber-missing": (
        "a duty of who issues (RFC 5280 section 5.2.3), which section 6.3.3 does not check",
        "vouched", of_issuer(entry(ANOTHER), number=False)),
    "crl-missing-next-update": (
        "limbo sets the list aside; to be named by one's issuer is enough to be revoked",
        "revoked", Case(lambda issuer, own: (revocation_list(issuer, entry(own.serial), next_update=None),))),
    "crl-update-generalizedtime-2025": (
        "the same: the form of a date takes nobody off the list",
        "revoked", Case(lambda issuer, own: (
            revocation_list(issuer, entry(own.serial), next_as_generalized=True),))),
}  # fmt: skip
"""Where limbo expects something else, and why."""


@pytest.mark.parametrize("case", CASES)
def test_lists_are_read_as_limbo_reads_them(case: str):
    expected, made = CASES[case]
    assert said(made) == expected


@pytest.mark.parametrize("case", OTHERWISE)
def test_lists_that_limbo_reads_otherwise(case: str):
    _, expected, made = OTHERWISE[case]
    assert said(made) == expected
