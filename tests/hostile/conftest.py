from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests import pki
from tests.gateway_node import GatewayNode, running_node
from tests.hostile.chains import World, make_world
from tests.hostile.signer import Signer, Stranger, Switch
from tests.integration.certificate_host import certificate_host
from tests.pki import DAY
from tests.repository import Repository


@pytest.fixture(scope="package")
def host() -> Iterator[Repository]:
    with certificate_host() as host:
        yield host


@pytest.fixture(scope="package")
def root() -> pki.Issued:
    now = int(time.time())
    return pki.make_root(not_before=now - DAY, not_after=now + DAY)


@pytest.fixture(scope="package")
def signer(host: Repository, root: pki.Issued) -> Signer:
    """A provider whom the node trusts, and who signs whatever it is asked to."""
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    intermediate = pki.make_intermediate(root, **valid)
    leaf = pki.make_leaf(intermediate, **valid)
    host.serve("/provider.pem", leaf.pem + intermediate.pem)
    return Signer(leaf.key, host.url("/provider.pem"))


@pytest.fixture(scope="package")
def node(
    tmp_path_factory: pytest.TempPathFactory, host: Repository, root: pki.Issued
) -> Iterator[GatewayNode]:
    directory = tmp_path_factory.mktemp("hostile")
    anchors = directory / "certs" / "trust"
    anchors.mkdir(parents=True)
    (anchors / "root.pem").write_bytes(root.pem)
    environment = fetching_from(host) | {"CALLMARK_X5U__FETCH_TIMEOUT_MS": "1000"}
    with running_node(directory, environment=environment) as node:
        yield node


@pytest.fixture(scope="module")
def switch(node: GatewayNode) -> Iterator[Switch]:
    with Switch(node) as switch:
        yield switch


@pytest.fixture(scope="package")
def world() -> World:
    """Authorities made by hand, three of which `stranger`'s node trusts."""
    return make_world()


@pytest.fixture(scope="package")
def stranger(tmp_path_factory: pytest.TempPathFactory, host: Repository, world: World) -> Iterator[Stranger]:
    """Whoever calls a node under certificates of that world."""
    directory = tmp_path_factory.mktemp("chains")
    anchors = directory / "certs" / "trust"
    anchors.mkdir(parents=True)
    for number, root in enumerate((world.root, world.p384_root, world.rsa_root)):
        (anchors / f"root-{number}.pem").write_bytes(root.pem)
    environment = fetching_from(host) | {"CALLMARK_X5U__FETCH_TIMEOUT_MS": "10000"}
    with running_node(directory, environment=environment) as node, Switch(node) as switch:
        yield Stranger(switch, host)


def fetching_from(host: Repository) -> dict[str, str | None]:
    """Settings with which a node fetches from this host."""
    return {
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,8443,{host.port}",
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(host.ca_file),
    }
