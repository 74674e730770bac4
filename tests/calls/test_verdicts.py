"""The body of `/v1/verdicts`: taken whole, or refused with a JSON pointer to the first mistake."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.attestation.decide import TrunkKind
from gateway.calls.dialects.call_body import MAX_IDENTITIES, MAX_NUMBERS
from gateway.calls.dialects.verdicts import parse_body
from gateway.generation.trunks import Profile, Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.passport.priority import MAX_R_VALUES
from gateway.verdicts.call import Roaming
from gateway.web.problems import Problem

TRUNK = Trunk(
    name="interconnect",
    kind=TrunkKind.DOMESTIC,
    country="GB",
    credentials=(),
    url_prefix="",
    profile=Profile.ATIS,
    dialling=DiallingRules(),
)
CALL: dict[str, Any] = {
    "id": "a84b4c76e66710@example.org",
    "from": {"tn": "+442079460123"},
    "anonymous": False,
    "to": {"tn": ["+441614960000", "01614960001"]},
    "request_uri": "sip:+441614960000@example.org",
    "pai": {"tn": "+442079460124"},
    "diversion": [{"tn": "+441614960002", "reason": "unconditional"}],
    "time": 1_795_000_000,
    "identity": ["a.b.c;info=<https://example.org/a.pem>;ppt=shaken"],
    "trunk": "abroad",
    "roaming": "unknown",
    "resource_priority": ["ets.0", "wps.1"],
    "priority": "PSAP-Callback",
}


def taken(body: object) -> Any:
    return parse_body(json.dumps(body).encode()).on(TRUNK)


def refused(body: object) -> tuple[str, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(Problem) as raised:
        parse_body(data).on(TRUNK)
    problem = raised.value
    assert problem.status == 400
    (error,) = problem.errors
    return error["pointer"], error["problem"]


def test_the_settled_body_is_taken_whole():
    asked = taken({"call": CALL, "max_ms": 40})
    assert asked.max_ms == 40
    assert asked.identities == tuple(CALL["identity"])
    assert asked.call.orig == "442079460123"
    assert asked.call.network_tn == "442079460124"
    assert asked.call.dests == ("441614960000", "441614960001")
    assert asked.call.roaming is Roaming.UNKNOWN
    assert asked.call.request_uri == "441614960000"
    assert asked.call.resource_priority == {"ets.0", "wps.1"}
    assert asked.call.priority == "psap-callback"
    assert (asked.call.trunk, asked.call.trunk_kind) == ("interconnect", "domestic")


def test_id_to_and_time_are_enough_of_an_anonymous_call():
    call = {"id": "1", "to": {"tn": ["999"]}, "time": 1, "anonymous": True}
    asked = taken({"call": call})
    assert (asked.call.orig, asked.max_ms, asked.identities) == (None, None, ())
    assert (asked.call.request_uri, asked.call.resource_priority, asked.call.priority) == (None, None, None)


@pytest.mark.parametrize(
    ("request_uri", "tn"),
    [
        ("tel:+441614960000", "441614960000"),
        ("TEL:01614960000;phone-context=+44", "441614960000"),
        ("tel:+44-161-496-0000;npdi;rn=+441610000000", "441614960000"),
        ("sip:+441614960000@example.org;user=phone", "441614960000"),
        ("sip:01614960000:secret@example.org:5060;transport=tcp", "441614960000"),
        ("SIPS:+441614960000;npdi@[2001:db8::1]?subject=a%40b", "441614960000"),
        ("sip:%2b4416149%36%30000@example.org", "441614960000"),
        ("+441614960000", "441614960000"),
        ("01614960000", "441614960000"),
        ("sip:999@example.org", "999"),
        ("tel:112", "112"),
    ],
)
def test_the_number_in_a_request_uri_is_read_as_the_switch_would_route_it(request_uri: str, tn: str):
    assert taken({"call": CALL | {"request_uri": request_uri}}).call.request_uri == tn


@pytest.mark.parametrize(
    "request_uri",
    [
        "",
        "sip:",
        "tel:",
        "sip:example.org",
        "sip:999",
        "sip:999@",
        "sip:@example.org",
        "sip:alice@example.org",
        "sip:+441614960000@x@example.org",
        "sip:+441614960000%3Bx@example.org",
        "sip:%FF%FE@example.org",
        "sip:999\n@example.org",
        "urn:service:sos",
        "https://example.org/999",
        "mailto:999@example.org",
        "tel:" + "9" * 40,
    ],
)
def test_a_request_uri_that_is_routed_by_something_else_names_no_number(request_uri: str):
    assert taken({"call": CALL | {"request_uri": request_uri}}).call.request_uri is None


@given(st.text(max_size=40) | st.from_regex(r"(sip:|tel:|)[%0-9A-Fa-f+;@:.]{0,30}", fullmatch=True))
def test_any_request_uri_is_a_number_or_none(request_uri: str):
    found = taken({"call": CALL | {"request_uri": request_uri}}).call.request_uri
    assert found is None or set(found) <= set("0123456789*#")


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("call",), [], "/call"),
        (("call", "id"), 7, "/call/id"),
        (("call", "id"), "", "/call/id"),
        (("call", "id"), "x" * 257, "/call/id"),
        (("call", "from"), "+442079460123", "/call/from"),
        (("call", "from", "tn"), None, "/call/from/tn"),
        (("call", "from", "tn"), "Alice", "/call/from/tn"),
        (("call", "from", "tn"), "9" * 3000, "/call/from/tn"),
        (("call", "pai", "tn"), "+44 20", "/call/pai/tn"),
        (("call", "to", "tn"), "+441614960000", "/call/to/tn"),
        (("call", "to", "tn"), [], "/call/to/tn"),
        (("call", "to", "tn"), ["+441614960000"] * (MAX_NUMBERS + 1), "/call/to/tn"),
        (("call", "to", "tn", 1), "", "/call/to/tn/1"),
        (("call", "to", "tn", 1), 44, "/call/to/tn/1"),
        (("call", "diversion", 0, "tn"), 1, "/call/diversion/0/tn"),
        (("call", "diversion", 0), "x", "/call/diversion/0"),
        (("call", "identity"), "a.b.c", "/call/identity"),
        (("call", "identity"), ["a"] * (MAX_IDENTITIES + 1), "/call/identity"),
        (("call", "identity", 0), None, "/call/identity/0"),
        (("call", "time"), "1795000000", "/call/time"),
        (("call", "time"), 0, "/call/time"),
        (("call", "time"), True, "/call/time"),
        (("call", "time"), 2**53, "/call/time"),
        (("call", "time"), 2**65, "/call/time"),
        (("call", "time"), 1e30, "/call/time"),
        (("call", "anonymous"), "false", "/call/anonymous"),
        (("call", "roaming"), "maybe", "/call/roaming"),
        (("call", "roaming"), True, "/call/roaming"),
        (("call", "trunk"), ["abroad"], "/call/trunk"),
        (("call", "request_uri"), 999, "/call/request_uri"),
        (("call", "resource_priority"), "ets.0", "/call/resource_priority"),
        (("call", "resource_priority"), ["ets.0"] * (MAX_R_VALUES + 1), "/call/resource_priority"),
        (("call", "resource_priority", 0), None, "/call/resource_priority/0"),
        (("call", "priority"), ["urgent"], "/call/priority"),
        (("max_ms",), 0, "/max_ms"),
        (("max_ms",), "40", "/max_ms"),
        (("max_ms",), 10_001, "/max_ms"),
        (("call", "roming"), "true", "/call/roming"),
        (("call", "from", "uri"), "sip:a@example.org", "/call/from/uri"),
        (("calls",), {}, "/calls"),
        (("a/b~c",), 1, "/a~1b~0c"),
        (("x`\ny",), 1, "/x`\ny"),
        (("x" * 5000,), 1, "/" + "x" * 64 + "..."),
    ],
)
def test_a_mistake_is_pointed_at(path: tuple[str | int, ...], value: object, pointer: str):
    body: Any = deepcopy({"call": CALL, "max_ms": 40})
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found, problem = refused(body)
    assert found == pointer
    assert problem


@pytest.mark.parametrize("name", ["id", "to", "time", "from"])
def test_a_missing_member_is_named(name: str):
    pointer, problem = refused({"call": {key: value for key, value in CALL.items() if key != name}})
    assert pointer == f"/call/{name}"
    assert "missing" in problem


def test_a_missing_call_is_named():
    assert refused({})[0] == "/call"


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (b"", "", "not JSON"),
        (b"{", "", "not JSON"),
        (b"[]", "", "object"),
        (b"\xff", "", "UTF-8"),
        (b'{"call":{"id":1,"id":2}}', "/call", "'id' stands twice"),
        (b'{"call":{"time":NaN}}', "/call/time", "NaN"),
        (b'{"call":{"time":-Infinity}}', "/call/time", "Infinity"),
        (b'{"call":{"time":1e999}}', "/call/time", "too large"),
        (b'{"call":' + b"[" * 200 + b"]" * 200 + b"}", "", "deeper"),
        (b'{"call":{"id":"\\ud800"}}', "/call/id", "surrogate"),
        (b"{} {}", "", "follows"),
    ],
)
def test_json_that_is_not_taken_says_where(body: bytes, pointer: str, words: str):
    found, problem = refused(body)
    assert found == pointer
    assert words in problem


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


TEXTS = st.text(max_size=12)
MANY = st.fixed_dictionaries({"tn": st.lists(TEXTS)})
CALLS = st.fixed_dictionaries(
    {
        "id": st.text(min_size=1),
        "to": st.fixed_dictionaries({"tn": st.lists(TEXTS)}),
        "time": st.integers(-1, 2),
    },
    optional={
        "from": st.fixed_dictionaries({"tn": TEXTS}),
        "pai": st.none() | st.fixed_dictionaries({"tn": TEXTS}),
        "anonymous": st.booleans(),
        "identity": st.lists(TEXTS, max_size=3),
        "trunk": st.none() | TEXTS,
        "request_uri": st.none() | TEXTS,
        "priority": st.none() | TEXTS,
        "roaming": st.sampled_from(["true", "false", "unknown"]),
    },
)


def said(body: bytes) -> object:
    try:
        return parse_body(body)
    except Problem as problem:
        return problem.errors


@given(CALLS, st.none() | st.integers(0, 2), st.booleans())
def test_a_plain_request_is_the_one_the_strict_reader_gives(
    call: dict[str, Any], max_ms: int | None, is_ascii: bool
):
    body = {"call": call, "max_ms": max_ms} if max_ms is not None else {"call": call}
    plain = json.dumps(body, ensure_ascii=is_ascii)
    # A member of an unusual kind takes a request the longer way; this one says nothing.
    longer = json.dumps({**body, "call": {"diversion": []} | call}, ensure_ascii=is_ascii)
    assert said(plain.encode()) == said(longer.encode())


@given(CALLS, st.data())
def test_a_member_standing_twice_is_refused_whatever_else_there_is(call: dict[str, Any], data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(call)))
    once = json.dumps(call)
    twice = f"{once[:-1]},{json.dumps(name)}:{json.dumps(call[name])}}}"
    for body in (f'{{"call":{twice}}}', f'{{"call":{once},"call":{once}}}'):
        pointer, problem = refused(body.encode())
        assert "stands twice" in problem
        assert pointer in {"", "/call"}


@given(
    body=st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda name, value: json.dumps({"call": CALL | {name: value}}).encode(),
        st.sampled_from(sorted(CALL)) | st.text(),
        JSON | st.fixed_dictionaries({"tn": JSON}),
    )
)
def test_any_body_is_a_request_or_a_problem_that_renders(body: bytes):
    try:
        parse_body(body).on(TRUNK)
    except Problem as problem:
        msgspec.json.encode([problem.detail, problem.errors])
