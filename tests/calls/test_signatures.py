"""`POST /v1/signatures` of a running node; what it signs is verified by the same node's `/v1/verdicts`."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import pki
from tests.gateway_node import PROJECT, GatewayNode, HttpAnswer, eventually, running_node
from tests.integration.tokens import FROM, ORIGID, TO, decoded

SIGNATURES, VERDICTS = "/v1/signatures", "/v1/verdicts"
PASSED = "TN-Validation-Passed"
X5U = "https://callmark.localhost:8443/certs/shaken.pem"
B, C = "441614960777", "447700900555"
LOGO = base64.b64encode(hashlib.sha256(b"a logo").digest()).decode()
TRUNKS = """
[[trunk]]
name = "control-room"
kind = "access"
country = "GB"
url_prefix = "/control-room"
priority_namespaces = ["esnet", "ets"]
credentials = [{ token_name = "development" }]
"""
BRANDS = f"""
[[brand]]
name = "Example Bank"
sector = "bank"
numbers = ["+442079460100-0199"]

[brand.rcd]
nam = "Example Bank"
icn = "https://example.org/logo.png"
crn = ["A payment on your card", "Your appointment"]

[brand.rcd.rcdi]
"/icn" = "sha256-{LOGO}"

[[brand]]
name = "Elsewhere"
sector = "shop"
numbers = ["+442079460200"]
trunks = ["customer-1"]

[brand.rcd]
nam = "Elsewhere"

[[brand]]
name = "Nothing granted"
sector = "shop"
numbers = ["+442079460300"]
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    trunks = (PROJECT / "config" / "trunks.toml").read_text() + TRUNKS
    files = {"trunks.toml": trunks, "brands.toml": BRANDS}
    with running_node(tmp_path_factory.mktemp("signatures"), files=files) as node:
        yield node


def call(**changes: Any) -> dict[str, Any]:
    usual = {
        "id": f"call-{time.monotonic_ns()}",
        "from": {"tn": f"+{FROM}"},
        "to": {"tn": [f"+{TO}"]},
        "time": int(time.time()),
    }
    changed = usual | {name.rstrip("_"): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


def ask(
    node: GatewayNode, ppt: str | list[str], *, path: str = SIGNATURES, of: Any = None, **asked: Any
) -> HttpAnswer:
    if "shaken" in ppt and "attest" not in asked:
        asked["attest"] = "A"
    body = {"call": of or call(), "ppt": ppt, **asked}
    return node.post(path, {name: value for name, value in body.items() if value is not None})


def signed(node: GatewayNode, ppt: str | list[str], **how: Any) -> list[str]:
    answer = ask(node, ppt, **how)
    assert answer.status == 200, answer.body
    headers: list[str] = answer.json["identity"]
    return headers


def parts(identity: str) -> tuple[Any, Any]:
    header, payload, _ = identity.partition(";")[0].split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload))


def verdict(node: GatewayNode, *identities: str, of: dict[str, Any]) -> Any:
    answer = node.post(VERDICTS, {"call": {**of, "identity": list(identities)}})
    assert answer.status == 200, answer.body
    return answer.json["verdict"]


def refused(answer: HttpAnswer) -> list[str]:
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json"), answer.body
    assert answer.json["type"] == "urn:callmark:problem:not-signed"
    return [error["code"] for error in answer.json["errors"]]


# --- one type, several types ---------------------------------------------------------------------
def test_a_shaken_header_is_that_of_the_atis_resource(node: GatewayNode):
    of = call()
    answer = ask(node, "shaken", of=of, origid=ORIGID)
    assert set(answer.json) == {"identity", "attest", "origid", "reasons", "generation"}
    assert (answer.json["attest"], answer.json["origid"]) == ("A", ORIGID)
    assert answer.json["reasons"] == [
        {"ppt": "shaken", "code": "attest.granted", "detail": "by inventory for trunk access-1"}
    ]
    (identity,) = answer.json["identity"]
    assert identity.endswith(f";info=<{X5U}>;alg=ES256;ppt=shaken")
    header, payload, _ = identity.split(".", 2)
    assert decoded(header) == f'{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{X5U}"}}'.encode()
    assert (
        decoded(payload)
        == (
            f'{{"attest":"A","dest":{{"tn":["{TO}"]}},"iat":{of["time"]},"orig":{{"tn":"{FROM}"}},'
            f'"origid":"{ORIGID}"}}'
        ).encode()
    )


