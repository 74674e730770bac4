"""A node's own words after calls of every kind: no number of anybody's in them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import make_identity, signing_request, verification_request
from tests.pki import new_key

NUMBERS = {
    "from": "442079460707",
    "to": "441614960808",
    "network": "447700900505",
    "diverted": "441614960303",
    "misdialled": "44207946099977",
    "decided": "447700900606",
}
QUIET = ("data/record.sqlite", "data/facts.sqlite", "data/journal", "data/valkey/appendonlydir")
"""What is kept on purpose, for its owner alone."""


def verdict_request(**changes: Any) -> dict[str, Any]:
    call = {
        "id": "call-1",
        "from": {"tn": "+" + NUMBERS["from"]},
        "to": {"tn": ["+" + NUMBERS["to"]]},
        "pai": {"tn": "+" + NUMBERS["network"]},
        "diversion": [{"tn": "+" + NUMBERS["diverted"], "reason": "unconditional"}],
        "time": int(time.time()),
    }
    return {"call": call | changes}


def every_kind_of_call(node: GatewayNode) -> None:
    signed = node.post(
        "/stir/v1/signing", signing_request(orig={"tn": NUMBERS["from"]}, dest={"tn": [NUMBERS["to"]]})
    )
    identity = signed.json["signingResponse"]["identity"]
    shown = {"orig": {"tn": NUMBERS["from"]}, "dest": {"tn": [NUMBERS["to"]]}}
    forged = make_identity(new_key(), "https://127.0.0.1:8443/none.pem", payload=shown)
    assert (
        node.post(
            "/stir/v1/verification", verification_request(forged, from_=shown["orig"], to=shown["dest"])
        ).status
        == 200
    )
    for path in ("/v1/verdicts", "/domestic/v1/verdicts", "/international/v1/verdicts"):
        for changes in (
            {},
            {"identity": [identity]},
            {"identity": [forged, identity]},
            {"anonymous": True},
            {"to": {"tn": ["999"]}},
        ):
            assert node.post(path, verdict_request(**changes)).status == 200
    assert (
        node.post("/v1/verdicts", verdict_request(to={"tn": ["+" + NUMBERS["misdialled"] * 3]})).status == 400
    )
    assert node.post("/v1/verdicts", b'{"call": {"from": "' + NUMBERS["from"].encode()).status == 400
    assert (
        node.post("/stir/v1/signing", signing_request(orig={"tn": NUMBERS["misdialled"] * 3})).status == 400
    )
    decision = {"tn": "+" + NUMBERS["decided"], "action": "block", "reason": "complaints"}
    assert node.administer("POST", "/admin/v1/decisions", decision).status == 201
    assert node.ask("GET", f"/v1/numbers/{NUMBERS['from']}").status == 404


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> GatewayNode:
    """A node after its calls, ended."""
    with running_node(tmp_path_factory.mktemp("node"), workers=1) as running:
        every_kind_of_call(running)
        eventually(lambda: len(running.events("call")) >= 17)
        metrics = running.administer("GET", "/metrics")
        assert metrics.status == 200
        (running.directory / "metrics.txt").write_bytes(metrics.body)
    return running


def words_of(node: GatewayNode) -> dict[str, str]:
    """Every file the node wrote, but those that are there to hold numbers."""
    found: dict[str, str] = {}
    for path in node.directory.rglob("*"):
        name = str(path.relative_to(node.directory))
        if path.is_file() and not name.startswith(("config/", "certs/", *QUIET)):
            found[name] = path.read_bytes().decode("utf-8", "replace")
    return found


def test_no_output_holds_a_number(node):
    words = words_of(node)
    assert {"node.log", "node.out", "metrics.txt", "data/valkey/valkey.log"} <= set(words)
    for kind, tn in NUMBERS.items():
        national = tn[2:]
        holding = [name for name, text in words.items() if national in text]
        assert not holding, f"the number {kind} stands in {holding}"


def test_a_line_a_call_says_who_called_without_saying_the_number(node):
    lines = node.events("call")
    assert all(line["dest"].startswith("~") for line in lines if "dest" in line)
    by_orig = {line["orig"] for line in lines if line["resource"] == "verdict" and line["orig"]}
    assert len(by_orig) == 1, "one number can be followed through the log"
    assert by_orig.pop().endswith("…07")


def test_no_secret_is_in_the_output(node):
    words = words_of(node)
    for name in ("data/token",):
        words.pop(name)
    key = "".join((node.directory / "certs/dev/shaken.key").read_text().splitlines()[1:-1])
    for name, text in words.items():
        assert "PRIVATE KEY" not in text, name
        assert key[:40] not in text, name
        if name != "node.out":  # where the first start prints the development token
            assert node.token not in text, name


def test_what_holds_numbers_is_its_owners_alone(node):
    data = node.directory / "data"
    for path in (
        *data.rglob("journal"),
        *data.rglob("journal/*.ndjson"),
        *data.rglob("*.sqlite"),
        data / "token",
    ):
        assert (
            _mode_for_others(path) == 0 or _mode_for_others(path.parent) == 0 or _mode_for_others(data) == 0
        ), path


def _mode_for_others(path: Path) -> int:
    return path.stat().st_mode & 0o077
