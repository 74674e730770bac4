"""The cases of x509-limbo (https://x509-limbo.com) that a verifier of calls can meet, made anew.

Limbo's certificates are made for web servers and have no TNAuthList, so the profile would refuse all of them
for that alone. Each case is therefore made again around a provider's certificate by tests.hostile's own DER;
the id is limbo's, so that its description can be looked up. What is answered otherwise than limbo expects
stands here with its reason. Limbo's families:

    pathlen, pathological, invalid        here
    cve                                   here, what concerns names in test_limbo_names
    rfc5280, its aki, ski, eku, pc, san,  here, but `ca-as-leaf-wrong-san`: no caller is a host name
        serial and validity
    rfc5280::nc                           test_limbo_names
    rfc5280::crl                          test_limbo_lists
    webpki, webpki::ku                    here what forbids a key, an algorithm, a version or an unreadable
                                          extension; the rest matches host names, or is a rule of the
                                          CA/Browser Forum for its own authorities
    webpki::san, webpki::cn, bettertls    not applicable: names and addresses of servers, and no caller is one
    webpki::aki, eku, nc, crl             not applicable: rules of the CA/Browser Forum, some against RFC 5280
    rfc9881                               not applicable: ML-DSA; calls are signed with ES256 (RFC 8225 4.2)
    smime, online                         not applicable: mail addresses as peers; web servers as once met
"""

from __future__ import annotations

import pytest

from tests.conformance.limbo import (
    MakeGraph,
    alternative,
    below_ca,
    below_root,
    critical,
    dns,
    line,
    refusal,
)
from tests.conformance.limbo_graphs import (
    DSA,
    LATER,
    P192,
    RSA,
    authority_as_leaf,
    chain_of_pain,
    cross_signed_three_ways,
    cross_signed_without_key_id,
    in_time,
    issuer_without_a_key,
    many_names,
    ring,
    self_issued_below_1,
    swapped,
    untrusted_root,
    version_1,
)
from tests.hostile import certificates as make
from tests.hostile.certificates import DAY, NOW
from tests.hostile.der import oid, seq, tlv

UNKNOWN = critical("1.3.6.1.4.1.99999.666.1", b"")
CLIENTS = "1.3.6.1.5.5.7.3.2"
ACCESS = "1.3.6.1.5.5.7.1.1"
AUTHORITY_AT = seq(seq(oid("1.3.6.1.5.5.7.48.2"), dns("example.com")))


VALID: dict[str, MakeGraph] = {
    "pathlen::ee-with-intermediate-pathlen-0": line(0),
    "pathlen::ee-with-intermediate-pathlen-1": line(1),
    "pathlen::ee-with-intermediate-pathlen-2": line(2),
    "pathlen::intermediate-pathlen-may-increase": line(1, 2),
    "pathological::multiple-chains-expired-intermediate": chain_of_pain,
    "cve::cve-2024-0567": cross_signed_three_ways,
    "rfc5280::ee-aia": below_root({"access": make.extension(ACCESS, AUTHORITY_AT)}),
    "rfc5280::no-basicconstraints": below_root({"constraints": None}),
    "rfc5280::root-and-intermediate-swapped": swapped,
    "rfc5280::aki::self-signed-root-missing-aki": below_root(authority_key=None),
    "rfc5280::eku::ee-without-eku": below_root({"purposes": None}),
    "rfc5280::validity::notbefore-exact": in_time(NOW),
    "rfc5280::validity::notafter-exact": in_time(NOW + LATER),
    "rfc5280::validity::notafter-fractional": in_time(NOW + LATER + 0.005),
}  # fmt: skip

