from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests import pki
from tests.gateway_node import PROJECT, GatewayNode, running_node
from tests.integration.certificate_host import certificate_host
from tests.pki import DAY, Pki
from tests.repository import Repository

TRUNKS = """
[[trunk]]
name = "pbx"
kind = "customer"
country = "GB"
credentials = [{ token_name = "pbx" }]

[[trunk]]
name = "interconnect"
kind = "domestic"
country = "GB"
credentials = [{ token_name = "interconnect" }]

[trunk.numbers]
portability_prefixes = ["600"]

[[trunk]]
name = "abroad"
kind = "international"
country = "GB"
credentials = [{ token_name = "abroad" }]

[[trunk]]
name = "by-address"
kind = "domestic"
country = "GB"
credentials = [{ addresses = ["127.0.0.2"] }]

[[trunk]]
name = "oracle"
kind = "domestic"
country = "GB"
url_prefix = "/StirShakenWeb/resources/v1"
credentials = [{ token_name = "oracle" }]
""".replace("/StirShakenWeb", "/stirshakenweb")


@pytest.fixture(scope="package")
def host() -> Iterator[Repository]:
    """A stranger's certificate host."""
    with certificate_host() as host:
        yield host


@pytest.fixture(scope="package")
def stranger(host: Repository) -> Pki:
    """Another provider, whose chain the host serves at /stranger.pem."""
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    root = pki.make_root(**valid)
    intermediate = pki.make_intermediate(root, **valid)
    made = Pki(root, intermediate, pki.make_leaf(intermediate, **valid))
    host.serve("/stranger.pem", made.chain_pem)
    return made


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory, host: Repository, stranger: Pki) -> Iterator[GatewayNode]:
    """The development node with more trunks, trusting the stranger and the host."""
    directory = tmp_path_factory.mktemp("node")
    anchors = directory / "certs" / "trust"
    anchors.mkdir(parents=True)
    (anchors / "stranger.pem").write_bytes(stranger.root.pem)
    environment = {
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,8443,{host.port}",
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(host.ca_file),
        "CALLMARK_X5U__FETCH_TIMEOUT_MS": "3000",
    }
    trunks = (PROJECT / "config" / "trunks.toml").read_text() + TRUNKS
    with running_node(directory, environment=environment, files={"trunks.toml": trunks}, workers=2) as node:
        yield node
