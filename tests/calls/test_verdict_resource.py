"""`POST /v1/verdicts` of a running node."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.gateway_node import GatewayNode, eventually
from tests.integration.tokens import FROM, ORIGID, TO, make_identity
from tests.pki import Pki
from tests.repository import Repository

VERDICTS = "/v1/verdicts"


def call(**changes: Any) -> dict[str, Any]:
    usual = {
        "id": f"call-{time.monotonic_ns()}",
        "from": {"tn": f"+{FROM}"},
        "to": {"tn": [f"+{TO}"]},
        "time": int(time.time()),
    }
    return usual | {name.rstrip("_"): value for name, value in changes.items()}


def verdict(node: GatewayNode, *, max_ms: int | None = None, path: str = VERDICTS, **changes: Any) -> Any:
    body = {"call": call(**changes)} | ({} if max_ms is None else {"max_ms": max_ms})
    answer = node.post(path, body)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), answer.body
    assert set(answer.json) == {"verdict"}
    return answer.json["verdict"]


def codes(found: Any) -> list[str]:
    return [reason["code"] for reason in found["reasons"]]


@pytest.fixture
def key(stranger: Pki) -> ec.EllipticCurvePrivateKey:
    assert isinstance(stranger.leaf.key, ec.EllipticCurvePrivateKey)
    return stranger.leaf.key


def test_the_answer_has_the_settled_shape(node: GatewayNode):
    found = verdict(node)
    assert set(found) == {
        "action", "verstat", "attest", "origid", "reasons", "display", "reputation", "sip", "degraded",
        "elapsed_ms", "generation",
    }  # fmt: skip
    assert found["action"] in {"allow", "label", "challenge", "block"}
    assert found["display"] == {"cli": "present", "name": None, "brand": None}
    assert set(found["reputation"]) == {"score", "evidence"}
    assert set(found["sip"]) == {"status", "phrase", "headers"}
    assert set(found["degraded"]) <= {"reputation", "replay"}, "busy cores may cost the evidence"
    assert type(found["generation"]) is int
    assert found["elapsed_ms"] > 0
    for reason in found["reasons"]:
        assert set(reason) == {"code", "effect", "source", "detail"}


def test_without_a_header_nothing_is_attested_and_a_domestic_call_is_ordinary(node: GatewayNode):
    found = verdict(node, path="/domestic" + VERDICTS)
    assert (found["verstat"], found["attest"], found["origid"]) == ("No-TN-Validation", None, None)
    assert found["action"] == "allow"
    assert codes(found) == ["stir.identity.missing"]


def test_a_header_that_passes_gives_attest_and_origid(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey
):
    identity = make_identity(key, host.url("/stranger.pem"), payload={"attest": "B"})
    for _ in range(2):
        found = verdict(node, identity=[identity])
        assert (found["verstat"], found["attest"], found["origid"]) == ("TN-Validation-Passed", "B", ORIGID)
        assert "stir.revocation.unknown" in codes(found)


def test_of_several_headers_one_valid_is_enough(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey
):
    good = make_identity(key, host.url("/stranger.pem"))
    others = [
        good.replace("ppt=shaken", "ppt=div"),
        "not a header",
        make_identity(key, host.url("/nothing.pem")),
    ]
    assert verdict(node, identity=[*others, good])["verstat"] == "TN-Validation-Passed"
    found = verdict(node, identity=others)
    assert (found["verstat"], found["attest"]) == ("No-TN-Validation", None)
    assert "stir.identity.malformed" in codes(found)


def test_a_forged_header_labels_and_attests_nothing(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey
):
    identity = make_identity(key, host.url("/stranger.pem"), sign=lambda signed, key: bytes(64))
    found = verdict(node, identity=[identity])
    assert (found["verstat"], found["attest"], found["action"]) == ("TN-Validation-Failed", None, "label")
    assert codes(found)[0] == "stir.signature.invalid"


def test_a_home_number_from_abroad_is_refused_in_sip(node: GatewayNode):
    found = verdict(node, trunk="international-1")
    assert (found["action"], found["sip"]) == ("block", {"status": 603, "phrase": "Decline", "headers": {}})
    assert "abroad.home-number" in codes(found)


def test_a_home_mobile_from_abroad_depends_on_roaming(node: GatewayNode):
    mobile = {"from_": {"tn": "+447700900123"}, "path": "/international" + VERDICTS}
    found = verdict(node, **mobile)
    assert (found["action"], found["display"]["cli"]) == ("allow", "withhold")
    found = verdict(node, roaming="true", **mobile)
    assert (found["action"], found["display"]["cli"]) == ("allow", "present")
    assert verdict(node, roaming="false", **mobile)["action"] == "block"


def test_a_call_for_help_is_let_through_whatever_it_shows(node: GatewayNode):
    found = verdict(node, trunk="international-1", to={"tn": ["999"]})
    assert (found["action"], found["display"]["cli"]) == ("allow", "present")
    assert "emergency.dialled" in codes(found)


def test_an_anonymous_call_is_judged_by_its_network_number(node: GatewayNode):
    body = call(anonymous=True, pai={"tn": f"+{FROM}"}, trunk="international-1")
    del body["from"]
    answer = node.post(VERDICTS, {"call": body})
    found = answer.json["verdict"]
    assert (found["action"], found["display"]["cli"]) == ("block", "withhold")


def test_explain_lists_what_did_not_apply(node: GatewayNode):
    plain = node.post(VERDICTS, {"call": call()}).json["verdict"]
    explained = node.post(f"{VERDICTS}?explain=1", {"call": call()}).json["verdict"]
    assert "not_applied" not in plain
    missed = {row["code"] for row in explained["not_applied"]}
    assert {"dno.exact", "brand.path", "abroad.home-number"} <= missed
    assert missed.isdisjoint(codes(explained))
    assert all(row["words"] for row in explained["not_applied"])


def test_an_operators_decision_comes_before_the_lists(node: GatewayNode):
    tn = "+442079460955"
    before = verdict(node, path="/international" + VERDICTS, from_={"tn": tn})
    assert before["action"] == "block"
    decision = {"tn": tn, "action": "allow", "reason": "the court calls from abroad"}
    made = node.administer("POST", "/admin/v1/decisions", decision)
    assert made.status == 201
    try:
        after = verdict(node, path="/international" + VERDICTS, from_={"tn": tn})
        assert after["action"] == "allow"
        assert "decision.operator" in codes(after)
    finally:
        node.administer("DELETE", f"/admin/v1/decisions/{made.json['id']}")


@pytest.mark.parametrize("max_ms", [1, 40, 150])
def test_a_call_is_answered_without_a_certificate_whose_host_hangs(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey, max_ms: int
):
    host.hang(f"/hangs-{max_ms}.pem")
    identity = make_identity(key, host.url(f"/hangs-{max_ms}.pem"))
    connection = node.connect()
    node.ask_on(connection, "GET", "/livez")
    answer = node.ask_on(connection, "POST", VERDICTS, {"call": call(identity=[identity]), "max_ms": max_ms})
    connection.close()
    found = answer.json["verdict"]
    assert codes(found)[0] == "stir.credential.pending"
    assert (found["verstat"], found["action"]) == ("No-TN-Validation", "allow")


def test_after_a_wait_for_a_certificate_there_is_time_to_ask_what_is_known_of_the_number(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey
):
    host.hang("/hangs-long.pem")
    identity = make_identity(key, host.url("/hangs-long.pem"))

    def is_whole() -> bool:
        found = verdict(node, max_ms=900, identity=[identity])
        assert codes(found)[0] == "stir.credential.pending"
        return found["degraded"] == []

    eventually(is_whole)


def test_a_certificate_that_comes_late_is_there_for_the_next_call(
    node: GatewayNode, host: Repository, stranger: Pki, key: ec.EllipticCurvePrivateKey
):
    released = host.hold("/late.pem", stranger.chain_pem)
    identity = make_identity(key, host.url("/late.pem"))
    connection = node.connect()
    try:

        def verstat(max_ms: int) -> str:
            body = {"call": call(identity=[identity]), "max_ms": max_ms}
            answered = node.ask_on(connection, "POST", VERDICTS, body)
            found: str = answered.json["verdict"]["verstat"]
            return found

        assert verstat(20) == "No-TN-Validation"
        released.set()
        assert verstat(10_000) == "TN-Validation-Passed"
        assert host.requests["/late.pem"] == 1
    finally:
        connection.close()


def test_a_replayed_token_is_counted_by_distinct_calls(
    node: GatewayNode, host: Repository, key: ec.EllipticCurvePrivateKey
):
    identity = make_identity(
        key, host.url("/stranger.pem"), payload={"origid": "9f9df3c2-5a55-4b0e-8f2e-0d6f4e1f0a77"}
    )
    for _ in range(6):
        assert "replay.distinct-calls" not in codes(verdict(node, identity=[identity], id="retransmitted"))
    found: list[Any] = []

    def is_counted() -> bool:
        found.append(verdict(node, identity=[identity], id=f"replayed-{len(found)}"))
        return len(found) >= 6 and "replay.distinct-calls" in codes(found[-1])

    eventually(is_counted)
    assert found[-1]["action"] == "label"
    assert found[-1]["verstat"] == "TN-Validation-Passed"


def test_an_error_is_a_problem_with_its_pointer(node: GatewayNode):
    answer = node.post(VERDICTS, {"call": call(to={"tn": ["+44 1"]})}, headers={"X-RequestID": "r-9"})
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert answer.headers["X-RequestID"] == "r-9"
    assert answer.json["errors"][0]["pointer"] == "/call/to/tn/0"