@pytest.mark.skipif(
    shutil.which("secsipidx") is None and not os.environ.get("CI"),
    reason="secsipidx is not installed (on Debian: apt install secsipidx)",
)
def test_a_shaken_header_verifies_in_an_implementation_that_shares_no_code(node: GatewayNode, tmp_path: Path):
    (identity,) = signed(node, "shaken")
    chain = (node.directory / "certs" / "dev" / "shaken.pem").read_bytes()
    key = x509.load_pem_x509_certificates(chain)[0].public_key()
    (tmp_path / "key.pem").write_bytes(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "identity.txt").write_text(identity)
    files = ("-fidentity", str(tmp_path / "identity.txt"), "-fpubkey", str(tmp_path / "key.pem"))
    done = subprocess.run(
        ["secsipidx", "-check", *files, "-expire", "60"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, "ok" in done.stdout.lower()) == (0, True), done.stderr


def test_an_origid_is_made_where_none_is_given(node: GatewayNode):
    first, second = ask(node, "shaken").json, ask(node, "shaken").json
    assert first["origid"] != second["origid"]
    assert parts(first["identity"][0])[1]["origid"] == first["origid"]


@pytest.mark.parametrize(("trunk", "given"), [("customer-1", "B"), ("international-1", "C")])
def test_a_wish_for_a_is_never_granted_without_the_right(node: GatewayNode, trunk: str, given: str):
    answer = ask(node, "shaken", of=call(trunk=trunk))
    assert answer.json["attest"] == given
    assert parts(answer.json["identity"][0])[1]["attest"] == given
    assert answer.json["reasons"][0]["code"] == "attest.lowered"


def test_several_types_give_several_headers_in_the_order_asked(node: GatewayNode):
    of = call(request_uri=f"sip:+{C}@example.org")
    path = "/control-room" + SIGNATURES
    of["trunk"] = "access-1"
    types = ["div", "rcd", "shaken"]
    answer = ask(node, types, path=path, of=of, div={"tn": TO})
    assert [parts(identity)[0]["ppt"] for identity in answer.json["identity"]] == types
    assert [reason["ppt"] for reason in answer.json["reasons"]] == types
    found = verdict(node, *answer.json["identity"], of=of)
    assert (found["verstat"], found["attest"]) == (PASSED, "A")
    assert found["diversion"]["diverted"] == [f"+{TO}"]
    assert found["rich"]["nam"] == "Example Bank"


def test_a_type_that_is_refused_takes_nothing_from_the_others(node: GatewayNode):
    answer = ask(
        node, ["shaken", "rcd", "rph"], of=call(from_={"tn": "+442079460300"}), rph={"auth": ["ets.0"]}
    )
    assert answer.status == 200
    assert [parts(identity)[0]["ppt"] for identity in answer.json["identity"]] == ["shaken"]
    codes = [reason["code"] for reason in answer.json["reasons"]]
    assert codes == ["attest.granted", "sign.rcd.ungranted", "sign.rph.trunk"]


def test_a_call_that_shows_no_number_is_signed_by_its_network_number(node: GatewayNode):
    of = call(from_=None, anonymous=True, pai={"tn": f"+{FROM}"})
    (identity,) = signed(node, "shaken", of=of)
    assert parts(identity)[1]["orig"] == {"tn": FROM}
    assert verdict(node, identity, of=of)["verstat"] == PASSED
    answer = ask(node, "shaken", of=call(from_=None, anonymous=True))
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/call/pai")


NUMBERS = st.integers(0, 999).map(lambda last: f"+442079460{last:03}")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orig=NUMBERS,
    dests=st.lists(NUMBERS, min_size=1, max_size=4),
    attest=st.sampled_from("ABC"),
    back=st.integers(-50, 50),
)
def test_whatever_is_signed_verifies_here(
    node: GatewayNode, orig: str, dests: list[str], attest: str, back: int
):
    of = call(from_={"tn": orig}, to={"tn": dests}, time=int(time.time()) - back)
    types = ["rph", "shaken", "rcd"]
    answer = ask(
        node, types, path="/control-room" + SIGNATURES, of=of, attest=attest, rph={"auth": ["ets.0"]}
    )
    found = verdict(node, *answer.json["identity"], of=of)
    # Two types are granted to the trunk by name; its numbers are another trunk's.
    assert (found["verstat"], found["attest"]) == (PASSED, answer.json["attest"])
    assert {header["verstat"] for header in found["headers"]} == {PASSED}
    assert found["priority"]["verstat"] == "RPH-Validation-Passed"
    of["trunk"] = "access-1"
    answer = ask(node, "shaken", of=of, attest=attest)
    assert answer.json["attest"] == attest
    assert verdict(node, *answer.json["identity"], of=of)["verstat"] == PASSED


