"""The owners' API on a whole node: from nothing to a number signed A, and forged calls with it stopped."""

from __future__ import annotations

import http.client
import json
import re
import time
from contextlib import closing

import openapi_spec_validator
import pytest

from gateway.control.api import disputes, numbers, owners, proofs
from gateway.numbers.canonical import TelephoneNumber
from tests.control.api.test_doors import over_socket
from tests.gateway_node import HttpAnswer, eventually, running_node

TN = "+442079461234"
DESTINATION = "+442079460900"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    numbers = {
        "CALLMARK_REGISTRY__CALL_DESTINATIONS": DESTINATION,
        "CALLMARK_REGISTRY__PROTECTED_NUMBERS": "+442079461500",
    }
    with running_node(tmp_path_factory.mktemp("registry"), environment=numbers) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


@pytest.fixture(scope="module")
def operators(node):
    return [node.make_token(f"operator-{name}", "operator") for name in ("alice", "bob")]


def ask(node, method, path, document=None, *, token):
    connection = http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)
    with closing(connection):
        body = None if document is None else json.dumps(document)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return HttpAnswer(answer.status, answer.headers, answer.read())


class Owner:
    def __init__(self, node, name="Example Bank"):
        self.node = node
        made = node.administer("POST", "/v1/owners", {"name": name, "contact": "telephony@example.org"})
        assert made.status == 201, made.body
        self.id = made.json["id"]
        token = node.administer("POST", f"/v1/owners/{self.id}/tokens")
        self.token = token.json["token"]

    def ask(self, method, path, document=None):
        return ask(self.node, method, path, document, token=self.token)

    def claim(self, numbers=TN, use="calling", **more):
        said = {"trunks": ["access-1"]} if use == "calling" else {}
        answer = self.ask("POST", "/v1/numbers", {"numbers": numbers, "use": use, **said, **more})
        assert answer.status == 201, answer.body
        return answer.json["id"]

    def prove_by_code(self, number):
        begun = self.ask("POST", "/v1/proofs", {"kind": "code", "numbers": [number]})
        assert begun.status == 201, begun.body
        spooled = self.node.directory / "data" / "codes" / f"{begun.json['id']}.json"
        code = json.loads(spooled.read_text())["code"]
        assert code not in begun.body.decode()
        path = f"/v1/proofs/{begun.json['id']}/completion"
        given = self.ask("POST", path, {"code": f"{code[:3]} {code[3:]}"})
        assert given.json["state"] == "given", given.body

    def state(self, number):
        return self.ask("GET", f"/v1/numbers/{number}").json["state"]


def sign(node, orig=TN, attest="A"):
    body = {
        "signingRequest": {
            "attest": attest,
            "dest": {"tn": ["441614960000"]},
            "iat": int(time.time()),
            "orig": {"tn": orig.removeprefix("+")},
            "origid": "3b21d8c8-1f04-4a4b-9b42-0d8f0d8a1a11",
        }
    }
    return node.post("/stir/v1/signing", body)


def verdict(node, orig=TN, trunk="international-1", dest="+441614960000"):
    call = {
        "id": f"call-{time.monotonic_ns()}",
        "from": {"tn": orig},
        "to": {"tn": [dest]},
        "time": int(time.time()),
        "trunk": trunk,
        "identity": [],
    }
    return node.post("/v1/verdicts", {"call": call}).json["verdict"]


def test_from_nothing_to_a_number_signed_a_and_its_forgery_stopped(node):
    assert sign(node).headers["X-Attestation"] == "B"
    owner = Owner(node)
    number = owner.claim(brand={"name": "Example Bank", "call_reason": "your appointment"})
    owner.prove_by_code(number)
    assert owner.state(number) == "proving"
    begun = owner.ask("POST", "/v1/proofs", {"kind": "call", "numbers": [number]}).json
    assert begun["call"] == DESTINATION
    # The owner calls; the switch asks for a verdict on the call as it does on each.
    verdict(node, trunk="access-1", dest=DESTINATION)
    eventually(lambda: owner.state(number) == "verified")
    eventually(lambda: sign(node).headers["X-Attestation"] == "A")
    forged = verdict(node)
    assert forged["action"] == "block"
    details = {each["source"]: each["detail"] for each in forged["reasons"]}
    assert details["registration"] == f"Example Bank does not call by trunk international-1 ({TN})"
    assert verdict(node, trunk="access-1")["action"] == "allow"
    seen = {("international", "foreign", "block"), ("access", "own", "allow"), ("access", "own", "signed-A")}
    eventually(lambda: use_of(owner, number) >= seen)
    rich = node.post(
        "/v1/signatures",
        {
            "call": {
                "id": "1",
                "from": {"tn": TN},
                "to": {"tn": ["+441614960000"]},
                "time": int(time.time()),
                "trunk": "access-1",
            },
            "ppt": ["shaken", "rcd"],
            "attest": "A",
        },
    )
    assert [each["code"] for each in rich.json["reasons"]] == ["attest.granted", "sign.granted"]
    shown = verdict_with(node, rich.json["identity"])
    assert shown["display"]["name"] == "Example Bank"
    assert owner.ask("DELETE", f"/v1/numbers/{number}").json["state"] == "withdrawn"
    eventually(lambda: sign(node).headers["X-Attestation"] == "B")


