"""Certificate, dates and signature, with real chains."""

from __future__ import annotations

import string

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.plans import UK
from gateway.passport.canonical_json import render_json
from gateway.passport.identity import parse_identity
from gateway.passport.signature import encode_header
from gateway.passport.strict import read_base64url, render_base64url
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNTRUSTED,
    CREDENTIAL_PENDING,
    CREDENTIAL_UNOBTAINABLE,
    CREDENTIAL_UNREADABLE,
    REVOCATION_OUTDATED,
    REVOCATION_OVERDUE,
    REVOCATION_UNKNOWN,
    SIGNATURE_INVALID,
    TNAUTHLIST_INVALID,
    VERIFIED,
    X5U_FORBIDDEN,
    Finding,
    Verstat,
)
from gateway.verification.examine import examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from tests import pki
from tests.passport.keys import HEADER, PAYLOAD, PRIVATE_KEY, X5U
from tests.pki import DAY
from tests.verification.drafts import NOW, POLICY, Draft, examined

PKI = pki.make_pki(key=PRIVATE_KEY)


def trust(**lists) -> Trust:
    built = build_trust(anchors=[("root.pem", PKI.root.pem)], **lists)
    assert isinstance(built, Trust), built
    return built


TRUST = trust()


def chain(leaf: pki.Issued = PKI.leaf, *, trust: Trust = TRUST, now: int = NOW) -> ValidatedChain | Refusal:
    return validate(parse_chain(leaf.pem + PKI.intermediate.pem), trust, now)


def genuine() -> Examined:
    result = examined(Draft())
    assert isinstance(result, Examined)
    return result


def test_a_genuine_call_passes_with_its_passport_and_its_chain():
    credential = chain()
    assert isinstance(credential, ValidatedChain)
    outcome = judge(genuine(), credential, now=NOW)
    assert outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert outcome.finding.reason is VERIFIED
    assert outcome.passport is not None
    assert (outcome.passport.claims.attest, outcome.chain) == ("A", credential)
    assert outcome.chain.spc == (pki.SPC,)


def test_what_is_not_known_about_revocation_stands_beside_a_pass():
    outcome = judge(genuine(), chain(), now=NOW)
    assert {warning.reason for warning in outcome.warnings} == {REVOCATION_UNKNOWN}


def test_a_list_is_as_old_as_it_is_when_the_call_comes():
    ends = (("leaf.crl", PKI.intermediate, NOW), ("ca.crl", PKI.root, NOW + DAY))
    lists = [(name, pki.make_crl(by, indirect=False, next_update=end)) for name, by, end in ends]
    credential = chain(trust=trust(crls=lists))
    assert judge(genuine(), credential, now=NOW).warnings == ()
    (overdue,) = judge(genuine(), credential, now=NOW + 1).warnings
    assert overdue.reason is REVOCATION_OVERDUE
    assert judge(genuine(), credential, now=NOW + 8 * DAY).finding.reason is REVOCATION_OUTDATED


@pytest.mark.parametrize("published", ["https://certificates.example.org/", "https://elsewhere.example.org/"])
def test_a_call_names_an_address_at_which_the_trust_domain_publishes(published):
    outcome = judge(genuine(), chain(trust=trust(x5u_prefixes=[published])), now=NOW)
    refused = not X5U.startswith(published)
    assert outcome.finding.reason is (X5U_FORBIDDEN if refused else VERIFIED)


def test_another_key_is_e18():
    outcome = judge(genuine(), chain(pki.make_leaf(PKI.intermediate)), now=NOW)
    assert (outcome.verstat, outcome.finding.reason) == (Verstat.TN_VALIDATION_FAILED, SIGNATURE_INVALID)
    assert outcome.passport is None
    assert outcome.chain is None


def test_a_certificate_that_became_valid_after_the_token_was_made_is_e17():
    credential = chain(pki.make_leaf(PKI.intermediate, key=PRIVATE_KEY, not_before=NOW + 10), now=NOW + 20)
    assert isinstance(credential, ValidatedChain)
    outcome = judge(genuine(), credential, now=NOW + 20)
    assert (outcome.verstat, outcome.finding.reason) == (Verstat.TN_VALIDATION_FAILED, CERTIFICATE_EXPIRED)


