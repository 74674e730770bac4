"""Chains: who is believed, who is not, and why."""

from __future__ import annotations

import base64
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.certificates.chain import (
    ChainError,
    Refusal,
    ValidatedChain,
    parse_chain,
    validate,
)
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust, build_trust
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_UNTRUSTED,
    DELEGATION_INVALID,
    REVOCATION_UNKNOWN,
    TNAUTHLIST_INVALID,
)
from tests import pki
from tests.pki import DAY, NOW

PKI = pki.make_pki()
UNKNOWN_CRITICAL = (
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"),
    True,
)


def trust_in(*roots: pki.Issued) -> Trust:
    trust = build_trust(anchors=[("root.pem", b"".join(root.pem for root in roots))])
    assert isinstance(trust, Trust)
    return trust


TRUST = trust_in(PKI.root)


def outcome(*certificates: pki.Issued, trust: Trust = TRUST, now: int = NOW):
    return validate(parse_chain(b"".join(one.pem for one in certificates)), trust, now)


def reason_of(result):
    assert isinstance(result, Refusal)
    assert result.findings
    return result.findings[0].reason


def test_a_genuine_chain_is_believed_and_described():
    result = outcome(PKI.leaf, PKI.intermediate)
    assert isinstance(result, ValidatedChain)
    assert result.spc == ("818H",)
    assert result.public_key == PKI.leaf.key.public_key()
    assert result.trust_digest == TRUST.digest
    assert result.domain == "default"
    assert result.authority.numbers is None
    assert result.constraints is None
    assert result.x5u_prefixes == ()
    assert [missing.url for missing in result.missing_lists] == [pki.CRL_URL]
    assert result.revocation.fresh_until is None
    assert "SHAKEN 818H" in result.subject
    assert "Issuing CA" in result.issuer
    assert len(result.leaf_fingerprint) == 64
    assert {warning.reason for warning in result.warnings} == {REVOCATION_UNKNOWN}


def test_the_window_is_the_narrowest_of_the_path_with_both_ends():
    root = pki.make_root()
    intermediate = pki.make_intermediate(root, not_before=NOW - 5, not_after=NOW + 9 * DAY)
    leaf = pki.make_leaf(intermediate, not_before=NOW - DAY, not_after=NOW + 10 * DAY)
    result = outcome(leaf, intermediate, trust=trust_in(root))
    assert isinstance(result, ValidatedChain)
    assert (result.not_before, result.not_after) == (NOW - 5, NOW + 9 * DAY)
    assert result.covers_time(NOW - 5)
    assert result.covers_time(NOW + 9 * DAY)
    assert not result.covers_time(NOW - 6)
    assert not result.covers_time(NOW + 9 * DAY + 1)


def test_the_order_behind_the_leaf_does_not_matter_nor_does_a_root_sent_along():
    second = pki.make_intermediate(PKI.intermediate, "SHAKEN Second CA")
    leaf = pki.make_leaf(second)
    for order in (
        (second, PKI.intermediate),
        (PKI.intermediate, second),
        (PKI.root, PKI.intermediate, second),
    ):
        assert isinstance(outcome(leaf, *order), ValidatedChain)


def test_a_leaf_straight_below_the_anchor_is_believed():
    assert isinstance(outcome(pki.make_leaf(PKI.root)), ValidatedChain)


def test_an_intermediate_may_be_the_anchor():
    assert isinstance(outcome(PKI.leaf, trust=trust_in(PKI.intermediate)), ValidatedChain)


