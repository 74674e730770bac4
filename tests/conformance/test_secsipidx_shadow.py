"""A trial beside the real `secsipidx`: the switch gets its answers, the operator hears how ours differ."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.conformance.test_secsipidx_drop_in import (
    FROM,
    INVENTORY,
    TO,
    TRUNK,
    X5U,
    altered,
    curl,
    pytestmark,
)
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import make_identity
from tests.ports import free_port

__all__ = ["pytestmark"]
SIGN, CHECK = "/v1/sign-csv", "/v1/check"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[GatewayNode]:
    environment = {
        "CALLMARK_SHADOW__SECSIPIDX_URL": f"http://127.0.0.1:{port}",
        "CALLMARK_SHADOW__TIMEOUT_MS": "5000",
    }
    files = {"trunks.toml": TRUNK, "inventory.csv": INVENTORY}
    with running_node(tmp_path_factory.mktemp("shadow"), environment=environment, files=files) as node:
        answer = node.post(CHECK, b"garbage", headers=HEADERS)
        assert (answer.status, answer.headers["Callmark-Shadow"]) == (400, "no answer")
        yield node


@pytest.fixture(scope="module", autouse=True)
def theirs(node: GatewayNode, port: int) -> Iterator[str]:
    development = node.directory / "certs" / "dev"
    process = subprocess.Popen(
        [
            "secsipidx", "-http-srv", f"127.0.0.1:{port}", "-expire", "60",
            "-fprvkey", str(development / "shaken.key"), "-fpubkey", str(development / "shaken.pem"),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: curl(f"{url}/v1/check", "x").status)
        eventually(lambda: node.post(CHECK, b"x", headers=HEADERS).headers["Callmark-Shadow"] != "no answer")
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_the_same_answers(node: GatewayNode):
    signed = node.post(SIGN, f"{FROM},{TO},A,,{X5U}".encode(), headers=HEADERS)
    assert (signed.status, signed.headers["Callmark-Shadow"]) == (200, "same")
    checked = node.post(CHECK, signed.body, headers=HEADERS)
    assert (checked.status, checked.body, checked.headers["Callmark-Shadow"]) == (200, b"OK\n", "same")
    broken = node.post(CHECK, altered(signed.body.decode().strip()).encode(), headers=HEADERS)
    assert (broken.status, broken.body, broken.headers["Callmark-Shadow"]) == (422, b"FAILED\n\n", "same")


def test_a_token_of_tomorrow_passes_there_alone(node: GatewayNode):
    """The switch gets what it got before; why it will not any more stands in header and log."""
    key = load_pem_private_key((node.directory / "certs" / "dev" / "shaken.key").read_bytes(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    header = make_identity(key, X5U, payload={"iat": int(time.time()) + 86_400})
    answer = node.post(CHECK, header.encode(), headers={**HEADERS, "X-RequestID": "tomorrow"})
    assert (answer.status, answer.body) == (200, b"OK\n")
    assert answer.headers["Callmark-Shadow"] == "OK became FAILED"

    def logged() -> list[dict[str, object]]:
        return [each for each in node.events("shadow differs") if each["request_id"] == "tomorrow"]

    eventually(logged)
    (event,) = logged()
    assert (event["resource"], event["differences"]) == ("check", ["OK became FAILED"])
    assert event["reason"] == "stir.iat.stale"


def test_attestation_that_is_not_ours_to_give(node: GatewayNode):
    answer = node.post(SIGN, f"15551234567,{TO},A,,{X5U}".encode(), headers=HEADERS)
    assert answer.status == 200
    assert answer.headers["Callmark-Shadow"].startswith("attest A became ")
    answer = node.post(SIGN, f"{FROM},{TO},Z,,{X5U}".encode(), headers=HEADERS)
    assert (answer.status, answer.headers["Callmark-Shadow"]) == (200, "a signature became FAILED")


def test_strangers_are_not_passed_on(node: GatewayNode):
    answer = node.post(CHECK, b"x", token="cmk_" + "0" * 43, headers=HEADERS)
    assert (answer.status, answer.body) == (401, b"FAILED\n\n")
    assert answer.headers["Callmark-Shadow"] is None


def test_what_was_compared_is_counted(node: GatewayNode):
    node.post(SIGN, f"{FROM},{TO},A,,{X5U}".encode(), headers=HEADERS)

    def metrics() -> str:
        return node.administer("GET", "/metrics").body.decode()

    eventually(lambda: 'callmark_shadow_total{resource="sign-csv",result="same"}' in metrics())
