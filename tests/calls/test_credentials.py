"""Who may ask, and for which trunk: tokens, addresses, prefixes and `call.trunk` of a running node."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, HttpAnswer, eventually
from tests.integration.tokens import FROM, TO, signing_request

VERDICTS, SIGNING = "/v1/verdicts", "/stir/v1/signing"


def call(**changes: Any) -> dict[str, Any]:
    usual = {"id": "1", "from": {"tn": f"+{FROM}"}, "to": {"tn": [f"+{TO}"]}, "time": int(time.time())}
    return {"call": usual | {name.rstrip("_"): value for name, value in changes.items()}}


def is_from_abroad(answer: HttpAnswer) -> bool:
    assert answer.status == 200, answer.body
    return "abroad.home-number" in [reason["code"] for reason in answer.json["verdict"]["reasons"]]


def reads_ported_numbers(answer: HttpAnswer) -> bool:
    """Only the trunk `interconnect` drops the routing prefix 600; elsewhere no such number can exist."""
    return "number.invalid" not in [reason["code"] for reason in answer.json["verdict"]["reasons"]]


PORTED = {"from_": {"tn": "+446002079460123"}}


@pytest.fixture(scope="module")
def tokens(node: GatewayNode) -> dict[str, str]:
    names = ("pbx", "interconnect", "abroad", "oracle")
    made = {name: node.make_token(name, "call:verify", "call:sign") for name in names}
    made["bound"] = node.make_token("bound", "call:verify", trunk="abroad")
    made["nowhere"] = node.make_token("nowhere", "call:verify")
    made["reports"] = node.make_token("reports", "report:write")
    return made


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer cmk_" + "A" * 43,
        "Bearer cmk_" + "A" * 5000,
        "Bearer cmk_\xe9",
        "Basic Zm9vOmJhcg==",
    ],
)
def test_without_a_credential_everything_is_401_in_its_own_form(node: GatewayNode, authorization: str | None):
    headers = {"Authorization": authorization}
    refused = [
        node.post(path, body, token=None, headers=headers)
        for path, body in ((VERDICTS, call()), (SIGNING, signing_request()))
    ]
    assert [answer.status for answer in refused] == [401, 401]
    assert {answer.headers["WWW-Authenticate"] for answer in refused} == {'Bearer realm="callmark"'}
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert refused[1].json["requestError"]["policyException"] == {
        "messageId": "POL0001",
        "text": "A policy error occurred. Error code is %1.",
        "variables": ["unauthenticated"],
    }


@pytest.mark.parametrize("authorization", ["Bearer " + "A" * 100_000, "Bearer cmk_\x7f"])
def test_a_header_that_is_no_http_is_400(node: GatewayNode, authorization: str):
    refused = node.post(VERDICTS, call(), token=None, headers={"Authorization": authorization})
    assert (refused.status, refused.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")


def test_a_token_in_the_query_opens_nothing(node: GatewayNode):
    assert (
        node.post(f"{VERDICTS}?token={node.token}&access_token={node.token}", call(), token=None).status
        == 401
    )


def test_a_credential_is_asked_for_before_the_body_is_read(node: GatewayNode):
    assert node.post(VERDICTS, b"{", token=None).status == 401


def test_a_token_opens_its_scopes_and_no_other(node: GatewayNode, tokens: dict[str, str]):
    assert node.post(VERDICTS, call(), token=tokens["bound"]).status == 200
    for path, body, name in (
        (SIGNING, signing_request(), "bound"),
        (VERDICTS, call(), "reports"),
        (SIGNING, signing_request(), "reports"),
    ):
        answer = node.post(path, body, token=tokens[name])
        assert answer.status == 403
    assert answer.json["requestError"]["policyException"]["variables"] == ["forbidden"]
    answer = node.post(VERDICTS, call(), token=tokens["reports"])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "call:verify" in answer.json["detail"]


def test_a_token_of_no_trunk_may_not_bring_calls(node: GatewayNode, tokens: dict[str, str]):
    answer = node.post(VERDICTS, call(), token=tokens["nowhere"])
    assert answer.status == 403
    assert "trunks.toml" in answer.json["detail"]


def test_a_token_belongs_to_the_trunks_that_name_it_or_that_it_names(
    node: GatewayNode, tokens: dict[str, str]
):
    assert is_from_abroad(node.post(VERDICTS, call(), token=tokens["abroad"]))
    assert is_from_abroad(node.post(VERDICTS, call(), token=tokens["bound"]))
    assert not is_from_abroad(node.post(VERDICTS, call(), token=tokens["pbx"]))


def test_a_prefix_chooses_among_the_trunks_of_one_credential(node: GatewayNode):
    assert not is_from_abroad(node.post("/domestic" + VERDICTS, call()))
    assert is_from_abroad(node.post("/international" + VERDICTS, call()))
    assert node.post("/elsewhere" + VERDICTS, call()).status == 404


def test_a_prefix_of_another_trunk_is_forbidden(node: GatewayNode, tokens: dict[str, str]):
    assert node.post("/international" + VERDICTS, call(), token=tokens["pbx"]).status == 403
    assert node.post(VERDICTS, call(), token=tokens["oracle"]).status == 403


def test_a_prefix_may_have_several_parts(node: GatewayNode, tokens: dict[str, str]):
    root = "/stirshakenweb/resources/v1"
    heartbeat = {"verificationRequest": {"from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time())}}
    answer = node.post(f"{root}/stir/v1/verification", heartbeat, token=tokens["oracle"])
    assert answer.status == 400
    assert answer.json["requestError"]["serviceException"]["variables"] == ["identity"]


def test_call_trunk_counts_for_ones_own_trunks(node: GatewayNode):
    assert is_from_abroad(node.post(VERDICTS, call(trunk="international-1")))
    assert not is_from_abroad(node.post("/international" + VERDICTS, call(trunk="access-1")))


def test_call_trunk_may_name_a_more_careful_one(node: GatewayNode, tokens: dict[str, str]):
    assert is_from_abroad(node.post(VERDICTS, call(trunk="international-1"), token=tokens["pbx"]))
    assert reads_ported_numbers(
        node.post(VERDICTS, call(trunk="interconnect", **PORTED), token=tokens["pbx"])
    )


@pytest.mark.parametrize("named", ["access-1", "pbx", "interconnect", "no-such-trunk", ""])
def test_call_trunk_never_makes_it_less_careful(node: GatewayNode, tokens: dict[str, str], named: str):
    assert is_from_abroad(node.post(VERDICTS, call(trunk=named), token=tokens["abroad"]))


def test_call_trunk_naming_another_of_the_same_kind_is_ignored(node: GatewayNode, tokens: dict[str, str]):
    assert reads_ported_numbers(
        node.post(VERDICTS, call(trunk="oracle", **PORTED), token=tokens["interconnect"])
    )
    assert not reads_ported_numbers(
        node.post(VERDICTS, call(trunk="access-1", **PORTED), token=tokens["pbx"])
    )


def test_an_address_is_a_credential(node: GatewayNode):
    assert node.post(VERDICTS, call(), token=None, source="127.0.0.2").status == 200
    assert node.post(VERDICTS, call(), token=None, source="127.0.0.3").status == 401
    forwarded = {"X-Forwarded-For": "127.0.0.2", "Forwarded": "for=127.0.0.2"}
    assert node.post(VERDICTS, call(), token=None, headers=forwarded).status == 401


def test_a_token_that_opens_nothing_is_not_overlooked_for_the_address(node: GatewayNode):
    assert node.post(VERDICTS, call(), token="cmk_" + "A" * 43, source="127.0.0.2").status == 401


def test_a_revoked_token_stops_on_every_worker_within_two_seconds(node: GatewayNode):
    token = node.make_token("short-lived", "call:verify", trunk="pbx")
    connections = [node.connect() for _ in range(4)]
    ask = [
        lambda c=connection: node.ask_on(c, "POST", VERDICTS, call(), token=token).status
        for connection in connections
    ]
    try:
        assert [one() for one in ask] == [200] * 4
        assert node.administer("DELETE", "/admin/v1/tokens/short-lived").status == 200
        eventually(lambda: [one() for one in ask] == [401] * 4)
    finally:
        for connection in connections:
            connection.close()


def test_operators_resources_are_not_on_the_call_plane(node: GatewayNode):
    for path in ("/admin/v1/tokens", "/metrics", "/portal"):
        assert node.ask("GET", path).status == 404


def test_health_needs_no_credential_and_says_nothing_else(node: GatewayNode):
    assert node.ask("GET", "/livez", token=None).json == {"status": "alive"}
    assert node.ask("GET", "/readyz", token=None).json == {"status": "ready"}
