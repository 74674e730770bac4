"""What an operator reads of a certificate, a list or a file that is refused, and where it belongs."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.certificates.chain import Refusal, parse_chain, validate
from gateway.certificates.constraints import (
    ConstraintsError,
    check_constraints,
    find_constraints,
    parse_constraints,
    parse_enhanced_constraints,
)
from gateway.certificates.domain import DomainFiles, Problem, build_domain
from gateway.certificates.leaf import Leaf
from gateway.certificates.profile import Rule, Severity, _has, _lacks, _refuse, _warn, judge_profile
from gateway.certificates.reading import CertificateError
from gateway.certificates.revocation_list import RevocationListError, read_revocation_lists
from gateway.certificates.revocation_state import ChainRevocation, RevocationPolicy
from gateway.certificates.tnauthlist import (
    TnAuthList,
    TnAuthListError,
    parse_tn_auth_list,
    render_tn_auth_list,
)
from gateway.certificates.trust import build_domains
from gateway.certificates.trust_list import _entry
from gateway.certificates.use import judge_use
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_REVOKED,
    CONSTRAINTS_BROKEN,
    DELEGATION_INVALID,
    PROFILE_WARNING,
    REVOCATION_PENDING,
    REVOCATION_UNKNOWN,
    REVOCATION_UNOBTAINABLE,
    X5U_FORBIDDEN,
    Finding,
)
from tests import pki
from tests.certificates.extensions import (
    PROVIDER,
    ROOT,
    believed,
    constraints,
    constraints_der,
    delegate,
    outcome,
    tlv,
    trust_in,
)
from tests.pki import NOW

CA = pki.make_intermediate(ROOT)
LEAF = pki.make_leaf(CA)
OWN = "CN=SHAKEN 818H,O=Example Carrier,C=US"
AUTHORITY = "CN=SHAKEN Test Issuing CA,O=Example Carrier,C=US"


def finding(*certificates: pki.Issued, **how) -> Finding:
    result = outcome(*certificates, **how)
    assert isinstance(result, Refusal)
    return result.findings[0]


# --- chains --------------------------------------------------------------------------------------


def test_dates_are_said_in_universal_time():
    late = pki.make_leaf(ROOT, not_before=NOW + 60)
    assert finding(late) == Finding(CERTIFICATE_EXPIRED, "not valid before 2026-11-18T11:07:40+00:00")
    over = pki.make_leaf(ROOT, not_after=NOW - 60)
    assert finding(over) == Finding(CERTIFICATE_EXPIRED, "not valid after 2026-11-18T11:05:40+00:00")


def test_an_unknown_issuer_is_said_as_the_path_builder_says_it():
    assert finding(LEAF).detail.startswith("validation failed: candidates exhausted")


def test_who_was_revoked_by_which_entry_of_which_list_is_said():
    crl = pki.make_crl(ROOT, [(None, CA.certificate.serial_number)], indirect=False)
    found = finding(LEAF, CA, trust=trust_in(ROOT, crls=[("a.crl", crl)]))
    assert found == Finding(
        CERTIFICATE_REVOKED, f"{AUTHORITY}: serial {CA.certificate.serial_number:x}, a.crl"
    )


def test_whose_revocation_is_unknown_is_said_for_each():
    warned = believed(LEAF, CA).warnings
    assert [one for one in warned if one.reason is REVOCATION_UNKNOWN] == [
        Finding(REVOCATION_UNKNOWN, f"{who}: no revocation list for it is loaded") for who in (OWN, AUTHORITY)
    ]


def test_where_a_missing_list_stands_is_said():
    waiting = trust_in(ROOT, revocation=RevocationPolicy(wait_for_missing=True, refuse_unobtainable=True))
    where = f"it is published at {pki.CRL_URL}"
    assert finding(LEAF, CA, trust=waiting) == Finding(REVOCATION_PENDING, where)
    without = validate(parse_chain(LEAF.pem + CA.pem), waiting, NOW, unobtainable=[pki.CRL_URL])
    assert isinstance(without, Refusal)
    assert without.findings == (Finding(REVOCATION_UNOBTAINABLE, where),)


def test_a_chain_without_lists_has_always_been_fresh():
    assert believed(LEAF, CA).revocation.fresh_from == 0


def test_a_list_that_begins_this_second_is_in_its_dates():
    at = ChainRevocation(RevocationPolicy(), fresh_from=100, fresh_until=200)
    assert at.judge(100) is None
    assert at.judge(99) == Finding(REVOCATION_UNKNOWN, "its revocation list is dated in the future")


def test_what_was_delegated_too_much_is_said():
    found = finding(delegate(PROVIDER, "12155550100", "587L"), PROVIDER)
    assert found == Finding(DELEGATION_INVALID, "lists more than the TNAuthList above it")


def test_another_address_than_the_domains_is_the_parameter_infos():
    chain = believed(LEAF, CA, trust=trust_in(ROOT, x5u_prefixes=["https://certs.example.org/"]))
    found = judge_use(
        chain,
        ppt="shaken",
        tn=TelephoneNumber("12155550100"),
        claims={},
        x5u="https://a.example.org/b",
        now=NOW,
    )
    assert found == Finding(X5U_FORBIDDEN, "the trust domain default publishes elsewhere", "info")


# --- the profile ---------------------------------------------------------------------------------


def test_rules_are_made_of_what_they_are_given():
    def never(_):
        return None

    assert _refuse("a.b", never, "RFC 1 1", reason=CERTIFICATE_PROFILE) == Rule(
        "a.b", Severity.REFUSE, "RFC 1 1", never, CERTIFICATE_PROFILE
    )
    assert _warn("a.b", never, "RFC 1 1") == Rule("a.b", Severity.WARN, "RFC 1 1", never, PROFILE_WARNING)


def test_rules_of_presence_look_for_one_extension():
    leaf = Leaf(LEAF.certificate, {x509.ObjectIdentifier("1.2.3"): None}, None, None, frozenset())
    there, elsewhere = x509.ObjectIdentifier("1.2.3"), x509.ObjectIdentifier("1.2.4")
    assert [_lacks(oid, "pointer")(leaf) for oid in (there, elsewhere)] == [None, "no pointer"]
    assert [_has(oid, "ending")(leaf) for oid in (there, elsewhere)] == ["an ending is present", None]


def test_what_cannot_be_used_is_not_in_the_profile():
    def profile(**how):
        return judge_profile(pki.make_leaf(ROOT, **how).certificate, frozenset({pki.POLICY}), {})

    assert profile(key=rsa.generate_private_key(65537, 2048)).public_key is None
    assert profile(tn_auth_list=b"\x30\x00").tn_auth_list is None
    assert profile(extra=[constraints(b"\x30\x00")]).constraints is None


def test_a_key_that_agrees_keys_is_for_more_than_signatures():
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=True, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    found = judge_profile(
        pki.make_leaf(ROOT, replace=[(usage, True)]).certificate, frozenset({pki.POLICY}), {}
    )
    assert [one.detail.partition(":")[0] for one in found.warnings] == ["key_usage.alone"]


# --- claim constraints ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parse", "der", "words"),
    [
        (parse_constraints, b"", "the claim constraints are not DER of the form in RFC 8226 section 8"),
        (
            parse_enhanced_constraints, b"",
            "the claim constraints are not DER of the form in RFC 9118 section 3",
        ),
        (parse_constraints, b"\x30\x00", "the claim constraints constrain nothing, or by nothing"),
        (
            parse_constraints, constraints_der(must_include=["a b"]),
            "the claim constraints name a claim of impossible form",
        ),
    ],
)  # fmt: skip
def test_constraints_that_are_none_are_said_so(parse, der, words):
    with pytest.raises(ConstraintsError) as caught:
        parse(der)
    assert str(caught.value) == words


def test_the_plain_extension_cannot_exclude():
    extension, critical = constraints(constraints_der(must_exclude=["rcd"]))
    found = find_constraints({extension.oid: x509.Extension(extension.oid, critical, extension)})
    assert isinstance(found, ConstraintsError)


@pytest.mark.parametrize(
    ("constraint", "claims", "words"),
    [
        ({"must_include": ["a"]}, {}, "the certificate asks for the claim a"),
        ({"permitted": {"a": ["1"]}}, {"a": 2}, "the claim a has a value the certificate does not permit"),
        ({"must_exclude": ["a"]}, {"a": 1}, "the certificate forbids the claim a"),
    ],
)
def test_which_claim_breaks_the_constraints_is_said(constraint, claims, words):
    found = check_constraints(parse_enhanced_constraints(constraints_der(**constraint)), claims)
    assert found == Finding(CONSTRAINTS_BROKEN, words, "a")


# --- TNAuthLists ---------------------------------------------------------------------------------


def entry(number: int, *contents: bytes) -> bytes:
    return tlv(0x30, tlv(0xA0 | number, *contents))


def in_range(start: bytes, count: int) -> bytes:
    return entry(1, tlv(0x30, tlv(0x16, start), tlv(0x02, bytes([count]))))


@pytest.mark.parametrize(
    ("der", "words"),
    [
        (b"\x30\x00", "The TNAuthList is not DER of the form in RFC 8226 section 9."),
        (entry(0, tlv(0x16, b"a b")), "The TNAuthList holds a provider code of impossible form."),
        (entry(2, tlv(0x16, b"a")), "The TNAuthList holds a telephone number of impossible form."),
        (in_range(b"a", 2), "A range of the TNAuthList starts with something other than 1 to 15 digits."),
        (in_range(b"12", 1), "A range of the TNAuthList counts less than two numbers."),
        (in_range(b"98", 2), "A range of the TNAuthList runs past the last number of its length."),
    ],
)
def test_a_list_that_is_none_is_said_so(der, words):
    with pytest.raises(TnAuthListError) as caught:
        parse_tn_auth_list(der)
    assert str(caught.value) == words


def test_an_empty_list_is_not_written():
    with pytest.raises(TnAuthListError) as caught:
        render_tn_auth_list(TnAuthList())
    assert str(caught.value) == "A TNAuthList has one entry at least, all of them ASCII."


@pytest.mark.parametrize("codes", [11, 12, 13, 14, 15, 30, 31])
def test_a_list_of_any_length_is_written_as_it_is_read(codes):
    listed = TnAuthList(tuple(f"{number:04}" for number in range(codes)))
    assert parse_tn_auth_list(render_tn_auth_list(listed)) == listed


# --- lists and files -----------------------------------------------------------------------------


def test_revocation_lists_that_are_none_are_said_so():
    for data, words in (
        (b"-----BEGIN CERTIFICATE-----", "holds no PEM revocation list"),
        (b"\x30\x00", "holds a revocation list that cannot be read: error parsing asn1 value"),
    ):
        with pytest.raises(RevocationListError) as caught:
            read_revocation_lists("a.crl", data)
        assert str(caught.value).startswith(words)


def test_lists_keep_the_name_of_their_file_in_either_form():
    for pem in (True, False):
        [crl] = read_revocation_lists("a.crl", pki.make_crl(ROOT, indirect=False, pem=pem))
        assert crl.file == "a.crl"


def problems_of(**how) -> list[Problem]:
    files = {"name": "default", "anchors": [("root.pem", ROOT.pem)], **how}
    built = build_domain(DomainFiles(**files))
    return built if isinstance(built, list) else []


def test_what_is_wrong_with_a_domain_is_said_and_where():
    assert problems_of(policy_oids=[]) == [
        Problem("", "no certificate policy is accepted, so no call could ever be verified")
    ]
    assert problems_of(name="A") == [Problem("", "the trust domain's name is not of a-z, 0-9 and hyphens")]
    assert problems_of(x5u_prefixes=["http://a/"]) == [
        Problem("", "the address http://a/ is not https:// with a path that ends with a slash")
    ]
    assert problems_of(revocation=RevocationPolicy(overdue_grace_seconds=-1)) == [
        Problem("", "the grace for overdue revocation lists is negative")
    ]
    assert problems_of(revocation=RevocationPolicy(overdue_grace_seconds=0)) == []
    assert problems_of(anchors=[("a.pem", b"text")]) == [
        Problem("a.pem", "holds neither a PEM nor a DER certificate")
    ]


def test_what_is_wrong_with_several_domains_is_said_of_each():
    bad = {"anchors": [("root.pem", ROOT.pem)], "policy_oids": []}
    words = "no certificate policy is accepted, so no call could ever be verified"
    found = build_domains([DomainFiles(name=name, **bad) for name in ("default", "default", "a", "b")])
    assert found == [
        Problem("", words),
        Problem("", words),
        Problem("", f"{words} (a)", "a"),
        Problem("", f"{words} (b)", "b"),
    ]
    good = DomainFiles(name="a", anchors=[("root.pem", ROOT.pem)])
    assert build_domains([good, good]) == [Problem("", "two trust domains are called a", "a")]


@pytest.mark.parametrize(
    ("text", "words"),
    [(5, "is no text"), ("a b", "is neither PEM nor base64"), ("AAAA=AAA", "is neither PEM nor base64")],
)
def test_entries_of_a_trust_list_that_are_none_are_said_so(text, words):
    with pytest.raises(CertificateError) as caught:
        _entry(text)
    assert str(caught.value) == words
