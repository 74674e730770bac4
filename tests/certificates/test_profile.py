"""The certificate profile: each rule with the certificate that breaks only it."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.certificates.profile import DEFAULT_POLICY_OIDS, RULES, Severity, judge_profile
from gateway.certificates.reading import CertificateError, read_certificates
from gateway.certificates.tnauthlist import TnAuthList
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import CERTIFICATE_PROFILE, PROFILE_WARNING, TNAUTHLIST_INVALID
from tests import pki
from tests.certificates.extensions import LIST_URL, constraints, constraints_der, tn_list_at

ROOT = pki.make_root()
REAL = Path(__file__).parents[3] / "shared/data/shaken/certificates-half.jsonl.gz"
TWO_CODES = TnAuthList(("818H", "587L"))
MUST_INCLUDE = constraints_der(must_include=["attest"])
NOBODY = x509.Name([])
HOST = x509.SubjectAlternativeName([x509.DNSName("sti.example.org")])
ONE_NUMBER = TnAuthList(ones=(TelephoneNumber("12155550100"),))


def judge(**leaf):
    profile = judge_profile(pki.make_leaf(ROOT, **leaf).certificate, DEFAULT_POLICY_OIDS, {})
    return profile, {finding.detail.partition(":")[0] for finding in (*profile.refusals, *profile.warnings)}


def test_a_certificate_by_the_book_breaks_no_rule():
    profile, broken = judge()
    assert not broken
    assert profile.tn_auth_list == TnAuthList(("818H",))
    assert profile.constraints is None
    assert profile.public_key is not None


def pointer_without_issuer():
    return (pki.crl_pointer(), False)


BREAKING = {
    "key.p256": [{"key": pki.new_key(ec.SECP384R1())}, {"key": rsa.generate_private_key(65537, 2048)}],
    "key_usage.digital_signature": [
        {"without": [x509.KeyUsage]},
        {"replace": [(pki.usage(encrypt=True), True)]},
    ],
    "key_usage.no_authority": [
        {"replace": [(pki.usage(sign=True, certificates=True), True)]},
        {"replace": [(pki.usage(sign=True, lists=True), True)]},
    ],
    "basic_constraints.no_authority": [
        {"replace": [(x509.BasicConstraints(ca=True, path_length=None), True)]}
    ],
    "extended_key_usage.open": [
        {"extra": [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical)]}
        for critical in (False, True)
    ],
    "subject.present": [{"subject": NOBODY}, {"subject": NOBODY, "extra": [(HOST, False)]}],
    "policy.accepted": [
        {"without": [x509.CertificatePolicies]},
        {"replace": [(pki.policies("2.16.840.1.114569.1.1.2"), False)]},
        {"replace": [(pki.policies("2.5.29.32.0"), False)]},
        {"replace": [(pki.policies(pki.POLICY, pki.POLICY), False)]},
    ],
    "tn_auth_list.readable": [
        {"without": [x509.UnrecognizedExtension]},
        {"tn_auth_list": b"\x30\x00"},
        {"tn_auth_list": bytes.fromhex("3006800438313848")},
    ],
    "tn_auth_list.not_critical": [{"replace": [(pki.tn_extension(TnAuthList(("818H",))), True)]}],
    "tn_auth_list.one_spc": [
        {"tn_auth_list": TnAuthList(("818H", "587L"))},
    ],
    "constraints.readable": [
        {"extra": [constraints(b"\x30\x00")]},
        {"extra": [constraints(MUST_INCLUDE), constraints(MUST_INCLUDE, enhanced=True)]},
    ],
    "constraints.not_critical": [
        {"extra": [(constraints(MUST_INCLUDE)[0], True)]},
        {"extra": [(constraints(MUST_INCLUDE, enhanced=True)[0], True)]},
    ],
    "constraints.not_void": [
        {"extra": [constraints(constraints_der(must_exclude=["iat"]), enhanced=True)]},
    ],
    "basic_constraints.present": [{"without": [x509.BasicConstraints]}],
    "key_usage.alone": [{"replace": [(pki.usage(sign=True, encrypt=True), True)]}],
    "key_usage.critical": [{"replace": [(pki.usage(sign=True), False)]}],
    "policy.one": [{"replace": [(pki.policies(pki.POLICY, "2.16.840.1.114569.1.1.3"), False)]}],
    "subject.common_name": [{"common_name": "SHAKEN 587L"}, {"common_name": "Example Carrier 818H"}],
    "tn_auth_list.spc_form": [{"spc": "818h"}],
    "signature.algorithm": [{"algorithm": hashes.SHA384()}],
    "subject_key_identifier": [{"without": [x509.SubjectKeyIdentifier]}],
    "authority_key_identifier": [{"without": [x509.AuthorityKeyIdentifier]}],
    "crl_pointer.present": [{"without": [x509.CRLDistributionPoints]}],
    "crl_pointer.issuer": [{"replace": [pointer_without_issuer()]}],
    "extended_key_usage.absent": [
        {"extra": [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)]}
    ],
}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.id in BREAKING], ids=lambda rule: rule.id)
def test_breaking_a_rule_is_reported_with_its_severity_and_source(rule):
    for leaf in BREAKING[rule.id]:
        profile, broken = judge(**leaf)
        assert rule.id in broken
        found = profile.refusals if rule.severity is Severity.REFUSE else profile.warnings
        finding = next(finding for finding in found if finding.detail.startswith(rule.id + ":"))
        assert finding.reason is rule.reason
        assert rule.citation in finding.detail
        assert bool(profile.refusals) is (rule.severity is Severity.REFUSE)


def test_a_delegates_certificate_breaks_no_rule():
    for listed in (ONE_NUMBER, TnAuthList(("818H",), ones=ONE_NUMBER.ones)):
        assert not judge(tn_auth_list=listed)[1]
    assert not judge(tn_auth_list=ONE_NUMBER, common_name="Example Bank")[1]


def test_a_list_that_stands_elsewhere_is_asked_for_when_it_was_fetched():
    leaf = pki.make_leaf(ROOT, without=[x509.UnrecognizedExtension], extra=[tn_list_at(LIST_URL)])
    for fetched, refused in (({}, False), ({LIST_URL: ONE_NUMBER}, False), ({LIST_URL: TWO_CODES}, True)):
        profile = judge_profile(leaf.certificate, DEFAULT_POLICY_OIDS, fetched)
        assert bool(profile.refusals) is refused


def test_every_rule_has_a_test_of_its_own():
    assert {rule.id for rule in RULES} == set(BREAKING)
    assert len({rule.id for rule in RULES}) == len(RULES)


def with_serial(octets: bytes) -> bytes:
    """A certificate of another serial number; its signature does not fit, which is not looked at here."""
    der = pki.make_leaf(ROOT, serial=2 ** (8 * len(octets)) - 2 ** (8 * len(octets) - 1) - 1).der
    place = der.index(bytes([2, len(octets), 0x7F]) + b"\xff" * (len(octets) - 1)) + 2
    return der[:place] + octets + der[place + len(octets) :]


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("octets", [b"\x00", b"\xff\x7a", b"\x80" + bytes(19)])
def test_a_serial_number_that_is_not_positive_is_no_certificates(octets):
    with pytest.raises(CertificateError, match="its serial number is not one of 1 to 20 octets"):
        read_certificates(with_serial(octets))


def test_a_serial_number_of_twenty_octets_is_read():
    assert read_certificates(with_serial(b"\x7f" + b"\xff" * 19))[0].serial_number == 2**159 - 1


def test_an_extended_key_usage_of_any_purpose_may_be_critical():
    any_usage = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
    )
    assert not judge(extra=[(any_usage, True)])[0].refusals


def test_a_critical_alternative_name_stands_for_the_subject():
    assert not judge(subject=NOBODY, extra=[(HOST, True)])[0].refusals


def test_the_reason_says_what_kind_of_rule_was_broken():
    for rule in RULES:
        refusing = {TNAUTHLIST_INVALID} if rule.id.startswith("tn_auth_list") else {CERTIFICATE_PROFILE}
        assert rule.reason in (refusing if rule.severity is Severity.REFUSE else {PROFILE_WARNING})


@pytest.mark.parametrize("oid", sorted(DEFAULT_POLICY_OIDS))
def test_every_accepted_policy_passes_critical_or_not(oid):
    for critical in (False, True):
        assert not judge(replace=[(pki.policies(oid), critical)])[0].refusals


def test_the_accepted_policies_are_the_operators():
    french = pki.make_leaf(ROOT, replace=[(pki.policies("1.2.250.1.695.1.1.1.1"), False)]).certificate
    assert judge_profile(french, DEFAULT_POLICY_OIDS, {}).refusals
    assert not judge_profile(french, frozenset({"1.2.250.1.695.1.1.1.1"}), {}).refusals


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not there")
@pytest.mark.filterwarnings("ignore")
def test_real_certificates_are_not_refused_but_for_the_few_that_are_known():
    refused: list[str] = []
    leaves = 0
    with gzip.open(REAL, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            if row["url"] is None:
                continue  # an authority's certificate
            leaves += 1
            try:
                certificate = read_certificates(base64.b64decode(row["der"]))[0]
            except CertificateError:
                refused.append(row["url"])
                continue
            if judge_profile(certificate, DEFAULT_POLICY_OIDS, {}).refusals:
                refused.append(row["url"])
    assert leaves == 7966
    assert len(refused) == 10, refused