def test_a_certificate_that_expired_after_the_token_was_made_is_e17_though_it_was_validated_before():
    credential = chain(pki.make_leaf(PKI.intermediate, key=PRIVATE_KEY, not_after=NOW + 5))
    assert isinstance(credential, ValidatedChain)
    assert judge(genuine(), credential, now=NOW + 5).verstat is Verstat.TN_VALIDATION_PASSED
    outcome = judge(genuine(), credential, now=NOW + 6)
    assert (outcome.verstat, outcome.finding.reason) == (Verstat.TN_VALIDATION_FAILED, CERTIFICATE_EXPIRED)


@pytest.mark.parametrize("moment", ["now", "iat"])
def test_the_first_second_of_a_certificate_counts(moment):
    starts = NOW if moment == "iat" else NOW + 1
    leaf = pki.make_leaf(PKI.intermediate, key=PRIVATE_KEY, not_before=starts)
    credential = chain(leaf, now=NOW + 30)
    assert isinstance(credential, ValidatedChain)
    passed = judge(genuine(), credential, now=NOW + 30).verstat is Verstat.TN_VALIDATION_PASSED
    assert passed == (moment == "iat")


def test_a_date_outside_the_certificate_is_named_before_a_bad_signature():
    leaf = pki.make_leaf(PKI.intermediate, not_after=NOW + 5)
    assert judge(genuine(), chain(leaf), now=NOW + 6).finding.reason is CERTIFICATE_EXPIRED


def _untrusted() -> ValidatedChain | Refusal:
    stranger = pki.make_pki(key=PRIVATE_KEY)
    return validate(parse_chain(stranger.chain_pem), TRUST, NOW)


def _revoked() -> ValidatedChain | Refusal:
    issuer = pki.make_crl_issuer(issuer=PKI.root, not_after=NOW + 100 * pki.DAY)
    crl = pki.make_crl(issuer, [PKI.leaf], this_update=NOW - pki.DAY, next_update=NOW + pki.DAY)
    return chain(trust=trust(crl_issuers=[("issuer.pem", issuer.pem)], crls=[("list.pem", crl)]))


def _other_curve() -> ValidatedChain | Refusal:
    return chain(pki.make_leaf(PKI.intermediate, key=pki.new_key(ec.SECP384R1())))


def _without_codes() -> ValidatedChain | Refusal:
    return chain(pki.make_leaf(PKI.intermediate, key=PRIVATE_KEY, tn_auth_list=b"\x30\x00"))


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (_untrusted, CERTIFICATE_UNTRUSTED),
        (_revoked, CERTIFICATE_REVOKED),
        (_other_curve, CERTIFICATE_PROFILE),
        (_without_codes, TNAUTHLIST_INVALID),
    ],
)
def test_a_chain_that_is_not_believed_is_e17_with_its_own_first_reason(refused, reason):
    credential = refused()
    assert isinstance(credential, Refusal)
    outcome = judge(genuine(), credential, now=NOW)
    assert (outcome.finding.reason, outcome.finding.reason.case) == (reason, "E17")
    assert outcome.verstat is Verstat.TN_VALIDATION_FAILED


@pytest.mark.parametrize(
    ("reason", "verstat"),
    [
        (CREDENTIAL_PENDING, Verstat.NO_TN_VALIDATION),
        (CREDENTIAL_UNOBTAINABLE, Verstat.NO_TN_VALIDATION),
        (CREDENTIAL_UNREADABLE, Verstat.TN_VALIDATION_FAILED),
    ],
)
def test_why_there_is_no_chain_is_the_answer(reason, verstat):
    outcome = judge(genuine(), Finding(reason), now=NOW)
    assert (outcome.finding.reason, outcome.verstat, outcome.passport) == (reason, verstat, None)