# --- diversions ----------------------------------------------------------------------------------
def diverted(node: GatewayNode, start: str, end: str, earlier: list[str], **changes: Any) -> HttpAnswer:
    of = call(request_uri=f"sip:+{end}@example.org;user=phone", identity=earlier, **changes)
    return ask(node, "div", of=of, div={"tn": f"+{start}"})


def test_a_diversion_stands_behind_the_headers_the_call_came_with(node: GatewayNode):
    now = int(time.time())
    shaken = signed(node, "shaken", of=call(time=now - 20))
    first = diverted(node, TO, B, shaken)
    header, payload = parts(first.json["identity"][0])
    assert header["ppt"] == "div"
    # RFC 8946 section 4.1: orig and iat are those of the PASSporT before it; nothing of the caller besides.
    assert payload == {"dest": {"tn": [B]}, "div": {"tn": TO}, "iat": now - 20, "orig": {"tn": FROM}}
    assert first.json["identity"][0].endswith(";alg=ES256;ppt=div")
    assert (first.json["attest"], first.json["origid"]) == (None, None)
    second = diverted(node, B, C, [*first.json["identity"], *shaken])
    headers = [*shaken, *first.json["identity"], *second.json["identity"]]
    found = verdict(node, *headers, of=call(request_uri=f"tel:+{C}"))
    assert (found["verstat"], found["attest"]) == (PASSED, "A")
    assert found["diversion"]["diverted"] == [f"+{TO}", f"+{B}"]


def test_an_index_of_the_history_is_signed_with_it(node: GatewayNode):
    of = call(request_uri=f"+{C}")
    headers = signed(node, ["shaken", "div"], of=of, div={"tn": TO, "hi": "1.2.1"})
    assert parts(headers[1])[1]["div"] == {"hi": "1.2.1", "tn": TO}
    assert verdict(node, *headers, of=of)["verstat"] == PASSED


@pytest.mark.parametrize("trunk", ["customer-1", "domestic-1", "international-1"])
def test_a_trunk_diverts_only_from_its_own_numbers(node: GatewayNode, trunk: str):
    shaken = signed(node, "shaken")
    assert refused(diverted(node, TO, C, shaken, trunk=trunk)) == ["sign.div.number"]


def test_nothing_is_diverted_from_a_number_the_carrier_does_not_hold(node: GatewayNode):
    foreign = "441632960000"
    shaken = signed(node, "shaken", of=call(to={"tn": [foreign]}))
    assert refused(diverted(node, foreign, C, shaken, to={"tn": [foreign]})) == ["sign.div.number"]


def test_without_a_header_that_leads_there_nothing_is_diverted(node: GatewayNode):
    elsewhere = signed(node, "shaken", of=call(to={"tn": [B]}))
    another = signed(node, "shaken", of=call(from_={"tn": "+442079460124"}))
    stale = call(time=int(time.time()) - 55)
    old = signed(node, "shaken", of=stale)
    for earlier in ([], ["not a header"], elsewhere, another):
        assert refused(diverted(node, TO, C, earlier)) == ["sign.div.origin"]
    assert refused(diverted(node, TO, C, old, time=stale["time"] + 110)) == ["sign.div.origin"]
    priority = signed(node, "rph", path="/control-room" + SIGNATURES, rph={"auth": ["ets.0"]})
    assert refused(diverted(node, TO, C, priority)) == ["sign.div.origin"]


def test_a_call_is_not_sent_round_in_a_circle_nor_on_for_ever(node: GatewayNode):
    shaken = signed(node, "shaken")
    assert refused(diverted(node, TO, TO, shaken)) == ["stir.div.loop"]
    headers, start = shaken, TO
    for step in range(5):
        end = f"44161496010{step}"
        headers = [*headers, *diverted(node, start, end, headers).json["identity"]]
        start = end
    assert refused(diverted(node, start, TO, headers)) == ["stir.div.loop"]
    assert refused(diverted(node, start, C, headers)) == ["stir.div.length"]
    found = verdict(node, *headers, of=call(request_uri=f"+{start}"))
    assert (found["verstat"], len(found["diversion"]["diverted"])) == (PASSED, 5)


def test_a_chain_with_a_broken_link_is_not_continued(node: GatewayNode):
    shaken = signed(node, "shaken")
    link = diverted(node, TO, B, shaken).json["identity"]
    assert refused(diverted(node, B, C, link)) == ["stir.div.alone"]
    assert refused(diverted(node, TO, C, [*shaken, *link])) == ["stir.div.callee"]


