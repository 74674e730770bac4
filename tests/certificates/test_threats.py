"""Certificates and chains as an attacker would make them: one test for each kind.

Most of these are also told apart in the tests of the single files; here each kind of attack stands once,
against the answer it must get: `UNSUPPORTED` is what a switch hears as 437.
"""

from __future__ import annotations

import pytest
from cryptography import x509

from gateway.numbers.canonical import TelephoneNumber
from tests import pki
from tests.certificates.extensions import (
    PROVIDER,
    ROOT,
    UNSUPPORTED,
    answer,
    authority,
    constraints,
    constraints_der,
    delegate,
    tlv,
    trust_in,
)
from tests.pki import NOW

TN = TelephoneNumber("12155550100")
INTERMEDIATE = pki.make_intermediate(ROOT)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


# --- C1, C2, C3: chains --------------------------------------------------------------------------


def chains_that_are_none() -> dict[str, tuple[pki.Issued, ...]]:
    expired_authority = pki.make_intermediate(ROOT, not_after=NOW - 1)
    stranger = pki.make_root()
    key = pki.new_key()
    self_signed = pki.Issued(pki.make_root("SHAKEN 818H", key=key).certificate, key)
    no_authority = pki.make_intermediate(ROOT, ca=False)
    no_cert_sign = pki.make_intermediate(ROOT, key_usage=pki.usage(sign=True))
    unknown_critical = pki.make_intermediate(ROOT, extra=[(UNKNOWN, True)])
    first = pki.make_intermediate(ROOT, "SHAKEN First CA", path_length=0)
    second = pki.make_intermediate(first, "SHAKEN Second CA")
    true_leaf = pki.make_leaf(ROOT, replace=[(x509.BasicConstraints(ca=True, path_length=None), True)])
    return {
        "expired": (pki.make_leaf(ROOT, not_after=NOW - 1),),
        "not valid yet": (pki.make_leaf(ROOT, not_before=NOW + 1),),
        "expired issuer": (pki.make_leaf(expired_authority), expired_authority),
        "self-signed": (pki.make_leaf(self_signed, key=key),),
        "unknown root": (pki.make_leaf(stranger),),
        "root in the download": (pki.make_leaf(stranger), stranger),
        "root of the same name": (pki.make_leaf(pki.Issued(ROOT.certificate, pki.new_key())),),
        "issuer is no authority": (pki.make_leaf(no_authority), no_authority),
        "issuer may not sign": (pki.make_leaf(no_cert_sign), no_cert_sign),
        "issuer has an unknown critical extension": (pki.make_leaf(unknown_critical), unknown_critical),
        "leaf has an unknown critical extension": (pki.make_leaf(ROOT, extra=[(UNKNOWN, True)]),),
        "path too long": (pki.make_leaf(second), second, first),
        "an authority signs": (INTERMEDIATE,),
        "the root signs": (ROOT,),
        "a leaf with CA:TRUE signs": (true_leaf,),
    }


@pytest.mark.parametrize("kind", chains_that_are_none())
def test_no_chain_that_is_none_is_believed(kind):
    assert answer(*chains_that_are_none()[kind]) == UNSUPPORTED


# --- C4: TNAuthLists -----------------------------------------------------------------------------

SPC = bytes.fromhex("3008a006160438313848")
LISTS = {
    "empty": b"\x30\x00",
    "truncated": SPC[:-1],
    "trailing byte": SPC + b"\x00",
    "implicit tag": bytes.fromhex("3006800438313848"),
    "no tag": bytes.fromhex("3006160438313848"),
    "no DER": b"818H",
    "no bytes": b"",
}


@pytest.mark.parametrize("kind", LISTS)
def test_no_broken_list_speaks_for_anybody(kind):
    leaf = pki.make_leaf(ROOT, without=[x509.UnrecognizedExtension])
    assert answer(leaf) == UNSUPPORTED
    bad = x509.UnrecognizedExtension(pki.TN_AUTH_LIST_OID, LISTS[kind])
    assert answer(pki.make_leaf(ROOT, replace=[(bad, False)])) == UNSUPPORTED


