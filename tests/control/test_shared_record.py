"""Two nodes on one record in PostgreSQL: what is decided at one holds at the other, within a second."""

from __future__ import annotations

import time

import pytest

from tests.gateway_node import eventually, running_node


@pytest.fixture(scope="module")
def nodes(tmp_path_factory, postgresql):
    shared = {"CALLMARK_DATABASE__URL": postgresql.new_database()}
    with (
        running_node(tmp_path_factory.mktemp("one"), environment=shared) as one,
        running_node(tmp_path_factory.mktemp("two"), environment=shared) as two,
    ):
        yield one, two


def ask_verdict(node, token):
    call = {"id": "1", "from": {"tn": "+442079460123"}, "to": {"tn": ["+441614960000"]}, "time": 1}
    return node.post("/v1/verdicts", {"call": call | {"time": int(time.time()), "identity": []}}, token=token)


def test_a_token_and_its_revocation_hold_everywhere_within_a_second(nodes):
    one, two = nodes
    made = one.make_token("switch", "call:verify", trunk="access-1")
    for node in (one, two):
        eventually(lambda node=node: ask_verdict(node, made).status == 200)
    # The first to start made the development token of the one record; it opens the other node too.
    assert two.administer("DELETE", "/admin/v1/tokens/switch", token=one.token).status == 200
    for node in (one, two):
        eventually(lambda node=node: ask_verdict(node, made).status == 401)


def test_the_audit_is_one_chain(nodes):
    one, two = nodes
    report = two.administer("GET", "/admin/v1/audit/verification", token=one.token).json
    assert report["intact"]
    assert report["rows"] >= 3