def use_of(owner, number):
    found = owner.ask("GET", f"/v1/numbers/{number}/use").json["use"]
    return {(each["path"], each["whose"], each["outcome"]) for each in found if each["calls"] >= 1}


def test_the_description_follows_the_specification_and_has_every_operation(node):
    owner = Owner(node, "Example Reader")
    document = owner.ask("GET", "/openapi.json").json
    openapi_spec_validator.validate(document)
    routes = sum(len(room.ROUTES) for room in (owners, numbers, proofs, disputes))
    assert sum(len(operations) for operations in document["paths"].values()) == routes
    assert document["components"]["schemas"]["NewNumbers"]["required"] == ["numbers", "use"]


def verdict_with(node, identity):
    call = {
        "id": "with-identity",
        "from": {"tn": TN},
        "to": {"tn": ["+441614960000"]},
        "time": int(time.time()),
        "trunk": "domestic-1",
        "identity": identity,
    }
    return node.post("/v1/verdicts", {"call": call}).json["verdict"]


def test_a_verified_number_that_never_calls_out_is_stopped_everywhere(node):
    owner = Owner(node, "Example Tax Office")
    tn = "+442079461300"
    number = owner.claim(tn, use="never_calls_out")
    assert verdict(node, tn, trunk="domestic-1")["action"] == "allow"
    owner.prove_by_code(number)
    for trunk in ("access-1", "customer-1", "domestic-1", "international-1"):
        eventually(lambda trunk=trunk: verdict(node, tn, trunk=trunk)["action"] == "block")
    assert "never calls out" in str(verdict(node, tn, trunk="access-1")["reasons"])
    assert sign(node, tn).headers["X-Attestation"] == "B"


def test_protected_numbers_take_two_operators(node, operators):
    owner = Owner(node, "Example Bank Two")
    number = owner.claim("+442079461500")
    letter = {"kind": "letter", "numbers": [number], "statement": "Signed by the board; with our notary."}
    proof = owner.ask("POST", "/v1/proofs", letter).json["id"]
    assert owner.ask("POST", f"/v1/proofs/{proof}/check", {"approve": True, "reason": "ours"}).status == 403
    waiting = ask(node, "GET", "/v1/proofs", token=operators[0]).json["proofs"]
    assert proof in [each["id"] for each in waiting]
    said = {"approve": True, "reason": "called the notary"}
    check = ("POST", f"/v1/proofs/{proof}/check", said)
    for operator, status, state in (
        (operators[0], 200, "pending"),
        (operators[0], 409, None),
        (operators[1], 409, None),  # another token, and the same hand made both
    ):
        answer = ask(node, *check, token=operator)
        assert (answer.status, answer.json.get("state")) == (status, state)
    status, answer = over_socket(node, *check)
    assert (status, answer["state"]) == (200, "given")
    assert owner.state(number) == "verified"


@pytest.fixture(scope="module")
def pair(node):
    alice, bob = Owner(node, "Alice"), Owner(node, "Bob")
    number = alice.claim("+442079461700")
    proof = alice.ask("POST", "/v1/proofs", {"kind": "letter", "numbers": [number], "statement": "ours"})
    opened = node.administer("POST", "/v1/disputes", {"tn": "+442079461700", "statement": "not hers"})
    return alice, bob, number, proof.json["id"], opened.json["id"]


