"""Control and call planes on one PostgreSQL and one Redis: one leads, all follow, any may die."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.cli.serve import plane_problem
from gateway.generation.settings import Settings, build_settings
from gateway.node_settings import Plane
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.valkey import Valkey, running_valkey


@pytest.fixture
def valkey():
    with running_valkey() as server:
        yield server


@pytest.fixture
def shared(postgresql, valkey: Valkey) -> dict[str, str | None]:
    return {"CALLMARK_DATABASE__URL": postgresql.new_database(), "CALLMARK_REDIS__URL": valkey.url}


def start(stack: ExitStack, directory: Path, shared: dict[str, str | None], plane: str, **how) -> GatewayNode:
    directory.mkdir()
    return stack.enter_context(running_node(directory, environment=shared, plane=plane, **how))


def nodes_of(node: GatewayNode, token: str) -> list[dict]:
    return node.administer("GET", "/admin/v1/nodes", token=token).json["nodes"]


def leaders(node: GatewayNode, token: str) -> list[str]:
    return [each["id"] for each in nodes_of(node, token) if each["leads"] and not each["is_gone"]]


def ask(node: GatewayNode, token: str):
    call = {"id": "1", "from": {"tn": "+442079460123"}, "to": {"tn": ["+441614960000"]}, "identity": []}
    return node.post("/v1/verdicts", {"call": call | {"time": int(time.time())}}, token=token)


def test_a_dead_leader_is_followed_by_another_and_only_one_leads(tmp_path, shared):
    with ExitStack() as stack:
        one = start(stack, tmp_path / "one", shared, "control")
        two = start(stack, tmp_path / "two", shared, "control")
        token = one.token
        eventually(lambda: len(nodes_of(two, token)) == 2)
        eventually(lambda: len(leaders(two, token)) == 1)
        own = {
            node.directory.name: next(e["id"] for e in nodes_of(node, token) if e["is_this"])
            for node in (one, two)
        }
        leads = leaders(two, token)[0]
        first, second = (one, two) if own["one"] == leads else (two, one)
        eventually(lambda: first.events("evidence is whole"))
        first.kill()
        eventually(lambda: leaders(second, token) == [own[second.directory.name]])
        terms = [e["term"] for node in (first, second) for e in node.events("this node leads")]
        assert sorted(terms) == [1, 2]
        eventually(lambda: {e["id"] for e in nodes_of(second, token) if e["is_gone"]} == {leads})
        # Redis was filled by who led, once.
        filled = [len(node.events("evidence is whole")) for node in (first, second)]
        assert filled == [1, 0]


def test_a_call_plane_follows_a_control_plane_within_a_second_and_answers_without_it(tmp_path, shared):
    with ExitStack() as stack:
        control = start(stack, tmp_path / "control", shared, "control")
        calls = start(stack, tmp_path / "calls", shared, "calls")
        assert not (tmp_path / "calls" / "data" / "token").exists()
        made = control.make_token("switch", "call:verify", trunk="access-1")
        eventually(lambda: ask(calls, made).status == 200)
        with pytest.raises(ConnectionRefusedError):
            calls.administer("GET", "/livez", token=made)
        with pytest.raises(ConnectionRefusedError):
            control.post("/livez", {}, token=made)
        eventually(lambda: len(nodes_of(control, control.token)) == 2)
        planes = {each["plane"]: each for each in nodes_of(control, control.token)}
        assert set(planes) == {"control", "calls"}
        assert planes["control"]["leads"]
        assert not planes["calls"]["leads"]
        eventually(lambda: control.administer("GET", "/readyz").json["status"] == "ready")
        control.kill()
        for _ in range(20):
            assert ask(calls, made).status == 200


@pytest.mark.parametrize(
    ("redis", "database", "word"),
    [
        ("embedded", "postgresql://one.example.org/callmark", "embedded"),
        ("redis://one.example.org", "sqlite", "postgresql://"),
        ("redis://one.example.org", "postgresql://one.example.org/callmark", ""),
    ],
)
def test_a_plane_of_its_own_wants_what_nodes_share(redis, database, word):
    text = f'[redis]\nurl = "{redis}"\n[database]\nurl = "{database}"\n'
    settings = build_settings(text.encode(), {})
    assert isinstance(settings, Settings)
    for plane in (Plane.CALLS, Plane.CONTROL):
        assert word in (problem := plane_problem(settings, plane))
        assert bool(problem) == bool(word)
    assert plane_problem(settings, Plane.ALL) == ""