def test_authorities_on_other_curves_and_rsa_are_believed():
    for key in (pki.new_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        root = pki.make_root(key=key)
        assert isinstance(outcome(pki.make_leaf(root), trust=trust_in(root)), ValidatedChain)


def test_an_anchor_without_key_usage_is_believed_as_real_ones_are():
    root = pki.make_root(key_usage=None)
    assert isinstance(outcome(pki.make_leaf(root), trust=trust_in(root)), ValidatedChain)


def test_an_authority_certified_by_an_old_and_a_new_root_is_believed_through_either():
    old, new = pki.make_root("SHAKEN Old ROOT"), pki.make_root("SHAKEN New ROOT")
    key = pki.new_key()
    by_old, by_new = pki.make_intermediate(old, key=key), pki.make_intermediate(new, key=key)
    leaf = pki.make_leaf(by_old)
    for root in (old, new):
        assert isinstance(outcome(leaf, by_old, by_new, trust=trust_in(root)), ValidatedChain)


def test_critical_certificate_policies_are_understood_in_leaf_and_authority():
    policies = (pki.policies(pki.POLICY), True)
    root = pki.make_root(extra=[policies])
    leaf = pki.make_leaf(root, replace=[policies])
    assert isinstance(outcome(leaf, trust=trust_in(root)), ValidatedChain)


# --- who is not believed -------------------------------------------------------------------------


def test_without_its_authority_a_leaf_is_untrusted():
    assert reason_of(outcome(PKI.leaf)) is CERTIFICATE_UNTRUSTED


def test_an_unknown_root_is_untrusted_even_when_it_is_sent_along():
    other = pki.make_pki()
    assert reason_of(outcome(other.leaf, other.intermediate, other.root)) is CERTIFICATE_UNTRUSTED


def test_a_root_of_the_same_name_is_untrusted():
    impostor = pki.make_root()
    assert impostor.certificate.subject == PKI.root.certificate.subject
    assert reason_of(outcome(pki.make_leaf(impostor), impostor)) is CERTIFICATE_UNTRUSTED


def test_a_self_signed_leaf_is_untrusted():
    key = pki.new_key()
    own = pki.Issued(pki.make_root("SHAKEN 818H", key=key).certificate, key)
    assert reason_of(outcome(pki.make_leaf(own, key=key))) is CERTIFICATE_UNTRUSTED


def test_a_signature_by_another_key_under_the_authoritys_name_is_untrusted():
    forged = pki.Issued(PKI.intermediate.certificate, pki.new_key())
    assert reason_of(outcome(pki.make_leaf(forged), PKI.intermediate)) is CERTIFICATE_UNTRUSTED


BAD_AUTHORITIES = {
    "CA FALSE": {"ca": False},
    "no basic constraints": {"ca": None},
    "no keyCertSign": {"key_usage": pki.usage(sign=True, lists=True)},
    "no key usage": {"key_usage": None},
    "unknown critical extension": {"extra": [UNKNOWN_CRITICAL]},
}


@pytest.mark.parametrize("kind", BAD_AUTHORITIES)
def test_an_authority_that_is_none_makes_the_chain_untrusted(kind):
    authority = pki.make_intermediate(PKI.root, **BAD_AUTHORITIES[kind])
    assert reason_of(outcome(pki.make_leaf(authority), authority)) is CERTIFICATE_UNTRUSTED


def test_a_leaf_cannot_issue_another_leaf():
    assert reason_of(outcome(pki.make_leaf(PKI.leaf), PKI.leaf, PKI.intermediate)) is CERTIFICATE_UNTRUSTED


def test_a_path_longer_than_its_authority_allows_is_untrusted():
    first = pki.make_intermediate(PKI.root, "SHAKEN First CA", path_length=0)
    second = pki.make_intermediate(first, "SHAKEN Second CA")
    assert isinstance(outcome(pki.make_leaf(first), first), ValidatedChain)
    assert reason_of(outcome(pki.make_leaf(second), second, first)) is CERTIFICATE_UNTRUSTED


def test_an_unknown_critical_extension_in_the_leaf_is_refused():
    assert reason_of(outcome(pki.make_leaf(PKI.root, extra=[UNKNOWN_CRITICAL]))) is CERTIFICATE_UNTRUSTED


@pytest.mark.parametrize("certificate", [PKI.root, PKI.intermediate], ids=["root", "intermediate"])
def test_an_authoritys_certificate_signs_no_calls(certificate):
    assert reason_of(outcome(certificate)) is CERTIFICATE_PROFILE


def test_a_provider_code_outside_its_authoritys_list_is_refused():
    limited = (pki.tn_extension(TnAuthList(("587L",))), False)
    authority = pki.make_intermediate(PKI.root, extra=[limited])
    assert isinstance(outcome(pki.make_leaf(authority, spc="587L"), authority), ValidatedChain)
    assert reason_of(outcome(pki.make_leaf(authority, spc="818H"), authority)) is DELEGATION_INVALID


def test_an_unreadable_list_in_an_authority_limits_to_nothing():
    authority = pki.make_intermediate(PKI.root, extra=[(pki.tn_extension(b"\x30\x00"), False)])
    assert reason_of(outcome(pki.make_leaf(authority), authority)) is TNAUTHLIST_INVALID


# --- dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["leaf", "intermediate", "root"])
def test_an_expired_member_of_a_good_path_is_called_expired(kind):
    ended = {"not_after": NOW - 1}
    root = pki.make_root(**(ended if kind == "root" else {}))
    authority = pki.make_intermediate(root, **(ended if kind == "intermediate" else {}))
    result = outcome(
        pki.make_leaf(authority, **(ended if kind == "leaf" else {})), authority, trust=trust_in(root)
    )
    assert reason_of(result) is CERTIFICATE_EXPIRED
    assert isinstance(result, Refusal)
    assert not result.retry


def test_a_path_that_is_not_valid_yet_may_be_tried_again():
    result = outcome(pki.make_leaf(PKI.root, not_before=NOW + 1))
    assert reason_of(result) is CERTIFICATE_EXPIRED
    assert isinstance(result, Refusal)
    assert result.retry


def test_an_expired_certificate_of_a_stranger_is_untrusted_not_expired():
    stranger = pki.make_root()
    assert reason_of(outcome(pki.make_leaf(stranger, not_after=NOW - 1), stranger)) is CERTIFICATE_UNTRUSTED


def test_a_path_whose_members_were_never_valid_together_is_untrusted():
    authority = pki.make_intermediate(PKI.root, not_after=NOW - 10 * DAY)
    leaf = pki.make_leaf(authority, not_before=NOW - 5 * DAY, not_after=NOW - DAY)
    assert reason_of(outcome(leaf, authority)) is CERTIFICATE_UNTRUSTED


def test_both_ends_of_the_window_are_valid():
    leaf = pki.make_leaf(PKI.root)
    for now in (NOW - 30 * DAY, NOW + 30 * DAY):
        assert isinstance(outcome(leaf, now=now), ValidatedChain)
    for now in (NOW - 30 * DAY - 1, NOW + 30 * DAY + 1):
        assert reason_of(outcome(leaf, now=now)) is CERTIFICATE_EXPIRED


# --- bytes ---------------------------------------------------------------------------------------


def file_with_names(alternative: int, permitted: int, excluded: int) -> bytes:
    """A leaf with so many alternative names, and its authority with so many constraints."""
    names = [x509.DNSName(f"a{number}.example.org") for number in range(101)]
    trees = x509.NameConstraints(names[:permitted] or None, names[:excluded] or None) if permitted else None
    ca = pki.make_intermediate(PKI.root, extra=[(trees, True)] if trees else ())
    return pki.make_leaf(ca, extra=[(x509.SubjectAlternativeName(names[:alternative]), False)]).pem + ca.pem


@pytest.mark.parametrize("counts", [(100, 0, 0), (1, 99, 0), (1, 49, 50)])
def test_more_than_a_hundred_names_in_a_file_are_not_compared(counts):
    alternative, permitted, excluded = counts
    assert len(parse_chain(file_with_names(*counts))) == 2
    with pytest.raises(ChainError, match="more than 100 alternative names and name constraints"):
        parse_chain(file_with_names(alternative + 1, permitted, excluded))


def file_with_pointers(*counts: int) -> bytes:
    """A certificate for each count, which names so many places of revocation lists."""
    pems: list[bytes] = []
    for count in counts:
        places = [
            x509.UniformResourceIdentifier(f"https://a{number}.example.org/") for number in range(count)
        ]
        points = [x509.DistributionPoint([place], None, None, None) for place in places]
        pems.append(
            pki.make_leaf(PKI.intermediate, replace=[(x509.CRLDistributionPoints(points), False)]).pem
        )
    return b"".join(pems)


def test_more_than_twenty_places_of_revocation_lists_in_a_file_are_not_asked():
    assert len(parse_chain(file_with_pointers(1, 19))) == 2
    for counts in ((2, 19), (21,)):
        with pytest.raises(ChainError, match="more than 20 places of revocation lists"):
            parse_chain(file_with_pointers(*counts))


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (b"", "no PEM"),
        (b"<html>", "no PEM"),
        (PKI.leaf.der, "no PEM"),
        (PKI.leaf.pem + PKI.leaf.key_pem, "private key"),
        (PKI.leaf.pem * 11, "more than 10"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\n", "cannot be read"),
    ],
)
def test_what_is_no_chain_is_refused_with_a_sentence(pem, words):
    with pytest.raises(ChainError, match=words):
        parse_chain(pem)


