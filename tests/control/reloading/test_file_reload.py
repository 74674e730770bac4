"""A whole node that takes its files when they change, and keys that roll over under real verifiers' eyes."""

from __future__ import annotations

import shutil
import time

import pytest

from gateway.certificates.chain import parse_chain
from gateway.certificates.x5u import X5uPolicy
from gateway.cli.development_pki import make_development_pki
from gateway.fetch.fetcher import CertificateFetcher, FetchPolicy
from gateway.passport.identity import parse_identity
from gateway.passport.passport import decode
from gateway.passport.signature import verify
from tests.fetch.test_fetcher import Names
from tests.gateway_node import PROJECT, GatewayNode, eventually, running_node
from tests.integration.tokens import signing_request
from tests.ports import free_port

WATCHING = {"CALLMARK_RELOAD__WATCH": "true"}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    port = free_port()
    environment = {
        **WATCHING,
        "CALLMARK_LISTEN__REPOSITORY": f"127.0.0.1:{port}",
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,{port}",
    }
    settings = (PROJECT / "config" / "gateway.toml").read_text()
    settings = settings.replace("localhost:8443/", f"localhost:{port}/")
    with running_node(
        tmp_path_factory.mktemp("watch"), workers=2, environment=environment, files={"gateway.toml": settings}
    ) as running:
        running.repository_port = port
        yield running


def generation(node: GatewayNode) -> int:
    number: int = node.administer("GET", "/admin/v1/generation").json["generation"]
    return number


def newest(node: GatewayNode) -> dict:
    return node.administer("GET", "/admin/v1/generations?limit=1").json["generations"][0]


def refusals(node: GatewayNode) -> int:
    return len(node.events("reload refused; the last good configuration stays"))


def test_a_changed_file_is_taken_and_a_torn_one_never(node):
    policy = node.directory / "config" / "policy.toml"
    good, before = policy.read_bytes(), generation(node)
    with policy.open("r+b") as file:  # in place, slower than the quiet second
        file.truncate(len(good) // 2)
        eventually(lambda: "files are still open for writing" in node.log)
        assert generation(node) == before
        assert refusals(node) == 0
        file.seek(0)
        file.write(good + b"# by a change of the file\n")
    eventually(lambda: generation(node) == before + 1)
    eventually(lambda: [newest(node)[key] for key in ("cause", "actor")] == ["files", "callmark"])
    policy.write_bytes(b"verdict = nonsense\n")
    eventually(lambda: refusals(node) == 1)
    assert generation(node) == before + 1
    aside = policy.with_suffix(".new")
    aside.write_bytes(good)
    aside.rename(policy)
    eventually(lambda: node.administer("GET", "/readyz").json["reasons"] == [])
    assert refusals(node) == 1


def test_what_was_rolled_back_is_not_taken_again_by_itself(node):
    policy = node.directory / "config" / "policy.toml"
    before = generation(node)
    policy.write_bytes(policy.read_bytes() + b"# bad\n")
    eventually(lambda: newest(node)["number"] == before + 1)
    assert node.administer("POST", f"/admin/v1/generations/{before}/roll-back").status == 200
    # Another file changes, and is taken; the policy that was rolled back from is not.
    shutil.copy(
        node.directory / "certs" / "dev" / "root.pem", node.directory / "certs" / "trust" / "second.pem"
    )
    eventually(lambda: newest(node)["cause"] == "files" and generation(node) == before + 3)
    assert node.administer("GET", "/admin/v1/generation").json["policy_rolled_back"]
    policy.write_bytes(policy.read_bytes().removesuffix(b"# bad\n") + b"# mended\n")
    eventually(lambda: not node.administer("GET", "/admin/v1/generation").json["policy_rolled_back"])


async def test_calls_signed_before_and_after_a_key_rolled_over_can_both_be_verified(node, tmp_path):
    before = sign(node)
    new = make_development_pki(tmp_path / "new", now=int(time.time()))
    development = node.directory / "certs" / "dev"
    (development / "next.key").write_bytes(new.shaken_key.read_bytes())
    (development / "next.key").chmod(0o600)
    (development / "next.pem").write_bytes(new.shaken.read_bytes())
    settings = node.directory / "config" / "gateway.toml"
    text = settings.read_text().replace("certs/dev/shaken.key", "certs/dev/next.key")
    same_address = text.replace("certs/dev/shaken.pem", "certs/dev/next.pem")
    settings.write_text(same_address)
    eventually(lambda: "is the address of the certificate before" in node.log)
    assert sign(node)[1] == before[1]
    settings.write_text(same_address.replace("/certs/shaken.pem", "/certs/next.pem"))
    eventually(lambda: sign(node)[1].endswith("/certs/next.pem"))
    after = sign(node)
    fetcher = CertificateFetcher(
        FetchPolicy(
            X5uPolicy(allowed_ports=(node.repository_port,), allow_private_addresses=True),
            tls_ca_file=development / "tls-ca.pem",
            fetch_timeout_ms=30_000,
        ),
        resolver=Names("127.0.0.1"),
    )
    try:
        for passport, x5u in (before, after):
            fetched = await fetcher.fetch(x5u)
            assert verify(passport, parse_chain(fetched.body)[0].public_key()) is not None
    finally:
        await fetcher.close()


def sign(node: GatewayNode):
    """A call signed now: its PASSporT and where its certificate is."""
    answer = node.post("/stir/v1/signing", signing_request())
    assert answer.status == 200, answer.body
    passport = decode(parse_identity(answer.json["signingResponse"]["identity"]).token)
    return passport, passport.header["x5u"]