# --- what a signature may look like ------------------------------------------------------------
def verdict_on(identity: str) -> Outcome:
    result = examine(Draft().request(identity), policy=POLICY, dialling=UK.dialling, now=NOW)
    if isinstance(result, Finding):
        return Outcome.refused(result)
    return judge(result, CHAIN, now=NOW)


CHAIN = chain()
SIGNING_INPUT = encode_header(HEADER) + b"." + render_base64url(render_json(PAYLOAD))
IDENTITY = Draft().identity()


@pytest.mark.parametrize("length", [0, 63, 65, 66, 96, 128, 4096])
def test_a_signature_of_another_length_is_e18(length):
    identity = f"{SIGNING_INPUT.decode()}.{render_base64url(b'x' * length).decode()};info=<{X5U}>;ppt=shaken"
    assert verdict_on(identity).finding.reason is SIGNATURE_INVALID


def test_a_signature_in_der_is_e18():
    der = PRIVATE_KEY.sign(SIGNING_INPUT, ec.ECDSA(pki.hashes.SHA256()))
    assert decode_dss_signature(der)
    identity = f"{SIGNING_INPUT.decode()}.{render_base64url(der).decode()};info=<{X5U}>;ppt=shaken"
    assert verdict_on(identity).finding.reason is SIGNATURE_INVALID


def test_a_signature_that_is_not_base64url_is_e18_and_not_a_malformed_token():
    identity = f"{SIGNING_INPUT.decode()}.AA=A;info=<{X5U}>;ppt=shaken"
    assert verdict_on(identity).finding.reason is SIGNATURE_INVALID


# --- no character can be changed ---------------------------------------------------------------
def still_means_the_same(identity: str) -> bool:
    """White space, letter case of a name, or an alg that became an unknown parameter: RFC 8224 section 4."""
    ours, theirs = parse_identity(IDENTITY), parse_identity(identity)
    same = (ours.token, ours.info, ours.ppt) == (theirs.token, theirs.info, theirs.ppt)
    return same and theirs.alg in {None, "ES256"}


def assert_refused_or_same(identity: str) -> None:
    if verdict_on(identity).verstat is Verstat.TN_VALIDATION_PASSED:
        assert still_means_the_same(identity), identity


def test_the_unchanged_value_passes():
    assert verdict_on(IDENTITY).verstat is Verstat.TN_VALIDATION_PASSED


def test_no_single_character_of_a_valid_value_can_be_changed_left_out_or_doubled():
    for place, character in enumerate(IDENTITY):
        others = {character.swapcase(), chr(ord(character) ^ 1), " ", ""} - {character}
        for other in (*sorted(others), character * 2):
            assert_refused_or_same(IDENTITY[:place] + other + IDENTITY[place + 1 :])


def test_no_character_of_the_token_can_be_changed_at_all():
    token = IDENTITY.partition(";")[0]
    alphabet = string.ascii_letters + string.digits + "-_."
    for place, character in enumerate(token):
        other = alphabet[(alphabet.index(character) + 1) % len(alphabet)]
        changed = token[:place] + other + token[place + 1 :] + IDENTITY[len(token) :]
        assert verdict_on(changed).verstat is not Verstat.TN_VALIDATION_PASSED, place


@settings(max_examples=300)
@given(
    st.integers(0, len(IDENTITY) - 1),
    st.characters() | st.sampled_from(string.printable),
    st.booleans(),
)
def test_any_single_character_anywhere_is_refused_or_means_nothing(place, other, insert):
    assert_refused_or_same(IDENTITY[:place] + other + IDENTITY[place + (0 if insert else 1) :])


def test_no_bit_of_the_signature_can_be_turned():
    signing_input, _, signature = IDENTITY.partition(";")[0].rpartition(".")
    raw = read_base64url(signature)
    for bit in range(0, 512, 7):
        turned = bytearray(raw)
        turned[bit // 8] ^= 1 << bit % 8
        identity = f"{signing_input}.{render_base64url(bytes(turned)).decode()};info=<{X5U}>;ppt=shaken"
        assert verdict_on(identity).finding.reason is SIGNATURE_INVALID
