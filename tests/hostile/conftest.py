from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests import pki
from tests.gateway_node import GatewayNode, running_node
from tests.hostile.signer import Signer, Switch
from tests.integration.certificate_host import certificate_host
from tests.pki import DAY
from tests.repository import Repository


@pytest.fixture(scope="session")
def host() -> Iterator[Repository]:
    with certificate_host() as host:
        yield host


@pytest.fixture(scope="session")
def root() -> pki.Issued:
    now = int(time.time())
    return pki.make_root(not_before=now - DAY, not_after=now + DAY)


@pytest.fixture(scope="session")
def signer(host: Repository, root: pki.Issued) -> Signer:
    """A provider whom the node trusts, and who signs whatever it is asked to."""
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    intermediate = pki.make_intermediate(root, **valid)
    leaf = pki.make_leaf(intermediate, **valid)
    host.serve("/provider.pem", leaf.pem + intermediate.pem)
    return Signer(leaf.key, host.url("/provider.pem"))


@pytest.fixture(scope="session")
def node(
    tmp_path_factory: pytest.TempPathFactory, host: Repository, root: pki.Issued
) -> Iterator[GatewayNode]:
    directory = tmp_path_factory.mktemp("hostile")
    anchors = directory / "certs" / "trust"
    anchors.mkdir(parents=True)
    (anchors / "root.pem").write_bytes(root.pem)
    environment = {
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,8443,{host.port}",
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(host.ca_file),
        "CALLMARK_X5U__FETCH_TIMEOUT_MS": "1000",
    }
    with running_node(directory, environment=environment) as node:
        yield node


@pytest.fixture(scope="module")
def switch(node: GatewayNode) -> Iterator[Switch]:
    with Switch(node) as switch:
        yield switch
