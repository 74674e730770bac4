"""`POST /v1/call-events` of a running node: taken whole and into the record, or refused by line and field."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, HttpAnswer, eventually
from tests.integration.tokens import FROM, TO

PATH = "/v1/call-events"


def event(**changes: Any) -> dict[str, Any]:
    usual = {
        "call_id": f"event-{time.monotonic_ns()}",
        "time": int(time.time()),
        "from": f"+{FROM}",
        "to": f"+{TO}",
        "trunk": "international-1",
        "answered": False,
        "duration_seconds": 4,
        "cause": 16,
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def send(node: GatewayNode, *lines: object, media: str = "application/x-ndjson", **how: Any) -> HttpAnswer:
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return node.post(how.pop("path", PATH), body, headers={"Content-Type": media}, **how)


def recorded(node: GatewayNode, *calls: dict[str, Any]) -> list[tuple[Any, ...]]:
    ids = [call["call_id"] for call in calls]
    with sqlite3.connect(f"file:{node.directory}/data/record.sqlite?mode=ro", uri=True) as record:
        return record.execute(
            "SELECT trunk, call_id, orig, dest, answered, duration_seconds, cause FROM call_events"
            f" WHERE call_id IN ({','.join('?' * len(ids))}) ORDER BY call_id",
            ids,
        ).fetchall()


def test_a_batch_is_accepted_and_reaches_the_record_once(node: GatewayNode):
    first, second = event(), event(answered=True, duration_seconds=61.5, cause=..., trunk="access-1")
    for _ in range(2):
        answer = send(node, first, second)
        assert (answer.status, answer.json) == (202, {"accepted": 2}), answer.body
    eventually(lambda: len(recorded(node, first, second)) == 2)
    assert recorded(node, first, second) == [
        ("international-1", first["call_id"], FROM, TO, 0, 4.0, 16),
        ("access-1", second["call_id"], FROM, TO, 1, 61.5, None),
    ]


def test_a_call_without_a_number_and_a_line_without_a_trunk(node: GatewayNode):
    told = event(**{"from": ..., "trunk": ...})
    assert send(node, told, path="/domestic/v1/call-events").status == 202
    eventually(lambda: recorded(node, told))
    assert recorded(node, told)[0][:3] == ("domestic-1", told["call_id"], None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"call_id": ...}, "/call_id"),
        ({"call_id": ""}, "/call_id"),
        ({"time": int(time.time()) + 3600}, "/time"),
        ({"time": int(time.time()) - 3 * 86_400}, "/time"),
        ({"time": "now"}, "/time"),
        ({"from": "call me"}, "/from"),
        ({"to": ...}, "/to"),
        ({"to": "+44 20"}, "/to"),
        ({"trunk": "nowhere"}, "/trunk"),
        ({"answered": "yes"}, "/answered"),
        ({"duration_seconds": -1}, "/duration_seconds"),
        ({"duration_seconds": 1e9}, "/duration_seconds"),
        ({"cause": 487}, "/cause"),
        ({"durations": 3}, "/durations"),
    ],
)
def test_a_mistake_is_named_and_nothing_of_its_batch_is_taken(node: GatewayNode, change, pointer):
    right = event()
    answer = send(node, right, event(**change), right)
    assert answer.status == 400
    assert [(each["line"], each["pointer"]) for each in answer.json["errors"]] == [(2, pointer)]
    # What came after it is there, so it would be too.
    last = event()
    assert send(node, last).status == 202
    eventually(lambda: recorded(node, last))
    assert recorded(node, right) == []


def test_a_trunk_of_another_credential_is_named_only_where_it_is_more_careful(node: GatewayNode):
    secret = node.make_token("event-sender", "call:verify", trunk="domestic-1")
    assert send(node, event(trunk="international-1"), token=secret, path="/domestic" + PATH).status == 202
    refused = send(node, event(trunk="access-1"), token=secret, path="/domestic" + PATH)
    assert refused.json["errors"][0]["pointer"] == "/trunk"


def test_what_is_no_batch_is_refused(node: GatewayNode):
    assert send(node).status == 400
    assert send(node, event(), media="application/json").status == 415
    assert send(node, event(), token=None).status == 401
    assert send(node, event(), token=node.make_token("no-switch", "auditor")).status == 403
    assert send(node, *[event()] * 1001).status == 413
