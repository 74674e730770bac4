"""The STI-PA's trust list: signed by a pinned certificate, current, never older than the last."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.trust_list import TrustList, TrustListError, read_trust_list, trust_list_x5u
from tests import pki
from tests.pki import NOW

PA_ROOT = pki.make_root("STI-PA ROOT")
PA_AUTHORITY = pki.make_intermediate(PA_ROOT, "STI-PA CA")
PA = pki.issue(pki.name("STI-PA Trust List"), [(pki.usage(sign=True), True)], issuer=PA_AUTHORITY)
ANCHOR, OTHER = pki.make_root(), pki.make_root("SHAKEN Other ROOT")
HEADER = {"alg": "ES256", "x5u": "https://pa.example.org/pa.pem"}
PAYLOAD = {"version": 1, "sequence": 7, "exp": NOW + 60, "trustList": [ANCHOR.pem.decode()]}


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def jws(*, header=None, signer: pki.Issued = PA, signature: bytes | None = None, **payload) -> bytes:
    content = {name: value for name, value in {**PAYLOAD, **payload}.items() if value is not ...}
    signing_input = b".".join(encoded(json.dumps(part).encode()) for part in (header or HEADER, content))
    if signature is None:
        assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(signer.key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return signing_input + b"." + encoded(signature)


def read(body: bytes, *, pinned=(PA,), fetched=(), now: int = NOW, previous: int | None = None) -> TrustList:
    return read_trust_list(
        body,
        pinned=[one.certificate for one in pinned],
        fetched=[one.certificate for one in fetched],
        now=now,
        previous_sequence=previous,
    )


def refused(body: bytes, **how) -> str:
    with pytest.raises(TrustListError) as caught:
        read(body, **how)
    return str(caught.value)


def test_a_list_by_the_book_is_read():
    found = read(jws(trustList=[ANCHOR.pem.decode(), base64.b64encode(OTHER.der).decode()]))
    assert found.certificates == (ANCHOR.certificate, OTHER.certificate)
    assert (found.sequence, found.exp, found.version, found.skipped) == (7, NOW + 60, "1", ())


def test_the_answer_of_the_authoritys_interface_is_unwrapped():
    body = json.dumps({"status": "success", "caList": jws().decode()}).encode()
    assert read(body + b"\n") == read(jws() + b"\r\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"{",
        b'{"caList": 1}',
        b'{"caList": null}',
        b'{"caList": "x"}',
        b'{"caList": "a.b.c", "caList": "a.b.c"}',
        b"[]",
        b"a.b",
        b"e30.e30",
        b"e30.W10.AA",
        "é.é.é".encode(),
        b"\xff",
    ],
)
def test_what_is_no_list_is_refused(body):
    assert "neither a JWS" in refused(body) or "no JWS" in refused(body)
    with pytest.raises(TrustListError):
        trust_list_x5u(body)


def test_the_signers_address_is_told_before_anything_is_checked():
    assert trust_list_x5u(jws(signature=b"")) == HEADER["x5u"]
    assert trust_list_x5u(jws(header={"alg": "ES256"})) is None
    assert trust_list_x5u(jws(header={"alg": "ES256", "x5u": 1})) is None


# --- who signed ----------------------------------------------------------------------------------


def test_a_fetched_certificate_counts_when_it_leads_to_a_pinned_one():
    assert read(jws(), pinned=(PA_ROOT,), fetched=(PA, PA_AUTHORITY))
    assert "pinned" in refused(jws(), pinned=(PA_ROOT,), fetched=(PA,))
    assert "pinned" in refused(jws(), pinned=(PA_ROOT,))
    assert "pinned" in refused(jws(), pinned=(ANCHOR,), fetched=(PA, PA_AUTHORITY, PA_ROOT))
    assert "pinned" in refused(jws(), pinned=(), fetched=(PA, PA_AUTHORITY, PA_ROOT))


def test_the_pinned_certificate_may_sign_itself():
    assert read(jws(signer=PA_ROOT), pinned=(PA_ROOT,))
    assert read(jws(), pinned=(PA_ROOT, PA))


def test_another_signer_is_refused():
    assert "pinned" in refused(jws(signer=pki.make_root()))
    assert "pinned" in refused(jws(signer=PA_AUTHORITY), pinned=(PA_ROOT,), fetched=(PA, PA_AUTHORITY))


def test_a_fetched_signer_must_be_for_signatures():
    constraints = (x509.BasicConstraints(ca=False, path_length=None), True)
    for extensions, fine in (
        ([], True),
        ([constraints], True),
        ([constraints, (pki.usage(sign=True), True)], True),
        ([constraints, (pki.usage(encrypt=True), True)], False),
    ):
        signer = pki.issue(pki.name("Another"), extensions, issuer=PA_AUTHORITY)
        body = jws(signer=signer)
        if fine:
            assert read(body, pinned=(PA_ROOT,), fetched=(signer, PA_AUTHORITY))
        else:
            assert "pinned" in refused(body, pinned=(PA_ROOT,), fetched=(signer, PA_AUTHORITY))


@pytest.mark.parametrize("dates", [{"not_after": NOW - 1}, {"not_before": NOW + 1}])
def test_a_signer_outside_its_dates_is_refused(dates):
    signer = pki.issue(pki.name("Dated"), [(pki.usage(sign=True), True)], issuer=PA_AUTHORITY, **dates)
    assert "valid now" in refused(jws(signer=signer), pinned=(signer,))
    assert "valid now" in refused(jws(signer=signer), pinned=(PA_ROOT,), fetched=(signer, PA_AUTHORITY))


def test_both_ends_of_a_pinned_certificates_dates_are_valid():
    signer = pki.issue(pki.name("Dated"), [], not_before=NOW, not_after=NOW)
    assert read(jws(signer=signer), pinned=(signer,))


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["384", "rsa"],
)
def test_a_pinned_key_of_another_kind_signs_nothing(key):
    signer = pki.issue(pki.name("Other kind"), [], key=key)
    assert "pinned" in refused(jws(), pinned=(signer,))
    assert read(jws(), pinned=(signer, PA))


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\xff" * 64, b"\x01" * 63, b"\x01" * 65])
def test_signatures_that_are_none_are_refused(signature):
    assert "pinned" in refused(jws(signature=signature))


def test_a_signature_that_is_no_base64url_is_refused():
    assert "pinned" in refused(jws() + b"=")
    assert "pinned" in refused(jws(header=HEADER)[:-1])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"alg": "none"}, "ES256"),
        ({"alg": "HS256"}, "ES256"),
        ({"alg": "ES384"}, "ES256"),
        ({"alg": ["ES256"]}, "ES256"),
        ({"typ": "JWT"}, "ES256"),
        ({"alg": "ES256", "crit": ["b64"], "b64": False}, "crit"),
        ({"alg": "ES256", "crit": []}, "crit"),
    ],
)
def test_other_headers_are_refused(header, words):
    assert words in refused(jws(header=header))


def test_a_key_in_the_header_is_not_looked_at():
    stranger = pki.make_root()
    certificate = base64.b64encode(stranger.der).decode()
    assert "pinned" in refused(jws(header={**HEADER, "x5c": [certificate]}, signer=stranger))


# --- when ----------------------------------------------------------------------------------------


def test_an_expired_list_is_refused():
    assert read(jws(exp=NOW + 1))
    assert "expired" in refused(jws(exp=NOW))
    assert "expired" in refused(jws(), now=NOW + 60)


def test_the_sequence_never_falls():
    assert read(jws(), previous=None).sequence == 7
    assert read(jws(), previous=6).sequence == 7
    assert read(jws(), previous=7).sequence == 7
    assert "older (7) than the last one (8)" in refused(jws(), previous=8)


@given(st.integers(0, 2**63 - 1), st.none() | st.integers(0, 2**63 - 1))
def test_a_list_is_believed_exactly_when_it_is_not_older(sequence, previous):
    body = jws(sequence=sequence)
    if previous is not None and sequence < previous:
        assert "older" in refused(body, previous=previous)
    else:
        assert read(body, previous=previous).sequence == sequence


@pytest.mark.parametrize("value", [..., None, "7", 7.0, True, -1, 2**63, [7]])
@pytest.mark.parametrize("name", ["sequence", "exp"])
def test_numbers_are_whole_and_in_bounds(name, value):
    assert name in refused(jws(**{name: value}))


def test_an_expiry_in_milliseconds_is_refused():
    assert "exp" in refused(jws(exp=(NOW + 60) * 1000))


# --- what ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [..., None, True, 1.0, ["1"]])
def test_a_version_is_a_number_or_a_text(value):
    assert "version" in refused(jws(version=value))
    assert read(jws(version="1.0")).version == "1.0"


@pytest.mark.parametrize("value", [..., None, "", {}, 1])
def test_a_list_is_an_array(value):
    assert "trustList" in refused(jws(trustList=value))


def test_no_usable_certificate_is_no_list():
    for entries in ([], [pki.make_leaf(ANCHOR).pem.decode()], ["", 1, None, "é", "AAAA"]):
        assert "no certificate" in refused(jws(trustList=entries))


def test_one_bad_entry_costs_itself_alone_and_is_told():
    leaf = pki.make_leaf(ANCHOR).pem.decode()
    entries = [leaf, "nonsense!", 5, base64.b64encode(b"x").decode(), ANCHOR.pem.decode(), OTHER.pem.decode()]
    found = read(jws(trustList=entries))
    assert found.certificates == (ANCHOR.certificate, OTHER.certificate)
    assert [words.split()[1] for words in found.skipped] == ["1", "2", "3", "4"]


def test_the_same_certificate_twice_is_one():
    pem = ANCHOR.pem.decode()
    assert read(jws(trustList=[pem, pem])).certificates == (ANCHOR.certificate,)


# --- bytes ---------------------------------------------------------------------------------------

GOOD = jws()


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_changed_bit_is_believed(bit):
    changed = bytearray(GOOD)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TrustListError):
        read(bytes(changed))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("version", "sequence", "exp", "trustList"), json_values),
    )
)
def test_any_signed_payload_gives_a_list_or_the_one_error(payload):
    try:
        found = read(jws(**payload))
    except TrustListError:
        return
    assert found.certificates


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_give_the_one_error(body):
    for data in (body, b"{" + body, b'{"caList":"' + body + b'"}', GOOD + body + b"x"):
        with pytest.raises(TrustListError):
            read(data)
