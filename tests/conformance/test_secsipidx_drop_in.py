"""`secsipidx` (Debian) and the drop-in asked the same by `curl`: the same answers, headers exchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import make_identity
from tests.ports import free_port

pytestmark = pytest.mark.skipif(
    any(shutil.which(command) is None for command in ("secsipidx", "curl")) and not os.environ.get("CI"),
    reason="secsipidx or curl is not installed (on Debian: apt install secsipidx curl)",
)

FROM, TO = "442079460123", "441614960000"
X5U = "https://callmark.localhost:8443/certs/shaken.pem"
TRUNK = """
[[trunk]]
name = "access-1"
kind = "access"
country = "GB"
credentials = [{ token_name = "development" }, { addresses = ["127.0.0.1/32"] }]
"""
INVENTORY = "start,count,trunk\n+442079460000,1000,access-1\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    """A node that knows its switch by the address, as secsipidx asks for no credential at all."""
    directory = tmp_path_factory.mktemp("drop-in")
    with running_node(directory, files={"trunks.toml": TRUNK, "inventory.csv": INVENTORY}) as node:
        yield node


@pytest.fixture(scope="module")
def theirs(node: GatewayNode) -> Iterator[str]:
    """The real one, with the same key and certificate."""
    development = node.directory / "certs" / "dev"
    port = free_port()
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
        yield url
    finally:
        process.terminate()
        process.wait(60)


@dataclass(frozen=True)
class Said:
    status: int
    media_type: str
    body: bytes


def curl(url: str, data: str) -> Said:
    """`curl --data`, as it stands in secsipidx's own instructions; status 0 when nobody answers."""
    done = subprocess.run(
        [
            "curl", "--silent", "--max-time", "5", "--write-out", "\n%{http_code} %{content_type}",
            "--data", data, url,
        ],
        check=False, capture_output=True,
    )  # fmt: skip
    body, _, told = done.stdout.rpartition(b"\n")
    status, _, media_type = told.decode().partition(" ")
    return Said(int(status), media_type, body)


def altered(header: str) -> str:
    token, _, rest = header.partition(";")
    return f"{token[:-8]}AAAAAAAA;{rest}"


def test_both_sign_and_each_checks_the_other(node: GatewayNode, theirs: str):
    line = f"{FROM},{TO},A,,{X5U}"
    here, there = curl(f"{node.calls_url}/v1/sign-csv", line), curl(f"{theirs}/v1/sign-csv", line)
    assert (here.status, here.media_type) == (there.status, there.media_type) == (200, there.media_type)
    for said in (here, there):
        assert said.body.endswith(f";info=<{X5U}>;alg=ES256;ppt=shaken\n".encode())
        header = said.body.decode().strip()
        for url in (node.calls_url, theirs):
            assert curl(f"{url}/v1/check", header).body == b"OK\n"
            assert curl(f"{url}/v1/check", altered(header)).body == b"FAILED\n\n"


@pytest.mark.parametrize("data", ["", "garbage", "a.b.c", "a.b.c;info=<x>;alg=ES256;ppt=shaken", "1,2"])
def test_both_fail_in_the_same_words(node: GatewayNode, theirs: str, data: str):
    for path in ("/v1/check", "/v1/sign-csv"):
        here, there = curl(node.calls_url + path, data), curl(theirs + path, data)
        assert (here.body, here.media_type) == (there.body, there.media_type)
        # Differs from secsipidx: five 5xx in ten seconds take a server out of some switches' rotation.
        assert here.status == (400 if there.status == 500 else there.status)


@pytest.mark.parametrize("line", [f"{FROM},{TO},Z,,{X5U}", f"Alice,{TO},A,,{X5U}"])
def test_what_only_it_signs(node: GatewayNode, theirs: str, line: str):
    assert curl(f"{theirs}/v1/sign-csv", line).status == 200
    assert curl(f"{node.calls_url}/v1/sign-csv", line) == Said(
        400, "text/plain; charset=utf-8", b"FAILED\n\n"
    )


@pytest.mark.parametrize(
    "claims", [{"iat": int(time.time()) + 86_400}, {"attest": "Z"}], ids=["signed tomorrow", "attest Z"]
)
def test_what_only_it_lets_pass(node: GatewayNode, theirs: str, claims: dict[str, object]):
    key = load_pem_private_key((node.directory / "certs" / "dev" / "shaken.key").read_bytes(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    header = make_identity(key, X5U, payload=claims)
    assert curl(f"{theirs}/v1/check", header).body == b"OK\n"
    assert curl(f"{node.calls_url}/v1/check", header).body == b"FAILED\n\n"
