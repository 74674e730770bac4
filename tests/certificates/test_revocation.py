"""Revocation: direct and indirect lists, what revokes and what vouches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.revocation import RevocationState, missing_lists
from gateway.certificates.revocation_list import RevocationListError, name_key, read_revocation_lists
from gateway.certificates.trust import Problem, Trust, build_trust
from gateway.reasons import CERTIFICATE_REVOKED, REVOCATION_UNKNOWN
from tests import pki
from tests.pki import DAY, NOW

PKI = pki.make_pki()
CRL_ISSUER = pki.make_crl_issuer()
AUTHORITY_NAME = PKI.intermediate.certificate.subject
CHAIN = parse_chain(PKI.chain_pem)


def build(*crls: bytes, issuers: tuple[pki.Issued, ...] = (CRL_ISSUER,)) -> Trust | list[Problem]:
    return build_trust(
        anchors=[("root.pem", PKI.root.pem)],
        crl_issuers=[("crl-issuer.pem", issuer.pem) for issuer in issuers],
        crls=[(f"{number}.crl", crl) for number, crl in enumerate(crls)],
    )


def verdict(*crls: bytes, chain: tuple[pki.Issued, ...] = (PKI.leaf, PKI.intermediate), **how) -> str:
    """What the lists make of the chain now: `good`, `overdue`, `unknown` or `revoked`."""
    trust = build(*crls, **how)
    assert isinstance(trust, Trust), trust
    result = validate(parse_chain(b"".join(one.pem for one in chain)), trust, NOW)
    if isinstance(result, Refusal):
        assert result.findings[0].reason is CERTIFICATE_REVOKED
        return "revoked"
    if any(one.reason is REVOCATION_UNKNOWN for one in result.warnings):
        return "unknown"
    return "good" if result.revocation.judge(NOW) is None else "overdue"


def test_without_lists_revocation_is_unknown_and_the_chain_passes():
    assert verdict() == "unknown"


def test_an_indirect_list_vouches_for_the_certificates_of_every_authority():
    assert verdict(pki.make_crl(CRL_ISSUER)) == "good"


@pytest.mark.parametrize("pem", [True, False])
def test_an_indirect_list_revokes(pem):
    assert verdict(pki.make_crl(CRL_ISSUER, [PKI.leaf], pem=pem)) == "revoked"


def test_a_revoked_authority_revokes_what_it_issued():
    assert verdict(pki.make_crl(CRL_ISSUER, [PKI.intermediate])) == "revoked"


def test_the_same_serial_of_another_issuer_is_not_revoked():
    other = pki.name("SHAKEN Another CA")
    assert verdict(pki.make_crl(CRL_ISSUER, [(other, PKI.leaf.certificate.serial_number)])) == "good"


def test_the_certificate_issuer_is_carried_forward_to_the_entries_after_it():
    other = pki.name("SHAKEN Another CA")
    serial = PKI.leaf.certificate.serial_number
    assert verdict(pki.make_crl(CRL_ISSUER, [(AUTHORITY_NAME, 1), (None, 2), (None, serial)])) == "revoked"
    assert verdict(pki.make_crl(CRL_ISSUER, [(AUTHORITY_NAME, 1), (other, 2), (None, serial)])) == "good"


def test_entries_before_the_first_certificate_issuer_are_the_list_issuers_own():
    serial = PKI.leaf.certificate.serial_number
    assert verdict(pki.make_crl(CRL_ISSUER, [(None, serial)])) == "good"


def test_an_issuer_is_recognised_in_another_spelling_and_string_type():
    spelled = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "EXAMPLE  carrier"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, " shaken test issuing CA "),
        ]
    )
    assert name_key(spelled) == name_key(AUTHORITY_NAME)
    assert verdict(pki.make_crl(CRL_ISSUER, [(spelled, PKI.leaf.certificate.serial_number)])) == "revoked"


def test_a_pointer_without_crl_issuer_is_served_by_any_configured_indirect_list():
    pointer = (pki.crl_pointer(), False)
    authority = pki.make_intermediate(PKI.root)
    leaf = pki.make_leaf(authority, replace=[pointer])
    assert verdict(pki.make_crl(CRL_ISSUER), chain=(leaf, authority)) == "good"
    assert verdict(pki.make_crl(CRL_ISSUER, [leaf]), chain=(leaf, authority)) == "revoked"


@pytest.mark.parametrize(
    "pointer",
    [
        pki.crl_pointer(issuer=pki.name("Another CRL issuer")),
        pki.crl_pointer("https://crl.example.com/another", issuer=pki.CRL_ISSUER_NAME),
    ],
    ids=["another issuer", "another address"],
)
def test_a_list_the_certificate_does_not_point_at_revokes_but_does_not_vouch(pointer):
    leaf = pki.make_leaf(PKI.intermediate, replace=[(pointer, False)])
    chain = (leaf, PKI.intermediate)
    assert verdict(pki.make_crl(CRL_ISSUER), chain=chain) == "unknown"
    assert verdict(pki.make_crl(CRL_ISSUER, [leaf]), chain=chain) == "revoked"


def test_a_certificate_without_pointer_is_unknown_unless_revoked():
    leaf = pki.make_leaf(PKI.intermediate, without=[x509.CRLDistributionPoints])
    chain = (leaf, PKI.intermediate)
    assert verdict(pki.make_crl(CRL_ISSUER), chain=chain) == "unknown"
    assert verdict(pki.make_crl(CRL_ISSUER, [leaf]), chain=chain) == "revoked"


@pytest.mark.parametrize(
    ("dates", "silence"),
    [
        ({"this_update": NOW - 9 * DAY, "next_update": NOW - 1}, "overdue"),
        ({"this_update": NOW + 1, "next_update": NOW + DAY}, "unknown"),
    ],
    ids=["overdue", "from the future"],
)
def test_a_list_outside_its_dates_revokes_but_does_not_vouch(dates, silence):
    assert verdict(pki.make_crl(CRL_ISSUER, **dates)) == silence
    assert verdict(pki.make_crl(CRL_ISSUER, [PKI.leaf], **dates)) == "revoked"


def test_a_current_list_beside_an_overdue_one_is_enough():
    overdue = pki.make_crl(CRL_ISSUER, this_update=NOW - 9 * DAY, next_update=NOW - 1)
    current = pki.make_crl(CRL_ISSUER)
    assert verdict(overdue, current) == verdict(current, overdue) == "good"
    assert verdict(overdue, pki.make_crl(CRL_ISSUER, [PKI.leaf])) == "revoked"


def test_a_list_that_does_not_say_when_it_will_be_replaced_vouches_for_nothing():
    trust = build(pki.make_crl(CRL_ISSUER))
    assert isinstance(trust, Trust)
    lists = trust.domains[0].crls
    endless = replace(lists, lists=(replace(lists.lists[0], next_update=None),))
    verdict_of_leaf = endless.judge(
        PKI.leaf.certificate, PKI.intermediate.certificate, anchor=PKI.root.certificate, now=NOW
    )
    assert verdict_of_leaf.state is RevocationState.UNKNOWN
    assert "does not say" in verdict_of_leaf.detail


def test_pointers_are_given_once_and_only_those_of_the_web():
    odd = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                [
                    x509.UniformResourceIdentifier("ldap://crl.example.org/x"),
                    x509.UniformResourceIdentifier("http://crl.example.com/x"),
                    x509.DNSName("crl.example.org"),
                ],
                None,
                None,
                None,
            )
        ]
    )
    leaf = pki.make_leaf(PKI.intermediate, replace=[(odd, False)])
    authority, root = PKI.intermediate.certificate, PKI.root.certificate
    missing = missing_lists(
        [(leaf.certificate, authority), (PKI.leaf.certificate, authority), (authority, root)]
    )
    assert [each.url for each in missing] == ["http://crl.example.com/x", pki.CRL_URL]
    assert {each.issuer_der for each in missing} == {PKI.intermediate.der}
    assert missing_lists([(root, root)]) == ()


def test_both_dates_of_a_list_belong_to_it():
    assert verdict(pki.make_crl(CRL_ISSUER, this_update=NOW, next_update=NOW + 1)) == "good"
    assert verdict(pki.make_crl(CRL_ISSUER, this_update=NOW - 1, next_update=NOW)) == "good"


def test_a_list_of_some_reasons_or_of_the_other_kind_does_not_vouch():
    some = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}),
        indirect_crl=True,
        only_contains_attribute_certs=False,
    )
    users = pki.issuing_point(indirect=True, users=True)
    authorities = pki.issuing_point(indirect=True, authorities=True)
    assert verdict(pki.make_crl(CRL_ISSUER, point=some)) == "unknown"
    assert verdict(pki.make_crl(CRL_ISSUER, point=users)) == "unknown"
    assert verdict(pki.make_crl(CRL_ISSUER, point=authorities)) == "unknown"
    both = (pki.make_crl(CRL_ISSUER, point=users), pki.make_crl(CRL_ISSUER, point=authorities))
    assert verdict(*both) == "good"


def test_an_issuer_that_may_not_sign_lists_revokes_but_does_not_vouch():
    issuer = pki.make_crl_issuer(key_usage=pki.usage(sign=True))
    assert verdict(pki.make_crl(issuer), issuers=(issuer,)) == "unknown"
    assert verdict(pki.make_crl(issuer, [PKI.leaf]), issuers=(issuer,)) == "revoked"


def test_an_issuer_without_key_usage_may_sign_lists():
    issuer = pki.make_crl_issuer(key_usage=None)
    assert verdict(pki.make_crl(issuer), issuers=(issuer,)) == "good"


def test_a_list_that_names_other_issuers_is_indirect_even_if_it_does_not_say_so():
    plain = pki.issuing_point()
    other = pki.name("SHAKEN Another CA")
    assert verdict(pki.make_crl(CRL_ISSUER, [(AUTHORITY_NAME, 1)], point=plain)) == "good"
    assert verdict(pki.make_crl(CRL_ISSUER, [PKI.leaf], point=plain)) == "revoked"
    assert verdict(pki.make_crl(CRL_ISSUER, [(other, 1)], point=plain)) == "good"
    assert verdict(pki.make_crl(CRL_ISSUER, point=plain)) == "unknown"


# --- direct lists --------------------------------------------------------------------------------


def direct(issuer: pki.Issued, *revoked: pki.Issued, **how) -> bytes:
    return pki.make_crl(issuer, revoked, indirect=False, **how)


def test_authorities_vouch_for_and_revoke_their_own_certificates():
    of_root, of_authority = direct(PKI.root), direct(PKI.intermediate)
    assert verdict(of_root, of_authority, issuers=()) == "good"
    assert verdict(of_authority, issuers=()) == "unknown"
    assert verdict(of_root, direct(PKI.intermediate, PKI.leaf), issuers=()) == "revoked"
    assert verdict(direct(PKI.root, PKI.intermediate), of_authority, issuers=()) == "revoked"


def test_a_direct_list_is_asked_again_with_the_same_answer():
    trust = build(direct(PKI.intermediate, PKI.leaf), issuers=())
    assert isinstance(trust, Trust)
    for _ in range(2):
        assert isinstance(validate(CHAIN, trust, NOW), Refusal)


def test_a_direct_list_signed_by_another_key_under_the_authoritys_name_says_nothing():
    forged = direct(PKI.intermediate, PKI.leaf, key=pki.new_key())
    assert verdict(forged, issuers=()) == "unknown"


def test_a_direct_list_signed_with_another_kind_of_key_says_nothing():
    forged = direct(PKI.intermediate, PKI.leaf, key=pki.new_key(ec.SECP384R1()))
    assert verdict(forged, issuers=()) == "unknown"


def test_an_authority_that_may_not_sign_lists_revokes_but_does_not_vouch():
    authority = pki.make_intermediate(PKI.root, key_usage=pki.usage(certificates=True))
    leaf = pki.make_leaf(authority)
    of_root = direct(PKI.root)
    assert verdict(of_root, direct(authority), chain=(leaf, authority), issuers=()) == "unknown"
    assert verdict(of_root, direct(authority, leaf), chain=(leaf, authority), issuers=()) == "revoked"


def test_a_direct_list_says_nothing_of_another_authoritys_serials():
    other = pki.make_intermediate(PKI.root, "SHAKEN Another CA")
    same_serial = pki.make_leaf(other, serial=PKI.leaf.certificate.serial_number)
    assert verdict(direct(other, same_serial), chain=(PKI.leaf, PKI.intermediate), issuers=()) == "unknown"


# --- lists that are problems ---------------------------------------------------------------------


def problem(*crls: bytes, **how) -> str:
    found = build(*crls, **how)
    assert isinstance(found, list)
    assert [one.file for one in found] == ["0.crl"]
    return found[0].message


def test_an_indirect_list_of_an_unknown_issuer_is_a_problem():
    assert "not a configured CRL issuer" in problem(pki.make_crl(CRL_ISSUER), issuers=())


def test_a_list_whose_signature_does_not_fit_its_issuer_is_a_problem():
    assert "signature" in problem(pki.make_crl(CRL_ISSUER, key=pki.new_key()))
    assert "signature" in problem(direct(PKI.root, key=pki.new_key()))


def test_an_issuer_whose_key_cannot_sign_is_a_problem_not_an_exception():
    key = x25519.X25519PrivateKey.generate()
    issuer = pki.issue(pki.CRL_ISSUER_NAME, [], issuer=PKI.root, key=key)
    assert "signature" in problem(pki.make_crl(CRL_ISSUER), issuers=(issuer,))


def test_the_reason_of_an_entry_changes_nothing():
    for reason in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl):
        why = [(x509.CRLReason(reason), False)]
        assert verdict(pki.make_crl(CRL_ISSUER, [PKI.leaf], entry_extra=why)) == "revoked"


def test_unknown_critical_extensions_of_list_and_entry_are_problems():
    unknown = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]
    assert "critical extension" in problem(pki.make_crl(CRL_ISSUER, extra=unknown))
    assert "critical extension" in problem(pki.make_crl(CRL_ISSUER, [PKI.leaf], entry_extra=unknown))


def test_every_bad_list_of_a_file_is_told():
    bad = pki.make_crl(CRL_ISSUER, key=pki.new_key())
    found = build(bad + pki.make_crl(CRL_ISSUER, key=pki.new_key()) + pki.make_crl(CRL_ISSUER))
    assert isinstance(found, list)
    assert len(found) == 2


def test_delta_and_attribute_lists_are_problems():
    assert "delta" in problem(pki.make_crl(CRL_ISSUER, extra=[(x509.DeltaCRLIndicator(1), True)]))
    attributes = x509.IssuingDistributionPoint(None, None, False, False, None, False, True)
    assert "attribute" in problem(pki.make_crl(CRL_ISSUER, point=attributes))


def test_a_certificate_issuer_that_is_no_name_is_a_problem():
    nameless = [(x509.CertificateIssuer([x509.DNSName("ca.example.org")]), True)]
    assert "not one name" in problem(pki.make_crl(CRL_ISSUER, [(None, 1)], entry_extra=nameless))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"-----BEGIN CERTIFICATE-----",
        PKI.leaf.pem,
        PKI.leaf.der,
        b"-----BEGIN X509 CRL-----",
    ],
)
def test_what_is_no_list_is_a_problem(data):
    assert problem(data)


def test_a_list_whose_signature_claims_unused_bits_is_a_problem():
    der = pki.make_crl(CRL_ISSUER, pem=False)
    signature = x509.load_der_x509_crl(der).signature
    assert "whole octets" in problem(der.removesuffix(b"\x00" + signature) + b"\x01" + pki.even(signature))


def test_several_lists_in_one_file_all_count():
    both = direct(PKI.root) + direct(PKI.intermediate, PKI.leaf)
    assert len(read_revocation_lists("both.crl", both)) == 2
    assert verdict(both, issuers=()) == "revoked"


def test_a_list_is_found_as_fast_among_many_entries():
    trust = build(
        pki.make_crl(CRL_ISSUER, [(AUTHORITY_NAME, 2)] + [(None, serial) for serial in range(3, 300)])
    )
    assert isinstance(trust, Trust)
    assert sum(map(len, trust.domains[0].crls.lists[0].revoked.values())) == 298
    assert isinstance(validate(CHAIN, trust, NOW), ValidatedChain)


SMALL = pki.make_crl(CRL_ISSUER, [(AUTHORITY_NAME, 2), (None, 3)], pem=False)


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)))
def test_any_bytes_give_lists_or_the_one_error(data):
    if isinstance(data, tuple):
        changed = bytearray(SMALL)
        changed[data[0]] = data[1]
        data = bytes(changed)
    try:
        assert read_revocation_lists("a.crl", data)
    except RevocationListError:
        return


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.integers(0, 7))
def test_no_changed_list_is_ever_used(place, bit):
    changed = bytearray(SMALL)
    changed[place] ^= 1 << bit
    built = build(bytes(changed))
    # A change in the issuer's name leaves a list that nobody signed: a problem too, for it is indirect.
    assert isinstance(built, list)


def test_one_of_several_lists_of_an_authority_vouches_for_its_own_certificates_alone():
    url = "https://crl.example.org/first"
    leaf = pki.make_leaf(PKI.root, replace=[(pki.crl_pointer(url), False)])
    for published, expected in ((url, "good"), ("https://crl.example.org/second", "unknown"), (None, "good")):
        crl = pki.make_crl(PKI.root, indirect=False, point=published and pki.issuing_point(url=published))
        assert verdict(crl, chain=(leaf,)) == expected


def test_a_list_that_does_not_count_does_not_hide_the_next_one():
    """Of two lists under an authority's name one is somebody else's: each is asked for its signature."""
    mine, forged = (
        pki.make_crl(PKI.intermediate, [(None, PKI.leaf.certificate.serial_number)], indirect=False, key=key)
        for key in (None, pki.new_key())
    )
    assert verdict(forged, mine) == "revoked"
    assert verdict(mine, forged) == "revoked"
    assert verdict(pki.make_crl(PKI.intermediate, indirect=False), forged) != "revoked"
