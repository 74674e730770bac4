"""A call plane that speaks TLS, switches known by their certificates, and a policy that refuses."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_node import PROJECT, GatewayNode, running_node
from tests.integration.openssl_pki import AUTHORITY, Certificate, make_certificate
from tests.integration.tokens import FROM, TO, signing_request

SIGNING, VERDICTS = "/stir/v1/signing", "/v1/verdicts"
CLIENT = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
SERVER = CLIENT + "subjectAltName = IP:127.0.0.1\n"

TRUNKS = """
[[trunk]]
name = "access-1"
kind = "access"
country = "GB"
credentials = [
    {{ token_name = "development" }},
    {{ client_certificate_sha256 = "{fingerprint}" }},
]

[[trunk]]
name = "by-subject"
kind = "international"
country = "GB"
credentials = [{{ client_certificate_subject = "CN=sbc2,O=Example Carrier,C=US" }}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certificate]:
    directory = tmp_path_factory.mktemp("tls")
    certificates: dict[str, Certificate] = {}
    for name in ("authority", "strange-authority"):
        certificates[name] = make_certificate(directory / name, subject=f"/CN={name}", extensions=AUTHORITY)
    for name in ("sbc1", "sbc2", "sbc3", "server"):
        certificates[name] = make_certificate(
            directory / name,
            issuer=certificates["authority"],
            subject=f"/C=US/O=Example Carrier/CN={name}",
            extensions=SERVER if name == "server" else CLIENT,
        )
    certificates["impostor"] = make_certificate(
        directory / "impostor",
        issuer=certificates["strange-authority"],
        subject="/C=US/O=Example Carrier/CN=sbc2",
        extensions=CLIENT,
    )
    return certificates


def context(made: dict[str, Certificate], client: str | None) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=str(made["authority"].certificate))
    if client is not None:
        tls.load_cert_chain(made[client].certificate, made[client].key)
    return tls


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, made: dict[str, Certificate]) -> Iterator[GatewayNode]:
    der = ssl.PEM_cert_to_DER_cert(made["sbc1"].pem.decode())
    policy = (PROJECT / "config" / "policy.toml").read_text()
    files = {
        "trunks.toml": TRUNKS.format(fingerprint=hashlib.sha256(der).hexdigest()),
        "policy.toml": policy.replace('when_no_right = "lower"', 'when_no_right = "refuse"'),
    }
    environment = {
        "CALLMARK_TLS__LISTENERS": "calls",
        "CALLMARK_TLS__CERTIFICATE_FILE": str(made["server"].certificate),
        "CALLMARK_TLS__KEY_FILE": str(made["server"].key),
        "CALLMARK_TLS__CLIENT_CA_FILE": str(made["authority"].certificate),
    }
    directory: Path = tmp_path_factory.mktemp("secure")
    with running_node(directory, environment=environment, files=files, tls=context(made, None)) as node:
        yield node


def call() -> dict[str, object]:
    shown = {"id": "1", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time())}
    return {"call": shown}


def asked_as(node: GatewayNode, made: dict[str, Certificate], client: str | None) -> GatewayNode:
    return node.with_tls(context(made, client))


def test_a_certificate_is_known_by_its_fingerprint(node: GatewayNode, made: dict[str, Certificate]):
    switch = asked_as(node, made, "sbc1")
    answer = switch.post(SIGNING, signing_request(), token=None)
    assert (answer.status, answer.headers["X-Attestation"]) == (200, "A")


def test_a_certificate_is_known_by_its_subject(node: GatewayNode, made: dict[str, Certificate]):
    answer = asked_as(node, made, "sbc2").post(VERDICTS, call(), token=None)
    assert answer.status == 200
    assert answer.json["verdict"]["action"] == "block"


def test_another_certificate_of_the_same_authority_opens_nothing(
    node: GatewayNode, made: dict[str, Certificate]
):
    assert asked_as(node, made, "sbc3").post(VERDICTS, call(), token=None).status == 401


def test_the_right_subject_from_another_authority_is_not_let_in(
    node: GatewayNode, made: dict[str, Certificate]
):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        asked_as(node, made, "impostor").post(VERDICTS, call(), token=None)


def test_without_a_certificate_a_token_is_enough_and_nothing_is_not(node: GatewayNode):
    assert node.post(VERDICTS, call()).status == 200
    assert node.post(VERDICTS, call(), token=None).status == 401


def test_plain_http_is_not_answered(node: GatewayNode):
    assert b"HTTP/1." not in node.send_raw(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_policy_that_refuses_signs_nothing_and_says_why(node: GatewayNode):
    answer = node.post(SIGNING, signing_request(orig={"tn": "+447700800123"}))
    assert answer.status == 403
    assert "X-Attestation" not in answer.headers
    assert answer.json == {
        "requestError": {
            "policyException": {
                "messageId": "POL0001",
                "text": "A policy error occurred. Error code is %1.",
                "variables": ["attest.refused"],
            }
        }
    }
    assert node.post(SIGNING, signing_request(orig={"tn": "+447700800123"}, attest="B")).status == 200
