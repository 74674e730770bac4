from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway_node import GatewayNode, running_node

TRUNKS = """
[[trunk]]
name = "inside"
kind = "access"
country = "GB"
credentials = [{ token_name = "development" }, { addresses = ["127.0.0.1/32"] }]

[[trunk]]
name = "outside"
kind = "domestic"
country = "GB"
url_prefix = "/outside"
credentials = [{ token_name = "development" }, { addresses = ["127.0.0.1/32"] }]

[[trunk]]
name = "abroad"
kind = "international"
country = "GB"
url_prefix = "/abroad"
credentials = [{ token_name = "development" }, { addresses = ["127.0.0.1/32"] }]
"""
INVENTORY = "start,count,trunk\n+442079460000,1000,inside\n+441614960000,1000,inside\n"


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    """A node that knows its switches by their address."""
    directory = tmp_path_factory.mktemp("gateway")
    files = {"trunks.toml": TRUNKS, "inventory.csv": INVENTORY}
    with running_node(directory, files=files, workers=2) as node:
        yield node
