"""Forms from dialplans: read to the same call as JSON, answered in lines that nothing can break."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.dialects import dialplan
from gateway.calls.dialects.problem import RequestProblem
from gateway.generation.trunks import Profile, Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.verdicts.call import Call, Roaming
from gateway.web.problems import unauthenticated

RULES = DiallingRules(country_code="44")
TRUNK = Trunk("t", "domestic", "GB", (), "", Profile.ATIS, RULES)
ORIGID = "de305d54-75b4-431b-adb2-eb6b9e546014"
FROM, TO = "+442079460123", "+441614960000"
NUMBERS = st.from_regex(r"\+44[1-9][0-9]{9}", fullmatch=True)


def call(*pairs: tuple[str, str], **fields: str) -> Call:
    whole = {"from": FROM, "to": TO} | fields
    body = urlencode([*whole.items(), *pairs]).encode()
    return dialplan.parse_verdict(body).on(TRUNK, identifier="request-1", now=1000)


def problem_of(body: bytes) -> RequestProblem:
    with pytest.raises(RequestProblem) as raised:
        dialplan.parse_verdict(body).on(TRUNK, identifier="request-1", now=1000)
    return raised.value


@given(shown=NUMBERS, pai=NUMBERS, to=NUMBERS, time=st.integers(1, 2**40), identities=st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80), max_size=10
))  # fmt: skip
def test_every_value_comes_through(shown: str, pai: str, to: str, time: int, identities: list[str]):
    pairs = [("from", shown), ("pai", pai), ("to", to), ("time", str(time)), ("id", "call-1")]
    asked = dialplan.parse_verdict(urlencode([*pairs, *(("identity", each) for each in identities)]).encode())
    assert asked.identities == tuple(identities)
    assert asked.on(TRUNK, identifier="request-1", now=1) == Call(
        id="call-1",
        trunk="t",
        trunk_kind="domestic",
        time=time,
        orig=shown[1:],
        network_tn=pai[1:],
        dests=(to[1:],),
    )


def test_what_a_switch_does_not_say():
    asked = dialplan.parse_verdict(urlencode({"from": FROM, "to": TO, "identity": "", "pai": " "}).encode())
    assert (asked.identities, asked.max_ms, asked.trunk) == ((), None, None)
    read = asked.on(TRUNK, identifier="request-1", now=1000)
    assert (read.id, read.time, read.network_tn, read.roaming) == ("request-1", 1000, None, Roaming.UNKNOWN)


@pytest.mark.parametrize(
    "shown",
    [
        '"Alice" <sip:+442079460123@192.0.2.1;user=phone>;tag=7',
        "<tel:+44-20-7946-0123>",
        "sip:02079460123@192.0.2.1",
        "020-7946-0123",
    ],
)
def test_a_number_may_come_as_its_header(shown: str):
    assert call(**{"from": shown}).orig == "442079460123"


@pytest.mark.parametrize(
    "shown", ["anonymous", "Restricted", "unknown", "<sip:anonymous@anonymous.invalid>", "sip:Anonymous@x"]
)
def test_what_switches_show_in_place_of_a_number(shown: str):
    read = call(**{"from": shown})
    assert (read.orig, read.anonymous) == (None, True)


def test_an_anonymous_call_keeps_its_network_number():
    read = call(**{"from": "", "anonymous": "true", "pai": "<sip:+442079460123@x>"})
    assert (read.orig, read.network_tn, read.anonymous) == (None, "442079460123", True)


def test_priorities_and_the_request_uri():
    read = call(resource_priority="ESNET.1, wps.0", priority="Emergency", request_uri="sip:+441614960001@x")
    assert read.resource_priority == {"esnet.1", "wps.0"}
    assert (read.priority, read.request_uri) == ("emergency", "441614960001")
    assert call(request_uri="sip:alice@example.org").request_uri is None


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"to=%2B441614960000", "from"),
        (b"from=&to=%2B441614960000", "from"),
        (b"from=%2B442079460123", "to"),
        (b"from=Alice&to=%2B441614960000", "from"),
        (b"from=%2B442079460123&to=nobody", "to"),
        (b"from=1&roamng=true", "roamng"),
        (b"from=%2B442079460123&to=%2B441614960000&roaming=maybe", "roaming"),
        (b"from=%2B442079460123&to=%2B441614960000&anonymous=perhaps", "anonymous"),
        (b"from=%2B442079460123&to=%2B441614960000&time=soon", "time"),
        (b"from=%2B442079460123&to=%2B441614960000&time=%D9%A3", "time"),
        (b"from=%2B442079460123&to=%2B441614960000&time=0", "time"),
        (b"from=%2B442079460123&from=%2B442079460123", "from"),
        (b"id=" + b"x" * 300 + b"&from=%2B442079460123&to=%2B441614960000", "id"),
        (b"pai=" + b"x" * 3000, "pai"),
        (b"&".join([b"identity=x"] * 11), "identity"),
    ],
)
def test_an_unusable_field_is_named(body: bytes, name: str):
    assert problem_of(body).variables[0] == name


@pytest.mark.parametrize("max_ms", ["0", "10001", "-1", "1.5", "x", "9" * 5000])
def test_max_ms_has_bounds(max_ms: str):
    with pytest.raises(RequestProblem):
        _ = dialplan.parse_verdict(f"max_ms={max_ms}"[:2000].encode()).max_ms


@pytest.mark.parametrize("body", [b"", b"\r\n", b"from", b"\xff=1", b"from=%ff", b"&".join([b"to=1"] * 65)])
def test_what_is_no_form(body: bytes):
    assert problem_of(body).exception.message_id in {"SVC4000", "SVC4006"}


@given(
    body=st.binary(max_size=120)
    | st.text(st.sampled_from("from=to&%+\r\n0é<>:@;"), max_size=60).map(str.encode)
)
def test_any_body_is_a_call_or_one_line(body: bytes):
    try:
        dialplan.parse_verdict(body).on(TRUNK, identifier="x", now=1)
        dialplan.parse_signature(body, TRUNK, identifier="x", new_origid=ORIGID, now=1)
    except RequestProblem as problem:
        error = dialplan.render_error(problem)
        assert error.status == 400
        line = error.body.decode("ascii")
        assert line.startswith("error=svc400")
        assert line.count("\n") == 1
        assert line.endswith("\n")
        assert line[:-1].isprintable()


def test_the_wish_of_a_dialplan():
    def parse(text: str) -> object:
        call_id, asked = dialplan.parse_signature(
            text.encode(), TRUNK, identifier="x", new_origid=ORIGID, now=1000
        )
        assert call_id == "x"
        return asked

    asked = parse("from=%2B442079460123&to=%2B441614960000")
    assert (asked.wish.value, asked.iat, asked.origid) == ("A", 1000, ORIGID)
    assert parse("from=%2B442079460123&to=%2B441614960000&attest=C").wish.value == "C"
    with pytest.raises(RequestProblem):
        parse("from=%2B442079460123&to=%2B441614960000&attest=a")


@given(answer=st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), st.text(
    st.characters(min_codepoint=32, max_codepoint=126)), min_size=1))  # fmt: skip
def test_lines_and_line_say_the_same(answer: dict[str, str]):
    media_type, lines = dialplan.render_text(answer, "*/*")
    assert media_type == "text/plain"
    assert dict(line.split("=", 1) for line in lines.splitlines()) == answer
    media_type, line = dialplan.render_text(answer, "application/x-www-form-urlencoded")
    assert media_type == "application/x-www-form-urlencoded"
    assert {key: value[0] for key, value in parse_qs(line, keep_blank_values=True).items()} == answer


def test_errors_of_our_own_keep_their_headers():
    error = dialplan.render_error(unauthenticated("Send a token."))
    assert error.status == 401
    assert error.headers["WWW-Authenticate"].startswith("Bearer")
    assert error.body == b"error=unauthenticated This needs a credential. Send a token.\n"


def test_a_diversion():
    fields = {
        "ppt": "div",
        "from": FROM,
        "to": TO,
        "diverted": TO,
        "request_uri": "sip:+441134960000@x",
        "id": "1",
    }
    body = urlencode([*fields.items(), ("identity", "a"), ("identity", "b")]).encode()
    call_id, asked = dialplan.parse_signature(body, TRUNK, identifier="x", new_origid=ORIGID, now=1000)
    assert call_id == asked.call.id == "1"
    (wish,) = asked.wishes
    assert (wish.diverted, wish.target) == (TO[1:], "441134960000")
    assert (asked.orig, asked.dests, asked.identities) == (FROM[1:], (TO[1:],), ("a", "b"))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"ppt": "rcd"}, "ppt"),
        ({"diverted": ""}, "diverted"),
        ({"request_uri": ""}, "request_uri"),
        ({"request_uri": "sip:alice@example.org"}, "request_uri"),
        ({"attest": "A"}, "attest"),
        ({"ppt": "shaken"}, "identity"),
        ({"from": "anonymous"}, "pai"),
    ],
)
def test_a_diversion_that_cannot_be_read(change: dict[str, str], name: str):
    whole = {
        "identity": "a",
        "ppt": "div",
        "from": FROM,
        "to": TO,
        "diverted": TO,
        "request_uri": "+441134960000",
    }
    with pytest.raises(RequestProblem) as raised:
        dialplan.parse_signature(
            urlencode(whole | change).encode(), TRUNK, identifier="x", new_origid=ORIGID, now=1000
        )
    assert raised.value.variables[0] == name


@pytest.mark.parametrize(
    "shown", [b"+442079460123", b"sip:+442079460123@192.0.2.1", b"%3Csip:+442079460123@x%3E"]
)
def test_a_plus_that_was_not_escaped(shown: bytes):
    asked = dialplan.parse_verdict(b"from=" + shown + b"&to=+441614960000")
    read = asked.on(TRUNK, identifier="x", now=1)
    assert (read.orig, read.dests) == (FROM[1:], (TO[1:],))
