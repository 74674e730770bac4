"""No string that a switch may copy into SIP carries a line break, whatever was signed or asked.

Every member of every claim, of the header and of the request is given text that would end a header and begin
another. Whatever the gateway answers, no string in it holds a control character or a mark of writing
direction, and what is meant for SIP (`sip`, the signed `identity`) is printable ASCII.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, HttpAnswer, eventually
from tests.hostile.signer import Signer, Switch
from tests.integration.tokens import FROM, ORIGID, TO, decoded, signing_request, verification_request

MARK = "X-Injected: 1"
ENDINGS = [
    "\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\u202e",
    "\u2066", "\ufeff", "\r\n\r\n", '"\r\n', "%0d%0a", "\\r\\n",
]  # fmt: skip
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
PRINTABLE = re.compile("[ -~]*")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings(member)


def assert_safe(answer: HttpAnswer) -> Any:
    document = json.loads(answer.body)
    # A JSON pointer names a member as it is: it is for programs, and `detail` says the same for people.
    shown = {**document, "errors": [{**each, "pointer": ""} for each in document.get("errors", ())]}
    for text in strings(shown):
        assert UNSAFE.search(text) is None, text
    for name, value in answer.headers.items():
        assert PRINTABLE.fullmatch(value), (name, value)
        assert name.lower() != "x-injected"
    verdict = document.get("verdict", {})
    for text in strings(verdict.get("sip", {})):
        assert PRINTABLE.fullmatch(text), text
    return document


CLAIMS: dict[str, tuple[str, Any]] = {
    "attest": ("shaken", lambda text: {"attest": "A" + text}),
    "origid": ("shaken", lambda text: {"origid": ORIGID + text}),
    "orig": ("shaken", lambda text: {"orig": {"tn": FROM + text}}),
    "orig.uri": ("shaken", lambda text: {"orig": {"uri": "sip:a@example.org" + text}}),
    "dest": ("shaken", lambda text: {"dest": {"tn": [TO + text]}}),
    "dest.uri": ("shaken", lambda text: {"dest": {"tn": [TO], "uri": ["sip:b@example.org" + text]}}),
    "a claim's name": ("shaken", lambda text: {"x" + text: 1}),
    "an unknown claim": ("shaken", lambda text: {"x": text}),
    "div": ("div", lambda text: {"div": {"tn": TO + text}}),
    "div.hi": ("div", lambda text: {"div": {"tn": TO, "hi": "1.1" + text}}),
    "opt": ("div-o", lambda text: {"div": {"tn": TO}, "opt": "a.b.c" + text}),
    "rcd.nam": ("rcd", lambda text: {"rcd": {"nam": "Bank" + text}}),
    "rcd.apn": ("rcd", lambda text: {"rcd": {"nam": "Bank", "apn": "+44" + text}}),
    "rcd.icn": ("rcd", lambda text: {"rcd": {"nam": "Bank", "icn": "https://example.org/" + text}}),
    "rcd.jcl": ("rcd", lambda text: {"rcd": {"nam": "Bank", "jcl": "https://example.org/" + text}}),
    "rcd.jcd": ("rcd", lambda text: {"rcd": {"nam": "Bank", "jcd": ["vcard", [["fn", {}, "text", text]]]}}),
    "rcd in shaken": ("shaken", lambda text: {"rcd": {"nam": "Bank" + text}, "crn": "Card" + text}),
    "crn": ("rcd", lambda text: {"rcd": {"nam": "Bank"}, "crn": "Your card" + text}),
    "iss": ("rcd", lambda text: {"rcd": {"nam": "Bank"}, "iss": "Somebody" + text}),
    "rcdi": ("rcd", lambda text: {"rcd": {"nam": "Bank"}, "rcdi": {"/nam" + text: "sha256-" + "A" * 43}}),
    "rph": ("rph", lambda text: {"rph": {"auth": ["ets.0" + text]}}),
    "sph": ("rph", lambda text: {"rph": {"auth": ["esnet.0"]}, "sph": "psap-callback" + text}),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_nothing_that_was_signed_comes_out_as_a_line_of_its_own(switch: Switch, signer: Signer, name: str):
    ppt, claims = CLAIMS[name]
    for ending in ENDINGS:
        changes = claims(ending + MARK)
        if ppt == "shaken":
            identity = signer.identity(payload=changes)
            answer = switch.post("/stir/v1/verification", verification_request(identity))
            assert answer.status == 200
            assert_safe(answer)
        else:
            identity = signer.of_type(ppt, **changes)
        for beside in ([], [signer.identity()]):
            asked = {"id": "injected", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time())}
            body = {"call": asked | {"identity": [identity, *beside]}}
            answer = switch.post("/v1/verdicts?explain=1", body)
            assert answer.status == 200
            assert_safe(answer)


@pytest.mark.parametrize("name", ["alg", "typ", "ppt", "x5u", "x", "crit"])
def test_nothing_of_a_signed_header_comes_out_as_a_line_of_its_own(switch: Switch, signer: Signer, name: str):
    for ending in ENDINGS:
        for value in (ending + MARK, [ending + MARK], {ending + MARK: 1}):
            identity = signer.identity(header={name: value})
            body = {"id": "injected", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time())}
            assert_safe(switch.post("/v1/verdicts?explain=1", {"call": body | {"identity": [identity]}}))


PARAMETERS = [
    "{token}{text};info=<{x5u}>;alg=ES256;ppt=shaken",
    "{token};info=<{x5u}{text}>;alg=ES256;ppt=shaken",
    "{token};info=<{x5u}>;alg=ES256{text};ppt=shaken",
    '{token};info=<{x5u}>;alg="ES256{text}";ppt=shaken',
    "{token};info=<{x5u}>;alg=ES256;ppt=shaken{text}",
    '{token};info=<{x5u}>;alg=ES256;ppt="shaken\\{text}"',
    "{token};info=<{x5u}>;alg=ES256;ppt=shaken;x{text}=1",
    '{token};info=<{x5u}>;alg=ES256;ppt=shaken;x="{text}"',
]


@pytest.mark.parametrize("form", PARAMETERS)
def test_nothing_of_a_header_value_comes_out_as_a_line_of_its_own(switch: Switch, signer: Signer, form: str):
    token = signer.identity().partition(";")[0]
    for ending in ENDINGS:
        identity = form.format(token=token, x5u=signer.x5u, text=ending + MARK)
        body = {"id": "injected", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time())}
        answer = switch.post("/v1/verdicts?explain=1", {"call": body | {"identity": [identity]}})
        assert answer.status == 200
        assert_safe(answer)
        assert_safe(switch.post("/stir/v1/verification", verification_request(identity)))


MEMBERS: dict[str, Any] = {
    "id": lambda text: "1" + text,
    "from": lambda text: {"tn": FROM + text},
    "pai": lambda text: {"tn": FROM + text},
    "to": lambda text: {"tn": [TO + text]},
    "trunk": lambda text: "access-1" + text,
    "diversion": lambda text: [{"tn": FROM + text, "reason": "unconditional" + text}],
    "request_uri": lambda text: f"sip:+{TO}@example.org{text}",
    "resource_priority": lambda text: ["ets.0" + text],
    "priority": lambda text: "urgent" + text,
    "roaming": lambda text: "yes" + text,
    "x\r\nX-Injected: 1": lambda text: text,
}


@pytest.mark.parametrize("name", MEMBERS)
def test_nothing_a_switch_asked_comes_back_as_a_line_of_its_own(switch: Switch, name: str):
    for ending in ENDINGS:
        call = {"id": "1", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": int(time.time()), "identity": []}
        answer = switch.post("/v1/verdicts", {"call": call | {name: MEMBERS[name](ending + MARK)}})
        assert answer.status in {200, 400}
        assert_safe(answer)


@pytest.mark.parametrize("name", ["orig", "dest", "origid", "attest", "ppt", "x"])
def test_nothing_but_what_was_checked_is_signed(switch: Switch, name: str):
    for ending in ENDINGS:
        text = ending + MARK
        changes: dict[str, Any] = {
            "orig": {"tn": FROM + text},
            "dest": {"tn": [TO + text]},
            "origid": ORIGID + text,
            "attest": "A" + text,
            "ppt": "shaken" + text,
            "x": text,
        }
        answer = switch.post("/stir/v1/signing", signing_request(**{name: changes[name]}))
        document = assert_safe(answer)
        if name != "x":
            assert answer.status == 400
            continue
        assert answer.status == 200
        identity = document["signingResponse"]["identity"]
        assert PRINTABLE.fullmatch(identity)
        payload = json.loads(decoded(identity.split(".")[1]))
        assert payload.keys() == {"attest", "dest", "iat", "orig", "origid"}


@pytest.mark.parametrize(
    "sent", ["a\tb", "\xff\xfe", "a" * 5000, "a b", "<script>", "a;b=c", "%0d%0aX-Injected: 1"]
)
def test_a_request_id_is_echoed_only_as_far_as_it_is_safe(node: GatewayNode, sent: str):
    answer = node.post("/v1/verdicts", b"{}", headers={"X-RequestID": sent})
    assert answer.status == 400
    assert re.fullmatch(r"[A-Za-z0-9._:@/+=~-]{1,128}", answer.headers["X-RequestID"])
    assert_safe(answer)


def test_no_call_id_ends_a_line_of_the_log(switch: Switch):
    ids = [f"line{number}{ending}{MARK}" for number, ending in enumerate(ENDINGS)]
    for each in ids:
        switch.verdict(id=each)
    eventually(lambda: f"line{len(ids) - 1}" in switch.node.log)
    for line in switch.node.log.split("\n"):
        if MARK in line:
            assert UNSAFE.search(line) is None, line
            json.loads(line)