INVALID: dict[str, tuple[str, MakeGraph]] = {
    "pathlen::intermediate-violates-pathlen-0": ("path length", line(0, 0)),
    "pathlen::intermediate-pathlen-too-long": ("path length", line(1, 0, 0)),
    "pathological::intermediate-cycle-distinct-cas": (
        "max depth", ring("SHAKEN Limbo Ring 1", "SHAKEN Limbo Ring 2")),
    # A call asks for no depth: the node's own bound holds for this case too.
    "pathological::intermediate-cycle-distinct-cas-max-depth": (
        "max depth", ring("SHAKEN Limbo Ring 1", "SHAKEN Limbo Ring 2")),
    "pathological::intermediate-cycle-same-logical-ca": (
        "candidates exhausted", ring("SHAKEN Limbo Ring", "SHAKEN Limbo Ring")),
    "pathological::nc-dos-1": ("more than 100 alternative names", many_names),
    "invalid::invalid-issuer-key": ("certificate 2 cannot be read", issuer_without_a_key),
    "rfc5280::ee-empty-issuer": ("non-empty Issuer", below_root({"issuer_name": seq()})),
    "rfc5280::ca-empty-subject": ("non-empty Issuer", below_root(subject=seq())),
    "rfc5280::unknown-critical-extension-ee": ("unaccounted-for", below_root({"unknown": UNKNOWN})),
    "rfc5280::unknown-critical-extension-root": ("unaccounted-for", below_root(unknown=UNKNOWN)),
    "rfc5280::unknown-critical-extension-intermediate": (
        "unaccounted-for", below_ca(path_length=0, unknown=UNKNOWN)),
    "rfc5280::chain-untrusted-root": ("candidates exhausted", untrusted_root),
    "rfc5280::intermediate-ca-without-ca-bit": (
        "cA must be asserted", below_ca(constraints=make.constraints(ca=False))),
    "rfc5280::intermediate-ca-missing-basic-constraints": ("no basicConstraints", below_ca(constraints=None)),
    "rfc5280::root-missing-basic-constraints": ("is not an authority's", below_root(constraints=None)),
    "rfc5280::root-inconsistent-ca-extensions": (
        "may not sign certificates", below_root(usage=make.usage(critical=False))),
    "rfc5280::ica-ku-keycertsign": (
        "may not sign certificates", below_ca(path_length=0, usage=make.usage(critical=False))),
    "rfc5280::leaf-ku-keycertsign": (
        "may sign certificates", below_root({"usage": make.usage(make.SIGN, make.CERTIFICATES)})),
    "rfc5280::ee-critical-aia-invalid": (
        "incorrect criticality", below_root({"access": make.extension(ACCESS, AUTHORITY_AT, critical=True)})),
    "rfc5280::duplicate-extensions": (
        "Duplicate", below_root({"more": [alternative(dns("example.com"))] * 2})),
    "rfc5280::mismatching-signature-algorithm": (
        "mismatch between signatureAlgorithm", below_root(outer_algorithm=make.ECDSA_SHA384)),
    "rfc5280::aki::critical-aki": (
        "incorrect criticality", below_root(authority_key=make.authority_key(b"1234", critical=True))),
    "rfc5280::ski::critical-ski": (
        "incorrect criticality", below_root(subject_key=make.subject_key(b"1234", critical=True))),
    "rfc5280::eku::ee-wrong-eku": (
        "extended_key_usage.open", below_root({"purposes": make.extended_usage(CLIENTS)})),
    "rfc5280::pc::ica-noncritical-pc": (
        "2.5.29.36", below_ca(limits=make.extension("2.5.29.36", seq(tlv(0x80, b"\3"))))),
    "rfc5280::san::malformed": (
        "subject_alternative_name", below_root({"names": make.extension("2.5.29.17", b"example.com")})),
    "rfc5280::san::noncritical-with-empty-subject": (
        "subject.present", below_root({"subject": seq(), "names": alternative(dns("example.com"))})),
    "rfc5280::serial::serial-number-too-long": ("1 to 20 octets", below_root({"serial": 2**175})),
    "rfc5280::serial::serial-number-zero": ("1 to 20 octets", below_root({"serial": 0})),
    "rfc5280::serial::serial-number-negative": ("1 to 20 octets", below_root({"serial": -2})),
    "rfc5280::validity::expired-root": ("not valid after", in_time(NOW + 3 * DAY, of_root=2 * DAY)),
    "rfc5280::validity::expired-intermediate": ("not valid after", in_time(NOW + 3 * DAY, of_ca=2 * DAY)),
    "rfc5280::validity::expired-leaf": ("not valid after", in_time(NOW + 3 * DAY, of_leaf=2 * DAY)),
    "rfc5280::validity::notbefore-fractional": ("not valid before", in_time(NOW - 0.001)),
    "webpki::malformed-aia": (
        "certificate 1 cannot be read", below_root({"access": make.extension(ACCESS, b"malformed")})),
    "webpki::forbidden-p192-spki-leaf": ("key.p256", below_root({"public_key": P192})),
    "webpki::forbidden-dsa-spki-leaf": ("key.p256", below_root({"public_key": DSA})),
    "webpki::forbidden-signature-algorithm-in-root": (
        "Forbidden public key algorithm", below_root(public_key=DSA)),
    "webpki::forbidden-signature-algorithm-in-leaf": ("key.p256", below_root({"public_key": DSA})),
    "webpki::v1-cert": ("version 3", version_1),
    "webpki::ee-basicconstraints-ca": (
        "basic_constraints.no_authority", below_root({"constraints": make.constraints(ca=True)})),
    "webpki::ku::ee-rsa-without-any-usages": (
        "key.p256", below_root({"usage": make.usage(), "key": RSA})),
}  # fmt: skip
"""With a part of the sentence that says why, so that no other mistake refuses them."""

