"""`POST /stir/v1/signing` of a running node."""

from __future__ import annotations

import json
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.gateway_node import GatewayNode
from tests.integration.tokens import FROM, ORIGID, TO, decoded, signing_request

SIGNING = "/stir/v1/signing"


def parts(identity: str) -> tuple[bytes, bytes, bytes]:
    header, payload, signature = identity.partition(";")[0].split(".")
    return decoded(header), decoded(payload), decoded(signature)


def test_the_answer_is_one_identity_header_in_full_form(node: GatewayNode):
    iat = int(time.time())
    answer = node.post(SIGNING, signing_request(iat=iat))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["X-Attestation"] == "A"
    assert set(answer.json) == {"signingResponse"}
    assert set(answer.json["signingResponse"]) == {"identity"}
    identity = answer.json["signingResponse"]["identity"]
    x5u = "https://callmark.localhost:8443/certs/shaken.pem"
    assert identity.endswith(f";info=<{x5u}>;alg=ES256;ppt=shaken")
    header, payload, signature = parts(identity)
    # RFC 8225 section 9: no white space, members in lexicographic order, integers; byte for byte.
    assert header == f'{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{x5u}"}}'.encode()
    assert (
        payload
        == (
            f'{{"attest":"A","dest":{{"tn":["{TO}"]}},"iat":{iat},"orig":{{"tn":"{FROM}"}},"origid":"{ORIGID}"}}'
        ).encode()
    )
    assert len(signature) == 64


def test_the_signature_fits_the_published_certificate(node: GatewayNode):
    identity = node.post(SIGNING, signing_request()).json["signingResponse"]["identity"]
    signed = identity.partition(";")[0].rpartition(".")[0].encode()
    _, _, signature = parts(identity)
    chain = (node.directory / "certs" / "dev" / "shaken.pem").read_bytes()
    key = x509.load_pem_x509_certificates(chain)[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))


def test_numbers_are_signed_in_canonical_form_and_called_ones_sorted(node: GatewayNode):
    request = signing_request(
        orig={"tn": "020-7946.0123"}, dest={"tn": ["+44(0)1614960009", "0044161496-0001"]}
    )
    identity = node.post(SIGNING, request).json["signingResponse"]["identity"]
    payload = json.loads(parts(identity)[1])
    assert payload["orig"] == {"tn": FROM}
    assert payload["dest"] == {"tn": ["441614960001", "441614960009"]}


def test_what_is_unknown_is_never_signed(node: GatewayNode):
    request = signing_request(
        ppt="shaken", rcd={"nam": "HMRC"}, orig={"tn": FROM, "uri": "sip:x@example.org"}
    )
    identity = node.post(SIGNING, request).json["signingResponse"]["identity"]
    payload = json.loads(parts(identity)[1])
    assert set(payload) == {"attest", "dest", "iat", "orig", "origid"}
    assert payload["orig"] == {"tn": FROM}


def test_an_origid_keeps_its_letters(node: GatewayNode):
    identity = node.post(SIGNING, signing_request(origid=ORIGID.upper())).json["signingResponse"]["identity"]
    assert json.loads(parts(identity)[1])["origid"] == ORIGID.upper()


@pytest.mark.parametrize("wish", ["A", "B", "C"])
def test_no_wish_is_exceeded(node: GatewayNode, wish: str):
    answer = node.post(SIGNING, signing_request(attest=wish))
    assert answer.headers["X-Attestation"] == wish
    assert json.loads(parts(answer.json["signingResponse"]["identity"])[1])["attest"] == wish


@pytest.mark.parametrize(
    ("prefix", "orig", "granted"),
    [
        ("", "+442079461000", "B"),  # beyond the inventory
        ("/customer", "+442079460123", "B"),  # another trunk's number
        ("/domestic", "+442079460123", "C"),
        ("/international", "+442079460123", "C"),
        ("", "999", "B"),
    ],
)
def test_a_wish_for_a_without_the_right_is_lowered_and_said_so(
    node: GatewayNode, prefix: str, orig: str, granted: str
):
    answer = node.post(prefix + SIGNING, signing_request(orig={"tn": orig}))
    assert (answer.status, answer.headers["X-Attestation"]) == (200, granted)
    assert json.loads(parts(answer.json["signingResponse"]["identity"])[1])["attest"] == granted


@pytest.mark.parametrize("seconds", [-3600, -62, 90, 3600, 10**11])
def test_no_token_is_made_for_another_time(node: GatewayNode, seconds: int):
    answer = node.post(SIGNING, signing_request(iat=int(time.time()) + seconds))
    assert answer.status == 400
    exception = answer.json["requestError"]["serviceException"]
    assert (exception["messageId"], exception["variables"][0]) == ("SVC4005", "iat")


@pytest.mark.parametrize("seconds", [-55, 55])
def test_the_window_has_both_sides(node: GatewayNode, seconds: int):
    assert node.post(SIGNING, signing_request(iat=int(time.time()) + seconds)).status == 200


def test_an_error_names_parameter_and_problem(node: GatewayNode):
    answer = node.post(SIGNING, signing_request(origid="42"), headers={"X-RequestID": "r-1"})
    assert (answer.status, answer.headers["X-RequestID"]) == (400, "r-1")
    assert answer.json["requestError"]["serviceException"]["variables"] == ["origid", "not a UUID"]


def test_nothing_that_is_answered_or_logged_holds_the_key(node: GatewayNode):
    pem = (node.directory / "certs" / "dev" / "shaken.key").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = f"{key.private_numbers().private_value:064x}"
    answers = [
        node.post(SIGNING, signing_request()),
        node.post(SIGNING, signing_request(attest="Z")),
        node.ask("GET", "/certs/shaken.key"),
        node.ask("GET", "/debug"),
        node.administer("GET", "/admin/v1/generation"),
        node.administer("GET", "/metrics"),
    ]
    for text in (*(answer.body.decode() for answer in answers), node.log):
        # Not for the words "PRIVATE KEY": other tests send these to the same node, in their request ids.
        assert secret not in text.lower()
        assert pem.splitlines()[1].decode() not in text


def test_every_signature_has_its_own_nonce(node: GatewayNode):
    request = signing_request()
    rs = {parts(node.post(SIGNING, request).json["signingResponse"]["identity"])[2][:32] for _ in range(50)}
    assert len(rs) == 50