ISOLATED = [
    ("GET", "/v1/owners/{owner}", None),
    ("DELETE", "/v1/owners/{owner}", None),
    ("POST", "/v1/owners/{owner}/tokens", None),
    ("GET", "/v1/owners/{owner}/notices", None),
    ("GET", "/v1/owners/{owner}/export", None),
    ("GET", "/v1/numbers/{number}", None),
    ("PUT", "/v1/numbers/{number}", {"numbers": "+442079461700", "use": "calling", "trunks": ["access-1"]}),
    ("DELETE", "/v1/numbers/{number}", None),
    ("GET", "/v1/numbers/{number}/use", None),
    ("GET", "/v1/disputes/{dispute}", None),
    ("GET", "/v1/proofs/{proof}", None),
    ("POST", "/v1/proofs/{proof}/completion", {"code": "123456"}),
    ("POST", "/v1/proofs", {"kind": "code", "numbers": ["{number}"]}),
    ("POST", "/v1/proofs", {"kind": "call", "numbers": ["{number}"]}),
    ("POST", "/v1/proofs", {"kind": "certificate", "numbers": ["{number}"]}),
    ("POST", "/v1/proofs", {"kind": "letter", "numbers": ["{number}"], "statement": "x"}),
]
OPERATORS_ALONE = [
    ("POST", "/v1/owners", {"name": "x", "contact": "y"}),
    ("GET", "/v1/owners", None),
    ("GET", "/v1/proofs", None),
    ("POST", "/v1/proofs/{proof}/check", {"approve": True, "reason": "x"}),
    ("POST", "/v1/numbers/{number}/decision", {"step": "freeze", "reason": "x"}),
    ("POST", "/v1/disputes/{dispute}/answer", {"state": "upheld", "reason": "x"}),
]
EVERYBODYS_OWN = {
    ("POST", "/v1/numbers"),
    ("GET", "/v1/numbers"),
    ("POST", "/v1/numbers/bulk"),
    ("POST", "/v1/disputes"),
    ("GET", "/v1/disputes"),
}


def filled(path, document, *, owner, number, proof, dispute):
    body = json.dumps(document).replace('"{number}"', str(number))
    return path.format(owner=owner, number=number, proof=proof, dispute=dispute), json.loads(body)


@pytest.mark.parametrize(("method", "path", "document"), ISOLATED)
def test_what_is_somebody_elses_is_as_what_is_not_there(pair, method, path, document):
    alice, bob, number, proof, dispute = pair
    theirs = {"owner": alice.id, "number": number, "proof": proof, "dispute": dispute}
    foreign = bob.ask(method, *filled(path, document, **theirs))
    missing = bob.ask(method, *filled(path, document, **dict.fromkeys(theirs, 9_999_999)))
    assert foreign.status == missing.status
    assert foreign.status in (404, 409, 410)
    assert re.sub(rb"[0-9]+", b"N", foreign.body) == re.sub(rb"[0-9]+", b"N", missing.body)


@pytest.mark.parametrize(("method", "path", "document"), OPERATORS_ALONE)
def test_what_operators_do_owners_do_not(pair, method, path, document):
    alice, _, number, proof, dispute = pair
    own = {"owner": alice.id, "number": number, "proof": proof, "dispute": dispute}
    answer = alice.ask(method, *filled(path, document, **own))
    assert answer.status == 403


@pytest.mark.parametrize(("method", "path", "document"), ISOLATED + OPERATORS_ALONE)
def test_nobody_comes_in_without_a_token(pair, node, method, path, document):
    alice, _, number, proof, dispute = pair
    path, document = filled(path, document, owner=alice.id, number=number, proof=proof, dispute=dispute)
    for token in (None, "cmk_" + "A" * 43, node.make_token(f"call-{time.monotonic_ns()}", "call:verify")):
        status = ask(node, method, path, document, token=token).status
        assert status == (403 if token is not None and not token.endswith("A" * 43) else 401)


def test_every_resource_of_owners_is_in_these_lists():
    routes = {
        (route.method, route.path.replace(":[0-9]{1,9}", ""))
        for room in (owners, numbers, proofs, disputes)
        for route in room.ROUTES
    }
    listed = {(method, path) for method, path, _ in ISOLATED + OPERATORS_ALONE} | EVERYBODYS_OWN
    assert routes == listed


def test_an_owner_sees_its_own_numbers_alone(pair):
    alice, bob, number, *_ = pair
    assert number in [each["id"] for each in alice.ask("GET", "/v1/numbers").json["numbers"]]
    assert bob.ask("GET", "/v1/numbers").json["numbers"] == []
    claimed = bob.ask("POST", "/v1/numbers", {"numbers": TN, "use": "never_calls_out", "owner": alice.id})
    assert claimed.status == 400


def bulk(owner, data: bytes, path="/v1/numbers/bulk"):
    connection = http.client.HTTPConnection("127.0.0.1", owner.node.control_port, timeout=60)
    with closing(connection):
        connection.request("POST", path, data, {"Authorization": f"Bearer {owner.token}"})
        answer = connection.getresponse()
        return answer.status, [json.loads(line) for line in answer.read().splitlines()]


HEADING = b"numbers,use,trunks,providers,brand,call_reason\n"


