"""The ATIS bodies: a request, or the exception of the table with the parameter that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.dialects.atis import (
    parse_signing,
    parse_verification,
    render_problem,
    render_verification,
)
from gateway.calls.dialects.fields import MAX_DESTINATIONS
from gateway.calls.dialects.problem import RequestProblem
from gateway.generation.trunks import Profile, Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.reasons import REASONS, Finding, Verstat
from gateway.verification.outcome import Outcome

RULES = DiallingRules()
TRUNK = Trunk("t", "domestic", "GB", (), "", Profile.ATIS, RULES)
VERIFICATION: dict[str, Any] = {
    "from": {"tn": "+442079460123"},
    "to": {"tn": ["+441614960000"]},
    "time": 1_795_000_000,
    "identity": "a.b.c;info=<https://example.org/a.pem>",
}
SIGNING: dict[str, Any] = {
    "attest": "A",
    "dest": {"tn": ["441614960000"]},
    "iat": 1_795_000_000,
    "orig": {"tn": "442079460123"},
    "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
}
PARSERS: dict[str, tuple[Callable[[bytes], object], dict[str, Any]]] = {
    "verificationRequest": (lambda body: parse_verification(body, TRUNK, identifier="1"), VERIFICATION),
    "signingRequest": (lambda body: parse_signing(body, RULES), SIGNING),
}


def problem_of(wrapper: str, body: bytes | dict[str, Any]) -> RequestProblem:
    parse, _ = PARSERS[wrapper]
    data = body if isinstance(body, bytes) else json.dumps({wrapper: body}).encode()
    with pytest.raises(RequestProblem) as raised:
        parse(data)
    return raised.value


@pytest.mark.parametrize(
    ("wrapper", "name"), [(wrapper, name) for wrapper, (_, whole) in PARSERS.items() for name in whole]
)
def test_every_mandatory_parameter_is_missed_by_name(wrapper: str, name: str):
    whole = PARSERS[wrapper][1]
    problem = problem_of(wrapper, {key: value for key, value in whole.items() if key != name})
    assert (problem.exception.message_id, problem.exception.status) == ("SVC4001", 400)
    assert problem.variables == (name,)


@pytest.mark.parametrize(
    ("wrapper", "change", "name"),
    [
        ("verificationRequest", {"from": "+442079460123"}, "from"),
        ("verificationRequest", {"from": {"tn": ["+442079460123"]}}, "from.tn"),
        ("verificationRequest", {"from": {"tn": ""}}, "from.tn"),
        ("verificationRequest", {"from": {"tn": "Alice"}}, "from.tn"),
        ("verificationRequest", {"from": {"tn": "+44 2079460123"}}, "from.tn"),
        ("verificationRequest", {"from": {"tn": "+44207946012\uff13"}}, "from.tn"),
        ("verificationRequest", {"from": {"tn": "+442079460123\r\nX: y"}}, "from.tn"),
        ("verificationRequest", {"from": None}, "from"),
        ("verificationRequest", {"to": {"tn": "+441614960000"}}, "to.tn"),
        ("verificationRequest", {"to": {"tn": []}}, "to.tn"),
        ("verificationRequest", {"to": {"tn": ["+441614960000", 7]}}, "to.tn[1]"),
        ("verificationRequest", {"to": {"tn": ["+441614960000"] * (MAX_DESTINATIONS + 1)}}, "to.tn"),
        ("verificationRequest", {"time": "1795000000"}, "time"),
        ("verificationRequest", {"time": 1795000000.5}, "time"),
        ("verificationRequest", {"time": 0}, "time"),
        ("verificationRequest", {"time": -1}, "time"),
        ("verificationRequest", {"time": True}, "time"),
        ("verificationRequest", {"identity": ""}, "identity"),
        ("verificationRequest", {"identity": ["a"]}, "identity"),
        ("verificationRequest", {"identity": None}, "identity"),
        ("signingRequest", {"attest": "a"}, "attest"),
        ("signingRequest", {"attest": "A "}, "attest"),
        ("signingRequest", {"attest": ["A"]}, "attest"),
        ("signingRequest", {"dest": {"tn": "441614960000"}}, "dest.tn"),
        ("signingRequest", {"iat": "1795000000"}, "iat"),
        ("signingRequest", {"iat": 0}, "iat"),
        ("signingRequest", {"orig": {"tn": ["442079460123"]}}, "orig.tn"),
        ("signingRequest", {"origid": "42"}, "origid"),
        ("signingRequest", {"origid": "{de305d54-75b4-431b-adb2-eb6b9e546014}"}, "origid"),
        ("signingRequest", {"origid": "de305d5475b4431badb2eb6b9e546014"}, "origid"),
        ("signingRequest", {"origid": 1}, "origid"),
        ("signingRequest", {"ppt": "div"}, "ppt"),
        ("signingRequest", {"ppt": None}, "ppt"),
    ],
)
def test_an_unusable_value_is_named(wrapper: str, change: dict[str, Any], name: str):
    problem = problem_of(wrapper, PARSERS[wrapper][1] | change)
    assert (problem.exception.message_id, problem.exception.status) == ("SVC4005", 400)
    assert problem.variables[0] == name
    assert len(problem.variables) == 2


@pytest.mark.parametrize("wrapper", PARSERS)
@pytest.mark.parametrize(
    ("body", "message", "variable"),
    [
        (b"", "SVC4000", None),
        (b" \r\n ", "SVC4000", None),
        (b"{", "SVC4006", "invalid JSON body"),
        (b"[]", "SVC4006", "invalid JSON body: not an object"),
        (b"null", "SVC4006", "invalid JSON body: not an object"),
        (b'{"a":1,"a":2}', "SVC4006", "stands twice"),
        (b'{"a":NaN}', "SVC4006", "NaN"),
        (b"\xef\xbb\xbf{}", "SVC4006", "byte order mark"),
        (b'{"a":"\xff"}', "SVC4006", "UTF-8"),
        (b'{"a":"\\ud800"}', "SVC4006", "surrogate"),
        (b"[" * 5000 + b"]" * 5000, "SVC4006", "deeper"),
        (b'{"a":' + b"9" * 5000 + b"}", "SVC4006", "longer"),
        (b"{}", "SVC4001", None),
    ],
)
def test_a_body_that_is_no_request_says_why(wrapper: str, body: bytes, message: str, variable: str | None):
    problem = problem_of(wrapper, body)
    assert problem.exception.message_id == message
    if variable is not None:
        assert variable in problem.variables[0]


def test_a_wrapper_of_the_wrong_type_is_named():
    problem = problem_of("signingRequest", b'{"signingRequest":[]}')
    assert (problem.exception.message_id, problem.variables[0]) == ("SVC4005", "signingRequest")


def test_vendor_members_are_tolerated_anywhere():
    changed = VERIFICATION | {"profileId": 7, "from": {"tn": "+442079460123", "uri": "sip:a@example.org"}}
    body = json.dumps({"verificationRequest": changed, "x": None}).encode()
    call, _ = parse_verification(body, TRUNK, identifier="1")
    assert call.orig == "442079460123"


def test_called_numbers_are_signed_sorted_and_once():
    changed = SIGNING | {"dest": {"tn": ["+441614960009", "01614960001", "441614960009"]}}
    asked = parse_signing(json.dumps({"signingRequest": changed}).encode(), RULES)
    assert asked.dests == ("441614960001", "441614960009")


def test_an_error_body_keeps_its_placeholders_and_always_has_variables():
    missing = render_problem(RequestProblem.missing("iat"))
    assert missing == {
        "requestError": {
            "serviceException": {
                "messageId": "SVC4001",
                "text": "Error: Missing mandatory parameter '%1'.",
                "variables": ["iat"],
            }
        }
    }


@pytest.mark.parametrize("code", [code for code, row in REASONS.items() if row.verstat is not None])
def test_every_refusal_renders_as_the_table_says_and_success_without_reasons(code: str):
    row = REASONS[code]
    if row.verstat is Verstat.TN_VALIDATION_PASSED:
        outcome = Outcome(row.verstat, Finding(row))
        assert render_verification(outcome) == {"verificationResponse": {"verstat": "TN-Validation-Passed"}}
        return
    response = render_verification(Outcome.refused(Finding(row, parameter="x5u")))["verificationResponse"]
    assert isinstance(response, dict)
    assert set(response) == {"verstat", "reasoncode", "reasontext", "reasondesc"}
    assert type(response["reasoncode"]) is int
    assert response["reasoncode"] in {403, 428, 436, 437, 438}
    assert response["verstat"] in {"TN-Validation-Failed", "No-TN-Validation"}
    assert "%1" not in str(response["reasondesc"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(wrapper=st.sampled_from(sorted(PARSERS)), data=st.data())
def test_any_change_gives_a_request_or_a_request_problem(wrapper: str, data: st.DataObject):
    parse, whole = PARSERS[wrapper]
    name = data.draw(st.sampled_from(sorted(whole)))
    value = data.draw(
        JSON | st.fixed_dictionaries({"tn": JSON}) | st.fixed_dictionaries({"tn": st.lists(JSON)})
    )
    body = json.dumps({wrapper: whole | {name: value}}).encode("utf-8", "surrogatepass")
    try:
        parse(body)
    except RequestProblem as problem:
        json.dumps(render_problem(problem)).encode()


@given(body=st.binary(max_size=200), wrapper=st.sampled_from(sorted(PARSERS)))
def test_any_bytes_give_a_request_or_a_request_problem(body: bytes, wrapper: str):
    with pytest.raises(RequestProblem):
        PARSERS[wrapper][0](body)


NUMBERS = st.sampled_from(["+442079460123", "442079460123", "0207 946", "02079460123", "", "999", "+1"])
PLAIN_VALUES = {
    "from": st.fixed_dictionaries({"tn": NUMBERS}),
    "to": st.fixed_dictionaries({"tn": st.lists(NUMBERS, max_size=3)}),
    "time": st.sampled_from([0, -1, 1_795_000_000, 10**15, 10**25]),
    "identity": st.sampled_from(["", "a.b.c", 'a.b.c;info="x"']),
    "attest": st.sampled_from(["A", "C", "D", ""]),
    "dest": st.fixed_dictionaries({"tn": st.lists(NUMBERS, max_size=3)}),
    "iat": st.sampled_from([0, 1_795_000_000, 10**25]),
    "orig": st.fixed_dictionaries({"tn": NUMBERS}),
    "origid": st.sampled_from(["de305d54-75b4-431b-adb2-eb6b9e546014", "DE305D54", "", "x" * 36]),
}


@given(st.data(), st.sampled_from(sorted(PARSERS)))
def test_a_plain_body_means_what_the_strict_reader_takes_it_for(data: st.DataObject, wrapper: str):
    """A member of a vendor's own is tolerated, and leads around the short cut for plain bodies."""
    parse, whole = PARSERS[wrapper]
    request = data.draw(st.fixed_dictionaries({name: PLAIN_VALUES[name] for name in whole}))

    def outcome(body: dict[str, Any]) -> object:
        try:
            return parse(json.dumps(body).encode())
        except RequestProblem as problem:
            return problem.exception, problem.variables

    assert outcome({wrapper: request}) == outcome({wrapper: request, "vendor": {"x": 1}})
