"""Which of an authority's several lists a certificate points to (RFC 5280 sections 5.2.5 and 6.3.3 b)."""

from __future__ import annotations

import itertools

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.certificates.revocation import RevocationState, build_revocation_lists
from gateway.certificates.revocation_list import read_revocation_lists
from tests import pki
from tests.pki import NOW

PKI = pki.make_pki()
AUTHORITY_NAME = PKI.intermediate.certificate.subject
POINTS = {
    "an address": x509.UniformResourceIdentifier("https://crl.example.org/other"),
    "a directory name": x509.DirectoryName(pki.name("A place")),
    "a name of another kind": x509.DNSName("crl.example.org"),
}


def published_at(*names: x509.GeneralName, relative: x509.RelativeDistinguishedName | None = None):
    return x509.IssuingDistributionPoint(
        full_name=list(names) or None, relative_name=relative, only_contains_user_certs=False,
        only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
        only_contains_attribute_certs=False,
    )  # fmt: skip


def pointing_at(
    *names: x509.GeneralName, relative=None, crl_issuer: x509.Name | None = None
) -> pki.Extension:
    point = x509.DistributionPoint(
        full_name=list(names) or None, relative_name=relative, reasons=None,
        crl_issuer=[x509.DirectoryName(crl_issuer)] if crl_issuer else None,
    )  # fmt: skip
    return x509.CRLDistributionPoints([point]), False


def vouched(point: x509.IssuingDistributionPoint, pointer: pki.Extension) -> bool:
    """Whether the authority's own empty list under these names vouches for a leaf that points so."""
    leaf = pki.make_leaf(PKI.intermediate, replace=[pointer])
    crl = pki.make_crl(PKI.intermediate, indirect=False, point=point)
    [read] = read_revocation_lists("a.crl", crl)
    lists, problems = build_revocation_lists((read,))
    assert not problems
    found = lists.judge(leaf.certificate, PKI.intermediate.certificate, anchor=PKI.root.certificate, now=NOW)
    return found.state is RevocationState.VOUCHED


@pytest.mark.parametrize("kind", POINTS)
def test_names_of_any_kind_say_which_of_several_lists_is_meant(kind):
    place = POINTS[kind]
    assert vouched(published_at(place), pointing_at(place))
    for other in POINTS.values():
        if other is not place:
            assert not vouched(published_at(place), pointing_at(other))
            assert vouched(published_at(other, place), pointing_at(place))


def test_a_relative_name_begins_as_its_lists_issuer():
    last = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "A list")])
    other = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "B list")])
    whole = x509.DirectoryName(x509.Name([*AUTHORITY_NAME.rdns, last]))
    assert vouched(published_at(relative=last), pointing_at(relative=last))
    assert vouched(published_at(relative=last), pointing_at(whole))
    assert vouched(published_at(whole), pointing_at(relative=last, crl_issuer=AUTHORITY_NAME))
    assert not vouched(published_at(relative=last), pointing_at(relative=other))


def test_a_pointer_that_names_only_who_signs_means_the_list_under_that_name():
    assert vouched(published_at(x509.DirectoryName(AUTHORITY_NAME)), pointing_at(crl_issuer=AUTHORITY_NAME))
    assert not vouched(
        published_at(x509.DirectoryName(pki.name("B"))), pointing_at(crl_issuer=AUTHORITY_NAME)
    )


def test_a_list_names_its_addresses_apart():
    place = x509.DirectoryName(pki.name("A place"))
    [crl] = read_revocation_lists(
        "a.crl",
        pki.make_crl(PKI.intermediate, indirect=False, point=published_at(POINTS["an address"], place)),
    )
    assert crl.urls == {"https://crl.example.org/other"}
    assert len(crl.names) == 2


def test_an_indirect_list_that_does_not_say_where_it_is_published_vouches_for_pointers_to_its_issuer():
    issuer = pki.make_crl_issuer()
    [crl] = read_revocation_lists(
        "a.crl", pki.make_crl(issuer, point=pki.issuing_point(url=None, indirect=True))
    )
    lists, _ = build_revocation_lists((crl,), issuers=(issuer.certificate,))
    for named, state in (
        (pki.CRL_ISSUER_NAME, RevocationState.VOUCHED),
        (None, RevocationState.VOUCHED),
        (pki.name("Another"), RevocationState.UNKNOWN),
    ):
        leaf = pki.make_leaf(PKI.intermediate, replace=[(pki.crl_pointer(issuer=named), False)])
        found = lists.judge(
            leaf.certificate, PKI.intermediate.certificate, anchor=PKI.root.certificate, now=NOW
        )
        assert found.state is state


def test_no_anchor_revokes_or_vouches_for_what_leads_to_another():
    other, serial = pki.make_root("SHAKEN Another ROOT"), PKI.leaf.certificate.serial_number
    places = pki.issuing_point(indirect=True), pki.issuing_point(url=None, indirect=True)
    for point, entries in itertools.product(places, ([], [(AUTHORITY_NAME, serial)])):
        [crl] = read_revocation_lists("a.crl", pki.make_crl(other, entries, point=point))
        lists, problems = build_revocation_lists((crl,), anchors=(other.certificate, PKI.root.certificate))
        assert not problems
        for named, states in (
            (None, (RevocationState.UNKNOWN, RevocationState.UNKNOWN)),
            (pki.CRL_ISSUER_NAME, (RevocationState.UNKNOWN, RevocationState.UNKNOWN)),
            (other.certificate.subject, (RevocationState.VOUCHED, RevocationState.REVOKED)),
        ):
            pointer = pki.crl_pointer(issuer=named), False
            leaf = pki.make_leaf(PKI.intermediate, serial=serial, replace=[pointer])
            found = lists.judge(
                leaf.certificate, PKI.intermediate.certificate, anchor=PKI.root.certificate, now=NOW
            )
            assert found.state is states[bool(entries)]


def test_an_anchor_speaks_for_all_that_leads_to_it():
    for entries, state in (
        ([], RevocationState.VOUCHED),
        ([(AUTHORITY_NAME, PKI.leaf.certificate.serial_number)], RevocationState.REVOKED),
    ):
        crl = pki.make_crl(PKI.root, entries, point=pki.issuing_point(url=None, indirect=True))
        [read] = read_revocation_lists("a.crl", crl)
        lists, _ = build_revocation_lists((read,), anchors=(PKI.root.certificate,))
        leaf = pki.make_leaf(
            PKI.intermediate,
            serial=PKI.leaf.certificate.serial_number,
            replace=[(pki.crl_pointer(), False)],
        )
        found = lists.judge(
            leaf.certificate, PKI.intermediate.certificate, anchor=PKI.root.certificate, now=NOW
        )
        assert found.state is state
