"""A node that is stopped in order seals the facts it leaves, and the next one goes on with them."""

from __future__ import annotations

from contextlib import contextmanager

from gateway.facts import facts_path
from gateway.facts.seal import seal_path
from tests.gateway_node import running_node

SIGNING = "/stir/v1/signing"
NOBODYS = "cmk_" + "A" * 43


@contextmanager
def node_of(directory):
    """A node in a directory that may have had one before."""
    config = directory / "config"
    if config.exists():
        config.rename(directory / f"config-{len(list(directory.glob('config-*')))}")
    with running_node(directory) as node:
        # A token that is known and a body that is not: 400 and not 401.
        assert node.post(SIGNING, {}).status == 400
        assert node.post(SIGNING, {}, token=NOBODYS).status == 401
        yield node


def test_a_stopped_nodes_facts_are_sealed_and_a_killed_ones_are_not(tmp_path):
    seal = seal_path(facts_path(tmp_path / "data"))
    for _ in range(2):
        with node_of(tmp_path):
            assert not seal.exists()
        assert seal.exists()
    with node_of(tmp_path) as node:
        node.kill()
    assert not seal.exists()
    with node_of(tmp_path):
        assert not seal.exists()
    assert seal.exists()