def test_text_round_the_certificates_is_ignored():
    pem = (
        b"subject=CN = SHAKEN 818H\r\n"
        + PKI.leaf.pem.replace(b"\n", b"\r\n")
        + b"\n\n"
        + PKI.intermediate.pem
    )
    assert len(parse_chain(pem)) == 2


def as_pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def test_version_1_is_refused_with_a_sentence():
    der = PKI.leaf.der
    place = der.index(b"\xa0\x03\x02\x01\x02")
    with pytest.raises(ChainError):
        parse_chain(as_pem(der[: place + 4] + b"\x00" + der[place + 5 :]))


def test_a_doubled_extension_is_refused_with_a_sentence():
    doubled = [
        (x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00"), False)
        for oid in ("1.2.3", "1.2.4")
    ]
    der = pki.make_leaf(PKI.root, extra=doubled).der
    assert der.count(b"\x06\x02\x2a\x04") == 1
    with pytest.raises(ChainError, match="cannot be read"):
        parse_chain(as_pem(der.replace(b"\x06\x02\x2a\x04", b"\x06\x02\x2a\x03")))


def test_a_point_that_is_not_on_the_curve_is_refused_with_a_sentence():
    der = PKI.leaf.der
    point = der.index(b"\x03\x42\x00\x04") + 4
    with pytest.raises(ChainError, match="cannot be read"):
        parse_chain(as_pem(der[:point] + b"\xff" * 64 + der[point + 64 :]))


def test_a_signature_that_claims_unused_bits_is_refused_with_a_sentence():
    signature = PKI.leaf.certificate.signature
    der = PKI.leaf.der.removesuffix(b"\x00" + signature) + b"\x01" + pki.even(signature)
    with pytest.raises(ChainError, match="whole octets"):
        parse_chain(as_pem(der))


@given(st.binary())
def test_any_bytes_give_a_chain_or_the_one_error(data):
    for pem in (data, as_pem(data), b"-----BEGIN CERTIFICATE-----" + data):
        try:
            parse_chain(pem)
        except ChainError:
            continue


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=600, deadline=None)
@given(st.sampled_from(["leaf", "intermediate"]), st.data())
def test_no_change_of_any_byte_is_believed_or_escapes(which, data):
    ders = {"leaf": PKI.leaf.der, "intermediate": PKI.intermediate.der}
    der = bytearray(ders[which])
    place = data.draw(st.integers(0, len(der) - 1))
    kind = data.draw(st.sampled_from(["bit", "byte", "cut", "insert"]))
    if kind == "bit":
        der[place] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "byte":
        der[place] = data.draw(st.integers(0, 255))
    elif kind == "cut":
        del der[place : place + data.draw(st.integers(1, 40))]
    else:
        der[place:place] = data.draw(st.binary(min_size=1, max_size=8))
    changed = bytes(der) != ders[which]
    ders[which] = bytes(der)
    try:
        chain = parse_chain(as_pem(ders["leaf"]) + as_pem(ders["intermediate"]))
    except ChainError:
        return
    result = validate(chain, TRUST, NOW)
    assert isinstance(result, Refusal if changed else ValidatedChain)
    assert isinstance(result, ValidatedChain) or result.findings


def test_a_file_of_mutually_signed_authorities_costs_little():
    key = pki.new_key()
    members = [pki.Issued(pki.make_root(f"N{number}", key=key).certificate, key) for number in range(3)]
    crossed = [
        pki.make_intermediate(members[(number + 1 + number // 3) % 3], f"N{number % 3}", key=key)
        for number in range(9)
    ]
    started = time.process_time()
    assert reason_of(outcome(pki.make_leaf(crossed[0]), *crossed)) is CERTIFICATE_UNTRUSTED
    assert time.process_time() - started < 1