def test_a_file_is_answered_line_by_line(node):
    owner = Owner(node, "Example Bulk")
    file = HEADING + (
        b"020 7946 2000,calling,access-1 customer-1,,Example Bulk,your order\n"
        b"+442079462100-2199,never_calls_out,,,,\n"
        b"nonsense,calling,access-1,,,\n"
        b"+442079462000,calling,access-1,,,\n"
        b"+442079462001,sometimes,access-1,,,\n"
        b"+442079462001,calling,nowhere,,,\n"
        b"too,few\n"
        b"\xff\x00\xfe,calling,access-1,,,\n"
    )
    status, lines = bulk(owner, file)
    assert status == 200
    assert lines[-1] == {"taken": 2, "refused": 6}
    assert [line.get("column") for line in lines[:-1]] == [
        None, None, "numbers", "numbers", "use", "trunks", "", "numbers",
    ]  # fmt: skip
    assert "registered already" in lines[3]["problem"]
    again = bulk(owner, file)[1]
    assert again[-1] == {"taken": 0, "refused": 8}
    assert len(owner.ask("GET", "/v1/numbers").json["numbers"]) == 2
    for wrong in (b"", b"tn,use\n", b'"'):
        assert bulk(owner, wrong)[0] == 400
    assert bulk(owner, HEADING, f"/v1/numbers/bulk?owner={owner.id + 1}")[0] == 400


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ({"numbers": "nonsense", "use": "calling"}, "/numbers", "a number does not contain"),
        ({"numbers": "999", "use": "calling"}, "/numbers", "nobody's number"),
        ({"numbers": "+44999", "use": "calling"}, "/numbers", ""),
        ({"numbers": "+442079460000/100000000", "use": "calling"}, "/numbers", ""),
        ({"numbers": TN, "use": "both"}, "/use", "Invalid enum value"),
        ({"numbers": TN, "use": "calling"}, "/trunks", "say by which trunks"),
        ({"numbers": TN, "use": "calling", "trunks": ["international-1"]}, "/trunks/0", "not a trunk"),
        ({"numbers": TN, "use": "calling", "providers": ["12 34"]}, "/providers/0", "provider code"),
        ({"numbers": TN, "use": "never_calls_out", "trunks": ["access-1"]}, "/use", "no trunks"),
        (
            {"numbers": TN, "use": "calling", "trunks": ["access-1"], "brand": {"name": ""}},
            "/brand/name",
            "1 to 80",
        ),
        (
            {
                "numbers": TN,
                "use": "calling",
                "trunks": ["access-1"],
                "brand": {"name": "x", "logo_url": "javascript:alert(1)", "logo_digest": "sha256-x"},
            },
            "/brand/",
            "",
        ),
        ({"numbers": TN, "use": "calling", "colour": "red"}, "/colour", "unknown"),
        ({"use": "calling"}, "/numbers", "missing"),
    ],
)
def test_what_cannot_be_claimed_is_told_at_its_place(pair, document, pointer, words):
    answer = pair[0].ask("POST", "/v1/numbers", document)
    assert answer.status == 400, answer.body
    (error,) = answer.json["errors"]
    assert error["pointer"].startswith(pointer)
    assert words in error["problem"]


def test_an_owner_takes_everything_with_it(node):
    owner = Owner(node, "Example Leaver")
    number = owner.claim("+442079461800", use="never_calls_out")
    owner.prove_by_code(number)
    lines = [json.loads(line) for line in owner.ask("GET", f"/v1/owners/{owner.id}/export").body.splitlines()]
    assert [next(iter(line)) for line in lines[:2]] == ["owner", "registration"]
    assert lines[0]["owner"]["name"] == "Example Leaver"
    assert "registration.prove" in [line["audit"]["action"] for line in lines if "audit" in line]
    assert owner.ask("DELETE", f"/v1/owners/{owner.id}").status == 204
    assert owner.ask("GET", f"/v1/owners/{owner.id}").status == 401
    assert node.administer("GET", f"/v1/owners/{owner.id}").status == 404
    assert node.administer("GET", f"/v1/numbers/{number}").json["state"] == "withdrawn"
    assert verdict(node, "+442079461800", trunk="domestic-1")["action"] == "allow"


def test_a_revoked_token_opens_nothing_within_seconds(node):
    owner = Owner(node, "Example Revoked")
    name = node.administer("POST", f"/v1/owners/{owner.id}/tokens").json
    assert ask(node, "GET", "/v1/numbers", token=name["token"]).status == 200
    assert node.administer("DELETE", f"/admin/v1/tokens/{name['name']}").status == 200
    eventually(lambda: ask(node, "GET", "/v1/numbers", token=name["token"]).status == 401)


def test_the_audit_of_all_this_is_whole_and_the_log_has_no_codes(node):
    assert node.administer("GET", "/admin/v1/audit/verification").json["intact"]
    # Six digits may stand in a time, a hash or an id, where nothing of a code can be.
    log = re.sub(r'"time":"[^"]*"|call-\d+|[0-9a-f-]{16,}|~[0-9a-f]+', "", node.log)
    for spooled in (node.directory / "data" / "codes").glob("*.json"):
        assert spooled.stat().st_mode & 0o777 == 0o600
        assert json.loads(spooled.read_text())["code"] not in log
    assert TelephoneNumber(TN.removeprefix("+")) not in node.log
