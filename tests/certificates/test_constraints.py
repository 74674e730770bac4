"""Claim constraints: RFC 8226 section 8, RFC 9118."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.constraints import (
    ENHANCED_CONSTRAINTS_OID,
    Constraints,
    check_constraints,
    find_constraints,
    parse_constraints,
    parse_enhanced_constraints,
)
from gateway.passport.strict import read_json
from gateway.reasons import CERTIFICATE_PROFILE, CERTIFICATE_UNTRUSTED, CONSTRAINTS_BROKEN, PROFILE_WARNING
from tests import pki
from tests.certificates.extensions import (
    ROOT,
    believed,
    constraints,
    constraints_der,
    outcome,
    reason_of,
)

# RFC 9118 figure 1: confidence must be there and be high or medium, priority must not be there.
FIGURE_1 = """\
-----BEGIN CERTIFICATE-----
MIICpzCCAk2gAwIBAgIUH7Zd3rQ5AsvOlzLnzUHhrVhDSlswCgYIKoZIzj0EAwIw
KTELMAkGA1UEBhMCVVMxGjAYBgNVBAMMEUJPR1VTIFNIQUtFTiBST09UMB4XDTIx
MDcxNTIxNTIxNVoXDTIyMDcxNTIxNTIxNVowbDELMAkGA1UEBhMCVVMxCzAJBgNV
BAgMAlZBMRAwDgYDVQQHDAdIZXJuZG9uMR4wHAYDVQQKDBVCb2d1cyBFeGFtcGxl
IFRlbGVjb20xDTALBgNVBAsMBFZvSVAxDzANBgNVBAMMBlNIQUtFTjBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNR6C6nBWRA/fXTglV03aXkXy8hx9oBttVLhsTZ1
IYVRBao4OZhVf/Xv1a3xLsZ6KfdhuylSeAKuCoSbVGojYDGjggEOMIIBCjAMBgNV
HRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUDlG3dxHyzKL/FZfS
PI7rpuueRbswHwYDVR0jBBgwFoAUlToKtrQeFrwwyXpMj1qu3TQEeoEwQgYJYIZI
AYb4QgENBDUWM1RoaXMgY2VydGlmaWNhdGUgY2Fubm90IGJlIHRydXN0ZWQgZm9y
IGFueSBwdXJwb3NlLjAWBggrBgEFBQcBGgQKMAigBhYEMTIzNDBOBggrBgEFBQcB
IQRCMECgDjAMFgpjb25maWRlbmNloSAwHjAcFgpjb25maWRlbmNlMA4MBGhpZ2gM
Bm1lZGl1baIMMAoWCHByaW9yaXR5MAoGCCqGSM49BAMCA0gAMEUCIQCbNR4QK1um
+0vq2CE1B1/W3avYeREsPi/7RKHffL+5eQIgarHot+X9Rl7SOyNBq5X5JyEMx0SQ
hRLkCY3Zoz2OCNQ=
-----END CERTIFICATE-----
"""
CLAIMS = {"iat": 1, "orig": {"tn": "12155550100"}, "dest": {"tn": ["12155550101"]}}


def allowed(found: Constraints | None, **claims) -> bool:
    finding = check_constraints(found, {**CLAIMS, **claims})
    assert finding is None or finding.reason is CONSTRAINTS_BROKEN
    return finding is None


def enhanced(**how) -> Constraints:
    return parse_enhanced_constraints(constraints_der(**how))


def test_the_rfcs_certificate_is_read_and_enforced():
    certificate = x509.load_pem_x509_certificate(FIGURE_1.encode())
    found = find_constraints({extension.oid: extension for extension in certificate.extensions})
    assert isinstance(found, Constraints)
    assert found.must_include == ("confidence",)
    assert found.must_exclude == ("priority",)
    assert found == enhanced(
        must_include=["confidence"],
        permitted={"confidence": ["high", "medium"]},
        must_exclude=["priority"],
    )
    assert allowed(found, confidence="high")
    assert allowed(found, confidence="medium", other="x")
    assert not allowed(found)
    assert not allowed(found, confidence="low")
    assert not allowed(found, confidence="High")
    assert not allowed(found, confidence=["high"])
    assert not allowed(found, confidence="high", priority=None)


def test_another_writers_extension_is_read():
    der = base64.b64decode(
        "MD2gBzAFFgNmb2+hMjAwMBkWA2ZvbzASDARmb28xDARmb28yDARmb28zMBMWA2JhcjAMDARiYXIxDARiYXIy"
    )
    assert der == constraints_der(
        must_include=["foo"], permitted={"foo": ["foo1", "foo2", "foo3"], "bar": ["bar1", "bar2"]}
    )
    found = parse_constraints(der)
    assert allowed(found, foo="foo2")
    assert not allowed(found, foo="foo2", bar="foo2")


def test_the_finding_names_the_claim():
    found = enhanced(must_include=["a"], permitted={"b": ["1"]}, must_exclude=["c"])
    for claims, claim in (({}, "a"), ({"a": 1, "b": 2}, "b"), ({"a": 1, "c": 1}, "c")):
        finding = check_constraints(found, {**CLAIMS, **claims})
        assert finding is not None
        assert finding.parameter == claim


def test_without_constraints_everything_is_allowed():
    assert allowed(None, anything=1)


def test_a_claim_that_is_absent_has_no_value_to_judge():
    assert allowed(parse_constraints(constraints_der(permitted={"attest": ["A"]})))


def test_a_claim_listed_twice_must_fit_both():
    found = parse_constraints(constraints_der(permitted=[("a", ["1", "2"]), ("a", ["2", "3"])]))
    assert allowed(found, a="2")
    assert not allowed(found, a="1")
    assert not allowed(found, a="3")


@pytest.mark.parametrize(
    ("text", "value", "permitted"),
    [
        ("A", "A", True),
        ("A", "a", False),
        ("A", "A ", False),
        ("", "", True),
        ("é", "é", True),
        ("é", "e\u0301", False),
        ('"A"', "A", False),
        ('"A"', '"A"', True),
        ("1", 1, True),
        ("1", "1", True),
        ("1", True, False),
        ("1", 1.0, False),
        ("1.0", 1.0, False),
        ("1.5", 1.5, False),
        ("true", True, True),
        ("true", "true", True),
        ("null", None, True),
        ("null", "null", True),
        ("[]", [], True),
        ('["a","b"]', ["a", "b"], True),
        ('["a","b"]', ["b", "a"], False),
        ('["a","b"]', "a", False),
        ("a", ["a"], False),
        ('{"nam":"Example Bank"}', {"nam": "Example Bank"}, True),
        ('{ "nam" : "Example Bank" }', {"nam": "Example Bank"}, True),
        ('{"b":1,"a":2}', {"a": 2, "b": 1}, True),
        ('{"nam":"Example Bank"}', {"nam": "Example Bank", "icn": "https://x"}, False),
        ('{"a":1,"a":2}', {"a": 2}, False),
        ('{"a":', {"a": 1}, False),
        ('{"tn":"12155550100"}', {"tn": "12155550100"}, True),
    ],
)
def test_values_are_matched_exactly(text, value, permitted):
    assert allowed(parse_constraints(constraints_der(permitted={"c": ["other", text]})), c=value) is permitted


@pytest.mark.parametrize("claim", ["iat", "orig", "dest"])
def test_excluding_what_every_passport_has_undoes_the_extension(claim):
    found = enhanced(
        must_include=["confidence"], permitted={"attest": ["A"]}, must_exclude=["priority", claim]
    )
    assert found.is_void
    assert allowed(found, attest="C", priority=1)


def test_permitted_values_may_bind_what_every_passport_has():
    found = enhanced(permitted={"orig": ['{"tn":"12155550100"}']}, must_include=["iat"])
    assert allowed(found)
    assert not allowed(found, orig={"tn": "12155550199"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.text(), min_size=1, max_size=4), json_values)
def test_a_string_passes_exactly_when_it_is_listed(texts, value):
    found = parse_constraints(constraints_der(permitted={"c": texts}))
    if isinstance(value, str):
        assert allowed(found, c=value) is (value in texts)
    assert all(allowed(found, c=text) for text in texts)


@given(json_values, json_values)
def test_any_other_value_passes_exactly_when_its_json_is_listed(listed_value, value):
    found = parse_constraints(constraints_der(permitted={"c": [json.dumps(listed_value)]}))
    if not isinstance(value, str):
        same = type(value) is type(listed_value) and value == listed_value
        strict = json.dumps(value, sort_keys=True) == json.dumps(listed_value, sort_keys=True)
        assert allowed(found, c=value) is (same and strict)


def test_what_the_strict_reader_refuses_is_not_permitted():
    found = parse_constraints(constraints_der(permitted={"c": ["[" * 40 + "]" * 40, "NaN"]}))
    assert not allowed(found, c=read_json(b"[[[]]]"))


# --- in certificates -----------------------------------------------------------------------------

MUST_INCLUDE = constraints_der(must_include=["attest"])


@pytest.mark.parametrize("is_enhanced", [False, True])
def test_a_chain_carries_its_leafs_constraints(is_enhanced):
    leaf = pki.make_leaf(ROOT, extra=[constraints(MUST_INCLUDE, enhanced=is_enhanced)])
    chain = believed(leaf)
    assert chain.constraints == Constraints(must_include=("attest",))
    assert allowed(chain.constraints, attest="A")
    assert not allowed(chain.constraints)


def test_both_extensions_in_one_certificate_are_refused():
    both = [constraints(MUST_INCLUDE), constraints(MUST_INCLUDE, enhanced=True)]
    result = outcome(pki.make_leaf(ROOT, extra=both))
    assert reason_of(result) is CERTIFICATE_PROFILE
    assert "both kinds" in result.findings[0].detail


def test_constraints_that_cannot_be_read_or_are_critical_are_refused():
    for extension in (constraints(b"\x30\x00"), (constraints(MUST_INCLUDE)[0], True)):
        assert reason_of(outcome(pki.make_leaf(ROOT, extra=[extension]))) is CERTIFICATE_PROFILE


def test_a_void_extension_is_told():
    void = constraints(constraints_der(must_exclude=["dest"]), enhanced=True)
    chain = believed(pki.make_leaf(ROOT, extra=[void]))
    assert allowed(chain.constraints)
    assert any(one.reason is PROFILE_WARNING and "not_void" in one.detail for one in chain.warnings)


def test_in_an_authority_constraints_mean_nothing_unless_they_are_critical():
    for critical, believable in ((False, True), (True, False)):
        extension = (constraints(MUST_INCLUDE, enhanced=True)[0], critical)
        authority = pki.make_intermediate(ROOT, extra=[extension])
        leaf = pki.make_leaf(authority)
        if believable:
            assert believed(leaf, authority).constraints is None
        else:
            assert reason_of(outcome(leaf, authority)) is CERTIFICATE_UNTRUSTED


def test_an_extension_of_another_kind_under_the_number_is_not_read():
    odd = x509.Extension(ENHANCED_CONSTRAINTS_OID, False, x509.InhibitAnyPolicy(0))
    assert find_constraints({ENHANCED_CONSTRAINTS_OID: odd}) is None
