"""The dialects of switches at a running node: the same verdicts as by JSON, each with its own errors."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway_node import GatewayNode, HttpAnswer
from tests.integration.tokens import FROM, ORIGID, TO, make_identity, signing_request
from tests.pki import Pki
from tests.repository import Repository

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HMRC = "+442079460999"
MS_SIGNING, MS_VERIFICATION = "/3gpp/stir/v1/signing", "/3gpp/stir/v1/verification"
VERDICTS, SIGNATURES = "/dialplan/v1/verdicts", "/dialplan/v1/signatures"
CHECK, SIGN_CSV = "/v1/check", "/v1/sign-csv"
EVERY = (MS_SIGNING, MS_VERIFICATION, VERDICTS, SIGNATURES, CHECK, SIGN_CSV)


def form(node: GatewayNode, path: str, fields: Mapping[str, str], **headers: str) -> HttpAnswer:
    return node.post(path, urlencode(fields).encode(), headers=FORM | headers)


def lines(answer: HttpAnswer) -> dict[str, str]:
    return dict(line.split("=", 1) for line in answer.body.decode().splitlines())


@pytest.fixture(scope="module")
def passing(stranger: Pki, host: Repository) -> str:
    """An Identity header another provider signed for FROM calling TO."""
    return make_identity(stranger.leaf.key, host.url("/stranger.pem"))


def in_form(path: str, answer: HttpAnswer) -> None:
    """An error in the form of its dialect."""
    if path.startswith("/3gpp"):
        assert list(answer.json) == ["error"]
        assert answer.headers["Content-Type"] == "application/json"
        return
    assert answer.headers["Content-Type"].startswith("text/plain")
    if path.startswith("/dialplan"):
        assert answer.body.startswith(b"error=")
        assert answer.headers["Callmark-Error"]
    else:
        assert answer.body in {b"FAILED\n\n", b"too few tokens\n"}


def test_3gpp_signs_and_verifies(node: GatewayNode):
    now = int(time.time())
    body = {"ppt": "shaken", "attest": "A", "orig": {"tn": FROM}, "dest": {"tn": [TO]}, "iat": now}
    signed = node.post(MS_SIGNING, body | {"requestId": "r-1"})
    assert (signed.status, set(signed.json)) == (200, {"identityHeader", "requestId"})
    identity = signed.json["identityHeader"]
    asked = {"identityHeader": identity, "from": {"tn": FROM}, "to": {"tn": TO}, "time": now}
    answer = node.post(MS_VERIFICATION, asked | {"dest": {"uri": f"sip:+{TO}@192.0.2.1"}}).json
    assert answer == {
        "verstatValue": "TN-Validation-Passed",
        "verifyResults": [{"verifyResult": {"ppt": "shaken", "status": "pass"}}],
    }
    answer = node.post(MS_VERIFICATION, asked | {"from": {"tn": "+442079460124"}}).json
    assert answer["verstatValue"] == "No-TN-Validation"
    assert answer["verifyResults"][0]["verifyResult"]["reasonCode"] == 438


def test_3gpp_bodies_are_known_at_the_addresses_of_atis(node: GatewayNode):
    now = int(time.time())
    bare = {"attest": "A", "orig": {"tn": FROM}, "dest": {"tn": [TO]}, "iat": now, "origid": ORIGID}
    identity = node.post("/stir/v1/signing", bare).json["identityHeader"]
    asked = {"identityHeader": identity, "from": {"tn": FROM}, "to": {"tn": TO}, "time": now}
    assert node.post("/stir/v1/verification", asked).json["verstatValue"] == "TN-Validation-Passed"
    refused = node.post("/stir/v1/verification", asked | {"time": "now"})
    assert (refused.status, list(refused.json)) == (400, ["error"])
    assert "requestError" in node.post("/stir/v1/verification", {"from": {"tn": FROM}}).json


def test_a_dialplan_hears_what_json_hears(node: GatewayNode):
    fields = {"id": "call-1", "from": HMRC, "to": TO, "trunk": "international-1"}
    answer = form(node, VERDICTS, fields)
    call = {"id": "call-1", "from": {"tn": HMRC}, "to": {"tn": [TO]}, "time": int(time.time())}
    verdict = node.post("/v1/verdicts", {"call": call | {"trunk": "international-1"}}).json["verdict"]
    said = lines(answer)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert next(iter(said)) == "action"
    assert (said["action"], said["verstat"], said["cli"]) == (
        verdict["action"],
        verdict["verstat"],
        verdict["display"]["cli"],
    )
    assert (said["reason"], said["sip_status"], said["sip_phrase"]) == ("dno.exact", "603", "Decline")
    assert {name: answer.headers[f"Callmark-{name.replace('_', '-')}"] for name in said} == said


def test_a_dialplan_signs_and_verifies(node: GatewayNode):
    signed = form(node, SIGNATURES, {"from": f"<sip:{FROM}@x>", "to": f"sip:+{TO}@y;user=phone"})
    assert lines(signed)["attest"] == signed.headers["Callmark-Attest"] == "A"
    fields = {"from": FROM, "to": TO, "identity": lines(signed)["identity"]}
    said = lines(form(node, VERDICTS, fields))
    assert (said["verstat"], said["attest"], said["action"]) == ("TN-Validation-Passed", "A", "allow")


def test_a_dialplan_may_have_one_line(node: GatewayNode):
    answer = form(node, VERDICTS, {"from": FROM, "to": TO}, Accept=FORM["Content-Type"])
    assert answer.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert b"\n" not in answer.body
    assert parse_qs(answer.body.decode())["verstat"] == ["No-TN-Validation"]


def test_stir_reason_is_given_for_what_failed(node: GatewayNode, passing: str):
    said = lines(form(node, VERDICTS, {"from": "+442079460124", "to": TO, "identity": passing}))
    assert said["stir_reason"].startswith('STIR;cause=438;text="Invalid Identity Header";ppi="..')


def test_check_says_ok_or_failed(node: GatewayNode, passing: str):
    answer = node.post(CHECK, passing.encode(), headers=FORM)
    assert (answer.status, answer.body) == (200, b"OK\n")
    assert answer.headers["Callmark-Reason"] == "stir.passed"
    own = node.post(SIGN_CSV, f"{FROM},{TO},A,,".encode(), headers=FORM).body.decode().strip()
    head, _, rest = own.partition(";")
    altered = f"{head[:-8]}AAAAAAAA;{rest}"
    answer = node.post(CHECK, altered.encode(), headers=FORM)
    assert (answer.status, answer.body) == (422, b"FAILED\n\n")
    assert answer.headers["Callmark-Reason"] == "stir.signature.invalid"


def test_sign_csv_is_checked_by_check(node: GatewayNode):
    line = f"{FROM},{TO},A,,https://elsewhere.example.org/cert.pem".encode()
    signed = node.post(SIGN_CSV, line, headers=FORM)
    assert (signed.status, signed.headers["X-Attestation"]) == (200, "A")
    assert signed.body.endswith(b";alg=ES256;ppt=shaken\n")
    assert node.post(CHECK, signed.body, headers=FORM).body == b"OK\n"


def test_a_wish_is_a_wish_in_every_dialect(node: GatewayNode):
    abroad = "+15551234567"
    assert lines(form(node, SIGNATURES, {"from": abroad, "to": TO}))["attest"] != "A"
    assert node.post(SIGN_CSV, f"{abroad},{TO},A,,".encode(), headers=FORM).headers["X-Attestation"] != "A"
    bare = signing_request()["signingRequest"] | {"orig": {"tn": abroad}}
    assert node.post(MS_SIGNING, bare).headers["X-Attestation"] != "A"


def test_an_address_opens_them_all_for_a_switch_without_headers(node: GatewayNode):
    answer = node.ask("POST", CHECK, b"garbage", token=None, headers=FORM, source="127.0.0.2")
    assert answer.status == 400
    assert node.ask("POST", CHECK, b"garbage", token=None, headers=FORM).status == 401


def test_they_stand_under_each_prefix(node: GatewayNode):
    fields = {"from": HMRC, "to": TO}
    said = lines(form(node, f"/international{VERDICTS}", fields))
    assert said["action"] == "block"


@pytest.mark.parametrize("path", EVERY)
def test_transport_errors_are_the_dialects_own(node: GatewayNode, path: str):
    refused = [
        node.ask("GET", path),
        node.post(path, b"x", token="cmk_" + "0" * 43, headers=FORM),
        node.post(path, b"x", headers=FORM | {"Content-Length": "300000"}),
        node.post(path, b"", headers=FORM),
        node.post(path, b"x", headers=FORM | {"Content-Encoding": "gzip"}),
    ]
    for answer in refused:
        assert 400 <= answer.status < 500
        in_form(path, answer)
    if path not in {CHECK, SIGN_CSV}:
        in_form(path, node.post(path, b"<x/>", headers={"Content-Type": "text/xml"}))
        in_form(path, node.post(path, b"{}", headers={"Accept": "text/xml"}))
        in_form(path, node.ask("POST", f"{path}/nothing", b"{}"))


@pytest.fixture(scope="module")
def connection(node: GatewayNode) -> Iterator[http.client.HTTPConnection]:
    connection = node.connect()
    yield connection
    connection.close()


NAMES = st.sampled_from(["from", "to", "pai", "identity", "time", "max_ms", "attest", "roaming", "x"])
TEXTS = st.text(max_size=30) | st.sampled_from([FROM, "+44", "999", "a.b.c;info=<https://x/y>", "9" * 400])
FORMS = st.lists(st.tuples(NAMES, TEXTS), max_size=6).map(lambda pairs: urlencode(pairs, errors="replace"))
LINES = st.lists(TEXTS, max_size=7).map(",".join)
OBJECTS = st.dictionaries(
    st.sampled_from(
        ["from", "to", "orig", "dest", "iat", "time", "attest", "identityHeader", "identityHeaders"]
    ),
    st.integers() | TEXTS | st.fixed_dictionaries({"tn": TEXTS | st.lists(TEXTS, max_size=2)}),
)


@pytest.mark.parametrize("path", EVERY)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | (FORMS | LINES).map(lambda text: text.encode("utf-8", "replace"))
    | OBJECTS.map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_answered_in_form_and_never_with_a_5xx(
    node: GatewayNode, connection: http.client.HTTPConnection, path: str, body: bytes
):
    media: Any = {"Content-Type": "application/json"} if path.startswith("/3gpp") else FORM
    answer = node.ask_on(connection, "POST", path, body, headers=media)
    assert answer.status in {200, 400, 403, 422}, (body, answer.body)
    if answer.status != 200:
        in_form(path, answer)


def test_a_priority_is_signed_for_a_trunk_that_is_allowed_it_alone(node: GatewayNode):
    now = int(time.time())
    asked = {
        "ppt": "rph",
        "orig": {"tn": FROM},
        "dest": {"tn": [TO]},
        "iat": now,
        "rph": {"auth": ["esnet.0"]},
    }
    answer = node.post(MS_SIGNING, asked)
    assert (answer.status, list(answer.json)) == (403, ["error"])