# --- rich call data ------------------------------------------------------------------------------
def test_what_a_brand_was_granted_is_signed_with_its_digests(node: GatewayNode):
    of = call()
    (identity,) = signed(node, "rcd", of=of, crn="Your appointment")
    header, payload, _ = identity.split(".", 2)
    assert json.loads(decoded(header))["ppt"] == "rcd"
    # RFC 8225 section 9, at every level.
    assert (
        decoded(payload)
        == (
            f'{{"crn":"Your appointment","dest":{{"tn":["{TO}"]}},"iat":{of["time"]},'
            f'"orig":{{"tn":"{FROM}"}},'
            f'"rcd":{{"icn":"https://example.org/logo.png","nam":"Example Bank"}},'
            f'"rcdi":{{"/icn":"sha256-{LOGO}"}}}}'
        ).encode()
    )
    found = verdict(node, identity, of=of)
    assert found["verstat"] == PASSED
    assert found["rich"] == {"nam": "Example Bank", "apn": None, "crn": "Your appointment"}


def test_less_may_be_asked_for_than_was_granted(node: GatewayNode):
    (identity,) = signed(node, "rcd", rcd={"nam": "Example Bank"})
    payload = parts(identity)[1]
    assert payload["rcd"] == {"nam": "Example Bank"}
    assert "rcdi" not in payload
    (identity,) = signed(node, "rcd", rcd={})
    assert parts(identity)[1]["rcd"] == {"nam": "Example Bank"}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"rcd": {"nam": "HMRC"}}, "nam"),
        ({"rcd": {"icn": "https://example.org/other.png"}}, "icn"),
        ({"rcd": {"apn": "442079460000"}}, "apn"),
        ({"rcd": {"jcd": ["vcard", []]}}, "jcd"),
        ({"crn": "You have won"}, "crn"),
    ],
)
def test_what_was_not_granted_is_not_signed(node: GatewayNode, asked: dict[str, Any], named: str):
    answer = ask(node, "rcd", **asked)
    assert refused(answer) == ["sign.rcd.other"]
    assert answer.json["errors"][0]["problem"].startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("orig", "trunk", "code"),
    [
        (FROM, "customer-1", "sign.rcd.number"),
        (FROM, "international-1", "sign.rcd.number"),
        ("442079461100", None, "sign.rcd.number"),
        ("442079460300", None, "sign.rcd.ungranted"),
        ("442079460999", None, "sign.rcd.ungranted"),
        ("442079460200", None, "sign.rcd.ungranted"),  # for the calls of another trunk
    ],
)
def test_only_whom_it_was_granted_to_has_a_name(node: GatewayNode, orig: str, trunk: str | None, code: str):
    assert refused(ask(node, "rcd", of=call(from_={"tn": f"+{orig}"}, trunk=trunk))) == [code]


# --- priority ------------------------------------------------------------------------------------
def test_priority_is_signed_for_the_trunks_that_have_it(node: GatewayNode):
    path = "/control-room" + SIGNATURES
    of = call(resource_priority=["esnet.1"], priority="psap-callback")
    (identity,) = signed(node, "rph", path=path, of=of, rph={"auth": ["ESNET.1"]}, sph="psap-callback")
    payload = identity.split(".")[1]
    # RFC 9027 section 4: the order of the claims.
    assert (
        decoded(payload)
        == (
            f'{{"dest":{{"tn":["{TO}"]}},"iat":{of["time"]},"orig":{{"tn":"{FROM}"}},'
            '"rph":{"auth":["esnet.1"]},"sph":"psap-callback"}'
        ).encode()
    )
    found = verdict(node, identity, of=of)
    assert found["priority"] == {
        "verstat": "RPH-Validation-Passed",
        "code": "stir.passed",
        "auth": ["esnet.1"],
        "sph": "psap-callback",
    }
    for auth in (["wps.0"], ["ets.0", "wps.0"]):
        assert refused(ask(node, "rph", path=path, rph={"auth": auth})) == ["sign.rph.trunk"]
    assert refused(ask(node, "rph", rph={"auth": ["ets.0"]})) == ["sign.rph.trunk"]