STRICTER: dict[str, tuple[str, MakeGraph]] = {
    "pathlen::validation-ignores-pathlen-in-leaf": (
        "an authority signs no calls (ATIS-1000080 6.4.1)", authority_as_leaf()),
    "pathlen::self-issued-certs-pathlen": (
        "a self-issued certificate counts (docs/differs.md)", self_issued_below_1),
    "rfc5280::ca-as-leaf": (
        "an authority signs no calls (ATIS-1000080 6.4.1)",
        authority_as_leaf(names=alternative(dns("ca.example.com")))),
    "rfc5280::no-keyusage": (
        "whose key may sign says so (ATIS-1000080 6.4.1)", below_root({"usage": None})),
}  # fmt: skip
"""Limbo accepts these."""

LAXER: dict[str, tuple[str, MakeGraph]] = {
    "rfc5280::root-non-critical-basic-constraints": (
        "critical or not, section 6.1.4 (k) asks for the CA flag alone",
        below_root(constraints=make.constraints(ca=True, critical=False))),
    "rfc5280::aki::leaf-missing-aki": (
        "a duty of who issues, which section 6.1 does not check; certificates in use lack it, with a warning",
        below_root({"authority_key": None})),
    "rfc5280::aki::intermediate-missing-aki": (
        "the same", below_ca(path_length=0, authority_key=None)),
    "rfc5280::aki::cross-signed-root-missing-aki": (
        "an anchor is trusted as it was configured; limbo calls it pedantic", cross_signed_without_key_id),
    "rfc5280::ski::root-missing-ski": (
        "a duty of who issues, which section 6.1 does not check", below_root(subject_key=None)),
    "rfc5280::ski::intermediate-missing-ski": ("the same", below_ca(subject_key=None)),
}  # fmt: skip
"""Limbo refuses these."""


@pytest.mark.parametrize("case", VALID)
def test_what_limbo_accepts_is_accepted(case: str):
    assert refusal(VALID[case]()) is None


# Of serial numbers that RFC 5280 does not allow the library warns; here they are refused.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("case", INVALID)
def test_what_limbo_refuses_is_refused_for_the_same_reason(case: str):
    words, graph = INVALID[case]
    assert words in str(refusal(graph()))


@pytest.mark.parametrize("case", STRICTER)
def test_what_limbo_accepts_and_a_call_needs_more_for_is_refused(case: str):
    assert refusal(STRICTER[case][1]()) is not None


@pytest.mark.parametrize("case", LAXER)
def test_what_limbo_refuses_for_its_issuers_sake_is_accepted(case: str):
    assert refusal(LAXER[case][1]()) is None


def test_no_case_stands_twice():
    cases = [*VALID, *INVALID, *STRICTER, *LAXER]
    assert len(cases) == len(set(cases))