# --- C5: numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tn",
    ["12155550099", "12155550110", "1215555010", "121555501000", "012155550100", "2155550100", "155550100"],
)
def test_a_delegate_signs_for_no_number_beside_its_own(tn):
    chain = (delegate(PROVIDER, "12155550100+10"), PROVIDER)
    assert answer(*chain, ppt=None) is None
    assert answer(*chain, ppt=None, tn=TelephoneNumber(tn)) == UNSUPPORTED


@pytest.mark.parametrize(
    ("start", "count"), [(b"12155550100", 10**11), (b"9", 2), (b"1", 9), (b"12155550100", 2**63)]
)
def test_a_count_that_overflows_is_no_range(start, count):
    size = (count.bit_length() + 8) // 8
    entry = tlv(0x30, tlv(0x16, start), tlv(0x02, count.to_bytes(size, "big")))
    leaf = pki.make_leaf(PROVIDER, tn_auth_list=tlv(0x30, tlv(0xA1, entry)))
    assert answer(leaf, PROVIDER, ppt=None) == UNSUPPORTED


# --- C6: delegation ------------------------------------------------------------------------------


def delegations_that_are_none() -> dict[str, tuple[pki.Issued, ...]]:
    holder = authority(PROVIDER, "12155550100+10", common_name="Delegated CA")
    gap = authority(PROVIDER, common_name="Gap CA")
    leaf = delegate(PROVIDER, "12155550100+10")
    return {
        "exceeds its parent": (delegate(holder, "12155550100+11"), holder, PROVIDER),
        "other code": (pki.make_leaf(PROVIDER, spc="587L"), PROVIDER),
        "code under ranges": (pki.make_leaf(holder), holder, PROVIDER),
        "no list": (pki.make_leaf(PROVIDER, without=[x509.UnrecognizedExtension]), PROVIDER),
        "no list in between": (delegate(gap, "12155550100"), gap, PROVIDER),
        "no list above": (delegate(INTERMEDIATE, "12155550100"), INTERMEDIATE),
        "by a leaf": (delegate(leaf, "12155550100"), leaf, PROVIDER),
        "reversed": (PROVIDER, leaf),
        "no parent": (delegate(holder, "12155550100"), holder),
    }


@pytest.mark.parametrize("kind", delegations_that_are_none())
def test_no_delegation_that_is_none_is_believed(kind):
    for ppt in (None, "rcd", "shaken"):
        assert answer(*delegations_that_are_none()[kind], ppt=ppt) == UNSUPPORTED


def test_a_provider_may_delegate_numbers_and_the_delegate_signs_no_shaken():
    chain = (delegate(PROVIDER, "12155550100"), PROVIDER)
    assert answer(*chain, ppt=None) is None
    assert answer(*chain, ppt="rcd") is None
    assert answer(*chain, ppt="shaken") == UNSUPPORTED
    assert answer(*chain, ppt="shaken", trust=trust_in(ROOT, allow_delegate_shaken=True)) is None


# --- C7: claim constraints -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "claims", "expected"),
    [
        ({"must_include": ["confidence"]}, {}, UNSUPPORTED),
        ({"must_include": ["confidence"]}, {"confidence": 1}, None),
        ({"permitted": {"attest": ["A"]}}, {"attest": "B"}, UNSUPPORTED),
        ({"permitted": {"attest": ["A"]}}, {"attest": "A"}, None),
        ({"must_exclude": ["rcd"]}, {"rcd": {"nam": "x"}}, UNSUPPORTED),
        ({"must_exclude": ["rcd"]}, {"attest": "A"}, None),
        ({"must_exclude": ["iat"]}, {"iat": 1}, None),
        ({"must_exclude": ["orig", "dest"]}, {"orig": {}, "dest": {}}, None),
    ],
)
def test_no_claim_beyond_its_constraints_is_believed(constraint, claims, expected):
    leaf = pki.make_leaf(ROOT, extra=[constraints(constraints_der(**constraint), enhanced=True)])
    assert answer(leaf, claims=claims) == expected