# --- what cannot be used -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ppt", "asked", "pointer"),
    [
        ([], {}, "/ppt"),
        ("passport", {}, "/ppt"),
        (["shaken", "shaken"], {}, "/ppt"),
        (["shaken", 1], {}, "/ppt/1"),
        ("shaken", {"attest": None}, "/attest"),
        ("shaken", {"attest": "a"}, "/attest"),
        ("shaken", {"origid": "42"}, "/origid"),
        ("shaken", {"origid": f"{ORIGID}\n"}, "/origid"),
        ("shaken", {"rcd": {"nam": "HMRC"}}, "/rcd"),
        ("shaken", {"crn": "A reason"}, "/crn"),
        ("rcd", {"attest": "A"}, "/attest"),
        ("div", {}, "/div"),
        ("div", {"div": {"tn": TO}}, "/call/request_uri"),
        ("div", {"div": {"tn": "nobody"}, "of": call(request_uri=C)}, "/div/tn"),
        ("div", {"div": {"tn": TO, "hi": "1."}, "of": call(request_uri=C)}, "/div/hi"),
        ("div", {"div": {"tn": TO, "uri": "sip:x"}, "of": call(request_uri=C)}, "/div/uri"),
        ("rph", {}, "/rph"),
        ("rph", {"rph": {"auth": []}}, "/rph/auth"),
        ("rph", {"rph": {"auth": ["ets"]}}, "/rph/auth"),
        ("rph", {"rph": {"auth": ["ets.0"]}, "sph": "psap-callback"}, "/sph"),
        ("rph", {"rph": {"auth": ["esnet.0"]}, "sph": "urgent"}, "/sph"),
        ("shaken", {"of": call(time=1)}, "/call/time"),
        ("shaken", {"of": call(to={"tn": ["+44 1"]})}, "/call/to/tn/0"),
        ("shaken", {"of": call(roamin="true")}, "/call/roamin"),
        ("shaken", {"attes": "A"}, "/attes"),
    ],
)
def test_a_mistake_is_named_with_its_place(node: GatewayNode, ppt: Any, asked: dict[str, Any], pointer: str):
    answer = ask(node, ppt, **asked)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json"), answer.body
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("seconds", [-3600, -62, 90, 3600])
def test_nothing_is_signed_for_another_time(node: GatewayNode, seconds: int):
    answer = ask(node, "rcd", of=call(time=int(time.time()) + seconds))
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/call/time")


def test_the_scope_is_that_of_signing(node: GatewayNode):
    verifying = node.make_token("only-verifies", "call:verify", trunk="access-1")
    body = {"call": call(), "ppt": "shaken", "attest": "A"}
    assert node.post(SIGNATURES, body, token=verifying).status == 403
    assert node.post(SIGNATURES, body, token=None).status == 401
    assert node.ask("GET", SIGNATURES).status == 405


# --- what is kept --------------------------------------------------------------------------------
def test_log_journal_and_metrics_say_what_was_signed(node: GatewayNode):
    of = call(id="on-record")
    ask(node, ["shaken", "rph"], of=of, rph={"auth": ["ets.0"]})
    eventually(lambda: [line for line in node.events("call") if line["call_id"] == "on-record"])
    (line,) = [line for line in node.events("call") if line["call_id"] == "on-record"]
    assert (line["resource"], line["attest"], line["signed"]) == ("signatures", "A", ["shaken"])
    assert FROM not in json.dumps(line)
    segments = node.directory / "data" / "journal"

    def written() -> list[bytes]:
        files = [file.read_bytes() for file in segments.rglob("*") if file.is_file()]
        return [line for data in files for line in data.splitlines() if b'"on-record"' in line]

    eventually(written)
    record = json.loads(written()[0])
    assert (record["operation"], record["attest"], len(record["identities"])) == ("signatures", "A", 1)
    assert record["reasons"] == {"shaken": "attest.granted", "rph": "sign.rph.trunk"}
    refusals = 'callmark_signatures_total{attest="none",ppt="rph",reason="sign.rph.trunk"}'
    eventually(lambda: refusals in node.administer("GET", "/metrics").body.decode())


def test_a_gateway_that_only_verifies_signs_nothing(tmp_path: Path):
    anchors = tmp_path / "certs" / "trust"
    anchors.mkdir(parents=True)
    (anchors / "root.pem").write_bytes(pki.make_root().pem)
    keys = ("KEY_FILE", "CERTIFICATE_FILE", "X5U")
    with running_node(tmp_path, environment={f"CALLMARK_SIGNING__{key}": "" for key in keys}) as node:
        answer = ask(node, "shaken")
        assert answer.status == 403
        assert answer.json["type"] == "urn:callmark:problem:signing-not-configured"
