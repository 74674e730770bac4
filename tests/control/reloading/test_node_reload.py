"""Reloads of a whole node: real files, real workers, calls answered all the while."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gateway.cli.development_pki import make_development_pki
from gateway.passport.identity import parse_identity
from gateway.passport.passport import decode
from tests.gateway_node import PROJECT, GatewayNode, eventually, running_node
from tests.integration.tokens import signing_request


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("reload"), workers=2) as running:
        yield running


@pytest.fixture(autouse=True)
def _as_committed(node):
    """Each test begins and ends with the configuration of the start, in force."""
    kept = {path: path.read_bytes() for path in _files(node)}
    yield
    for path in _files(node):
        if path not in kept:
            path.unlink()
    for path, data in kept.items():
        if path.read_bytes() != data:
            path.write_bytes(data)
    assert node.administer("POST", "/admin/v1/reload").status == 200


def _files(node: GatewayNode) -> list[Path]:
    folders = (node.directory / "config", node.directory / "certs" / "dev")
    return [path for folder in folders for path in folder.iterdir()]


def change(node: GatewayNode) -> None:
    with (node.directory / "config" / "policy.toml").open("a") as file:
        file.write(f"# {time.monotonic_ns()}\n")


def generation(node: GatewayNode) -> int:
    number: int = node.administer("GET", "/admin/v1/generation").json["generation"]
    return number


def sign(node: GatewayNode) -> str:
    """The x5u a call is signed with, or what was said instead."""
    answer = node.post("/stir/v1/signing", signing_request())
    assert answer.status == 200, answer.body
    return decode(parse_identity(answer.json["signingResponse"]["identity"]).token).header["x5u"]


def metric(node: GatewayNode, name: str) -> float:
    lines = node.administer("GET", "/metrics").body.decode().splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(value)


@contextmanager
def calls_meanwhile(node: GatewayNode):
    """Keep-alive connections that ask without a pause; every answer must be a 200 on the same connection."""
    statuses: list[int] = []
    stop = False

    def ask() -> None:
        with closing(node.connect()) as connection:
            connection.connect()
            connection.auto_open = 0  # a connection that was closed is an error here
            while not stop:
                body = {"call": {"id": "c", "from": {"tn": "+442079460123"}, "to": {"tn": ["+441614960000"]},
                                 "time": int(time.time())}}  # fmt: skip
                statuses.append(node.ask_on(connection, "POST", "/v1/verdicts", body).status)

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        try:
            eventually(lambda: len(statuses) > 5)
            yield
        finally:
            stop = True
        for each in asking:
            each.result()
    assert set(statuses) == {200}


def test_sighup_takes_what_is_on_the_disk(node):
    before = generation(node)
    change(node)
    os.kill(node.process.pid, signal.SIGHUP)
    eventually(lambda: generation(node) == before + 1)
    eventually(lambda: all(
        worker["hash"] == node.administer("GET", "/admin/v1/generation").json["digest"]
        for worker in node.administer("GET", "/admin/v1/generation").json["workers"]
    ))  # fmt: skip


def test_good_and_bad_reloads_cost_no_call_and_no_connection(node):
    policy = node.directory / "config" / "policy.toml"
    good = policy.read_bytes()
    began = generation(node)
    with calls_meanwhile(node):
        for turn in range(10):
            policy.write_bytes(good + b"# %d\n" % turn)
            assert node.administer("POST", "/admin/v1/reload").status == 200
            policy.write_bytes(good[: len(good) // 2])  # torn
            torn = node.administer("POST", "/admin/v1/reload")
            assert torn.status in {200, 409}, torn.body
            policy.write_bytes(b"verdict = nonsense\n")
            assert node.administer("POST", "/admin/v1/reload").status == 409
    assert generation(node) >= began + 10


def test_a_refusal_names_every_problem_and_stands_in_readiness_metrics_and_audit(node):
    (node.directory / "config" / "policy.toml").write_text("[verdict]\ndno = 'blok'\n")
    (node.directory / "config" / "inventory.csv").write_text("start,count,trunk\nx,1,y\n")
    before = generation(node)
    answer = node.administer("POST", "/admin/v1/reload")
    assert answer.status == 409
    problems = {(Path(each["file"]).name, each["line"]) for each in answer.json["problems"]}
    assert {("policy.toml", 2), ("inventory.csv", 2)} <= problems
    assert (answer.json["taken"], answer.json["generation"]) == (False, before)
    ready = node.administer("GET", "/readyz")
    assert (ready.status, ready.json["status"]) == (200, "degraded")
    assert any("the configuration on the disk was refused" in each for each in ready.json["reasons"])
    assert metric(node, "callmark_config_last_reload_successful") == 0
    shutil.copytree(PROJECT / "config", node.directory / "config", dirs_exist_ok=True)
    assert node.administer("POST", "/admin/v1/reload").json["unchanged"]
    assert metric(node, "callmark_config_last_reload_successful") == 1
    assert time.time() - metric(node, "callmark_config_last_reload_success_timestamp_seconds") < 60
    eventually(lambda: node.administer("GET", "/readyz").json == {"status": "ready", "reasons": []})


def test_a_foreign_key_is_refused_and_the_old_one_goes_on_signing(node, tmp_path):
    x5u = sign(node)
    foreign = make_development_pki(tmp_path / "other", now=int(time.time()))
    key = node.directory / "certs" / "dev" / "shaken.key"
    own = key.read_bytes()
    key.write_bytes(foreign.shaken_key.read_bytes())
    answer = node.administer("POST", "/admin/v1/reload")
    assert answer.status == 409
    [problem] = answer.json["problems"]
    assert problem["file"].endswith("certs/dev/shaken.key")
    assert "does not belong to the certificate" in problem["problem"]
    assert sign(node) == x5u
    key.write_bytes(own)


def test_a_key_rolls_over_with_its_certificate_and_the_old_chain_stays_published(node, tmp_path):
    new = make_development_pki(tmp_path / "new", now=int(time.time()))
    development = node.directory / "certs" / "dev"
    (development / "shaken.key").write_bytes(new.shaken_key.read_bytes())
    (development / "shaken.pem").write_bytes(new.shaken.read_bytes())
    settings = node.directory / "config" / "gateway.toml"
    settings.write_text(settings.read_text().replace("/certs/shaken.pem", "/certs/shaken-2.pem"))
    with calls_meanwhile(node):
        answer = node.administer("POST", "/admin/v1/reload")
        assert answer.status == 200, answer.body
        assert sign(node).endswith("/certs/shaken-2.pem")
    published = node.administer("GET", "/admin/v1/certificates").json["certificates"]
    assert {each["path"] for each in published} == {"/certs/shaken.pem", "/certs/shaken-2.pem"}


def test_a_worker_that_hangs_has_the_reload_refused_and_wakes_to_the_old_one(node):
    change(node)
    before = generation(node)
    hung = node.worker_pids()["worker-1"]
    os.kill(hung, signal.SIGSTOP)
    try:
        answer = node.administer("POST", "/admin/v1/reload")
    finally:
        os.kill(hung, signal.SIGCONT)
    assert (answer.status, answer.json["generation"]) == (409, before)
    assert answer.json["problems"][0]["hint"] == f"if it hangs, `kill {hung}` has it replaced"
    assert node.administer("POST", "/admin/v1/reload").json["generation"] == before + 1
    digests = {worker["hash"] for worker in node.administer("GET", "/admin/v1/generation").json["workers"]}
    assert len(digests) == 1


def test_a_control_process_killed_in_the_middle_leaves_one_generation(node):
    before = generation(node)
    for _ in range(3):
        change(node)
        [control] = [event["pid"] for event in node.events("child.started") if event["child"] == "control"][
            -1:
        ]
        node.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)  # somewhere in the middle: every place has to be good
        os.kill(control, signal.SIGKILL)
        eventually(lambda: _answers(node))
    eventually(lambda: _is_one(node))
    assert generation(node) >= before


@pytest.mark.parametrize("victim", ["worker-1", "valkey"])
def test_a_child_killed_in_the_middle_is_replaced_and_the_node_is_one_again(node, victim):
    # Whether that reload is taken depends on where the child was: a worker that says nothing has all go back.
    before = generation(node)
    for _ in range(3):
        change(node)
        eventually(lambda: _pid_of(node, victim))
        pid = _pid_of(node, victim)
        node.process.send_signal(signal.SIGHUP)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: any(event["pid"] == pid for event in node.events("child.ended")))
        eventually(lambda: _is_one(node))
        eventually(lambda: all(worker["state"] == "ready" for worker in _workers(node)))
    change(node)
    assert node.administer("POST", "/admin/v1/reload").json["taken"]
    assert generation(node) > before
    assert sign(node)


def _pid_of(node: GatewayNode, child: str) -> int:
    """The process id of a child that runs; 0 while it is being replaced."""
    ended = {event["pid"] for event in node.events("child.ended")}
    [*_, pid] = [event["pid"] for event in node.events("child.started") if event["child"] == child]
    return 0 if pid in ended else pid


def _answers(node: GatewayNode) -> bool:
    try:
        return node.administer("GET", "/livez").status == 200 and len(_workers(node)) == 2
    except (OSError, http.client.HTTPException):
        return False


def _workers(node: GatewayNode) -> list[dict[str, object]]:
    workers: list[dict[str, object]] = node.administer("GET", "/admin/v1/generation").json["workers"]
    return workers


def _is_one(node: GatewayNode) -> bool:
    document = node.administer("GET", "/admin/v1/generation").json
    return {worker["hash"] for worker in document["workers"]} == {document["digest"]}


def test_a_trunk_that_calls_come_by_is_not_lost_without_somebodys_word(node):
    call = {"id": "abroad", "from": {"tn": "+33142345678"}, "to": {"tn": ["+441614960000"]}}
    assert node.post("/international/v1/verdicts", {"call": call | {"time": int(time.time())}}).status == 200
    eventually(lambda: node.administer("GET", "/admin/v1/calls?trunk=international-1").json["calls"])
    trunks = node.directory / "config" / "trunks.toml"
    whole = trunks.read_text()
    trunks.write_text(whole[: whole.index('[[trunk]]\nname = "international-1"')])

    (lost,) = node.administer("POST", "/admin/v1/config/preview").json["lost_trunks"]
    assert lost == {"name": "international-1", "calls": 1}
    refused = node.administer("POST", "/admin/v1/reload")
    assert refused.status == 409
    (problem,) = refused.json["problems"]
    assert problem["problem"] == "lacks trunks by which recent calls came: international-1 (1)"
    assert node.post("/international/v1/verdicts", {"call": call | {"time": int(time.time())}}).status == 200

    assert node.administer("POST", "/admin/v1/reload?override=true").status == 200
    assert node.post("/international/v1/verdicts", {"call": call | {"time": int(time.time())}}).status == 404
