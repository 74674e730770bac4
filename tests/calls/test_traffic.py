"""Traffic on a running node: what a number's calls show is seen by its next call, by its path."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from itertools import count, islice, repeat
from typing import Any

import pytest

from tests.gateway_node import PROJECT, GatewayNode, eventually, running_node

WINDOW_SECONDS = 86_400
TRAFFIC = frozenset(
    f"traffic.{sign}" for sign in ("sequential", "short-calls", "one-ring", "honeypot", "block")
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    policy = (PROJECT / "config" / "policy.toml").read_text()
    # A day: calls on both sides of a window's end are not counted whole.
    files = {"policy.toml": policy.replace("window_seconds = 600 ", f"window_seconds = {WINDOW_SECONDS} ")}
    with running_node(tmp_path_factory.mktemp("traffic"), workers=2, files=files) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


def ask(node: GatewayNode, shown: str, called: str, *, trunk: str = "domestic-1") -> tuple[str, Any]:
    call_id = f"traffic-{time.monotonic_ns()}"
    call = {"id": call_id, "from": {"tn": shown}, "to": {"tn": [called]}, "time": int(time.time())}
    answer = node.post("/v1/verdicts", {"call": call | {"trunk": trunk}})
    assert answer.status == 200, answer.body
    return call_id, answer.json["verdict"]


def signs(verdict: Any) -> dict[str, str]:
    return {each["code"]: each["effect"] for each in verdict["reasons"] if each["code"] in TRAFFIC}


def ask_until(
    node: GatewayNode, shown: str, called: Iterator[str], expected: Mapping[str, str]
) -> dict[str, Any]:
    """Call one after another until the signs are these: on busy cores a call may go without its evidence."""
    verdicts: list[dict[str, Any]] = []

    def is_seen() -> bool:
        verdicts.append(ask(node, shown, next(called))[1])
        return signs(verdicts[-1]) == expected

    eventually(is_seen)
    return verdicts[-1]


def tell(node: GatewayNode, *events: dict[str, Any]) -> None:
    body = b"\n".join(json.dumps(event).encode() for event in events)
    answer = node.post("/v1/call-events", body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status == 202, answer.body


def test_numbers_dialled_in_order_are_labelled_and_the_owner_is_not(node: GatewayNode):
    shown = "+442079460321"
    called = (f"+441134960{number:03d}" for number in count())
    for number in islice(called, 24):
        ask(node, shown, number)
    verdict = ask_until(node, shown, called, {"traffic.sequential": "label"})
    assert verdict["action"] == "label"
    _, own = ask(node, shown, "+441134960050", trunk="access-1")
    assert (signs(own), own["action"]) == ({}, "allow")


def test_a_honeypot_is_seen_by_the_next_call_on_every_worker(node: GatewayNode):
    shown = "+441614960321"
    ask_until(node, shown, repeat("+441134960901"), {"traffic.honeypot": "none"})
    for _ in range(4):  # each on a connection of its own, handed to the workers in turn
        ask_until(node, shown, repeat("+441134960101"), {"traffic.honeypot": "none"})
    second = ask_until(node, shown, repeat("+441134960955"), {"traffic.honeypot": "label"})
    assert second["action"] == "label"


def test_how_calls_end_is_told_and_counts_once(node: GatewayNode):
    shown = "+447700900321"
    events = []
    for number in range(40):
        called = f"+4411349{(number * 7919) % 100000:05d}"
        call_id, verdict = ask(node, shown, called)
        assert verdict["action"] == "allow"
        events.append(
            {"call_id": call_id, "time": int(time.time()), "from": shown, "to": called, "trunk": "domestic-1",
             "answered": False, "duration_seconds": 3, "cause": 16}
        )  # fmt: skip
    tell(node, *events)
    tell(node, *events)
    wanted = {"traffic.short-calls": "label", "traffic.one-ring": "label"}
    verdict = ask_until(node, shown, repeat("+441134960000"), wanted)
    details = [each["detail"] for each in verdict["reasons"] if each["code"] == "traffic.one-ring"]
    assert "40 of 40 calls" in details[0]
    # By another path the number is another caller.
    assert signs(ask(node, shown, "+441134960000", trunk="access-1")[1]) == {}


def test_trunks_are_summed_over_the_window(node: GatewayNode):
    ask(node, "+442079460655", "+441134960000", trunk="customer-1")

    def of_trunks() -> dict[str, int]:
        found = node.administer("GET", "/admin/v1/traffic").json
        assert found["window_seconds"] == WINDOW_SECONDS
        return {each["name"]: each["calls"] for each in found["traffic"] if each["kind"] == "trunk"}

    eventually(lambda: of_trunks().get("customer-1") == 1)


def test_many_numbers_of_one_block_are_seen_together(node: GatewayNode):
    events = []
    for number in range(60):
        shown, called = f"+44113496{2000 + number * 3}", f"+44161{(number * 7919) % 10**6:07d}"
        call_id, _ = ask(node, shown, called)
        events.append(
            {"call_id": call_id, "time": int(time.time()), "from": shown, "to": called, "trunk": "domestic-1",
             "answered": number % 20 == 0, "duration_seconds": 25}
        )  # fmt: skip
    tell(node, *events)
    eventually(lambda: signs(ask(node, "+441134962999", "+441614960000")[1]) == {"traffic.block": "label"})
