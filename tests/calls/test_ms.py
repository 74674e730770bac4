"""3GPP's bodies: read to the same request as ATIS-1000082's, or refused with the member's name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.attestation.decide import Attestation
from gateway.calls.dialects import atis, ms
from gateway.calls.dialects.problem import RequestProblem
from gateway.generation.trunks import Profile, Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.web.problems import forbidden

RULES = DiallingRules()
TRUNK = Trunk("t", "domestic", "GB", (), "", Profile.ATIS, RULES)
ORIGID = "de305d54-75b4-431b-adb2-eb6b9e546014"
VERIFICATION: dict[str, Any] = {
    "from": {"tn": "+442079460123"},
    "to": {"tn": "+441614960000"},
    "time": 1_795_000_000,
    "identityHeader": "a.b.c;info=<https://example.org/a.pem>",
}
SIGNING: dict[str, Any] = {
    "attest": "A",
    "dest": {"tn": ["441614960000"]},
    "iat": 1_795_000_000,
    "orig": {"tn": "442079460123"},
    "origid": ORIGID,
}
NUMBERS = st.from_regex(r"\+?44[1-9][0-9]{9}", fullmatch=True)


def verification(body: object) -> ms.MsVerification:
    return ms.parse_verification(json.dumps(body).encode(), TRUNK, identifier="request-1")


def signing(body: object) -> ms.MsSigning:
    return ms.parse_signing(json.dumps(body).encode(), TRUNK, identifier="request-1", new_origid=ORIGID)


@given(orig=NUMBERS, dest=NUMBERS, time=st.integers(1, 2**40), identity=st.text(min_size=1, max_size=60))
def test_a_verification_is_the_one_atis_would_have_asked_for(orig: str, dest: str, time: int, identity: str):
    here = verification({"from": {"tn": orig}, "to": {"tn": dest}, "time": time, "identityHeader": identity})
    request = {"from": {"tn": orig}, "to": {"tn": [dest]}, "time": time, "identity": identity}
    body = json.dumps({"verificationRequest": request}).encode()
    there = atis.parse_verification(body, TRUNK, identifier="request-1")
    assert (here.call, *here.identities) == there


@given(
    orig=NUMBERS,
    dests=st.lists(NUMBERS, min_size=1, max_size=5),
    attest=st.sampled_from("ABC"),
    iat=st.integers(1, 2**40),
)  # fmt: skip
def test_a_signing_is_the_one_atis_would_have_asked_for(orig: str, dests: list[str], attest: str, iat: int):
    bare = {"attest": attest, "orig": {"tn": orig}, "dest": {"tn": dests}, "iat": iat, "origid": ORIGID}
    wrapped = json.dumps({"signingRequest": bare}).encode()
    assert signing(bare).request == atis.parse_signing(wrapped, RULES)


@pytest.mark.parametrize(
    "uri", ["sip:+442079460123@192.0.2.1;user=phone", "tel:+44-20-7946-0123", "SIPS:442079460123@example.org"]
)
def test_a_party_may_be_a_uri(uri: str):
    assert verification(VERIFICATION | {"from": {"uri": uri}}).call.orig == "442079460123"
    assert signing(SIGNING | {"orig": {"uri": uri}, "dest": {"uri": [uri]}}).request.orig == "442079460123"


def test_dest_is_the_request_uri_and_ids_are_echoed():
    asked = verification(VERIFICATION | {"dest": {"tn": "+441614960001"}, "requestId": "r-7"})
    assert asked.call.request_uri == "441614960001"
    assert (asked.call.id, asked.request_id) == ("r-7", "r-7")
    assert ms.render_signing("x", "r-7") == {"identityHeader": "x", "requestId": "r-7"}


def test_a_call_that_is_routed_by_no_number_has_no_request_uri():
    asked = verification(VERIFICATION | {"dest": {"uri": "sip:alice@example.org"}})
    assert asked.call.request_uri is None
    asked = verification(VERIFICATION | {"dest": {"uri": "sip:+441614960001@example.org;user=phone"}})
    assert asked.call.request_uri == "441614960001"


def test_several_headers_each_once():
    asked = verification(VERIFICATION | {"identityHeader": "a", "identityHeaders": ["a", "b"]})
    assert asked.identities == ("a", "b")


def test_a_missing_origid_is_made():
    bare = {key: value for key, value in SIGNING.items() if key != "origid"}
    assert signing(bare).request.origid == ORIGID
    assert signing(bare).request.wish is Attestation.A


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"from": "+442079460123"}, "from"),
        ({"from": {}}, "from.tn"),
        ({"from": {"uri": "sip:alice@example.org"}}, "from.uri"),
        ({"to": {"tn": ["+441614960000"]}}, "to.tn"),
        ({"dest": {"tn": 7}}, "dest.tn"),
        ({"dest": {"tn": "alice"}}, "dest.tn"),
        ({"dest": {"uri": 7}}, "dest.uri"),
        ({"dest": {}}, "dest.tn"),
        ({"dest": "+441614960001"}, "dest"),
        ({"time": "1795000000"}, "time"),
        ({"time": True}, "time"),
        ({"identityHeader": ""}, "identityHeader"),
        ({"identityHeader": ["a"]}, "identityHeader"),
        ({"identityHeaders": "a"}, "identityHeaders"),
        ({"identityHeaders": [str(number) for number in range(11)]}, "identityHeaders"),
        ({"requestId": 7}, "requestId"),
        ({"requestId": "x" * 257}, "requestId"),
    ],
)
def test_an_unusable_member_is_named(change: dict[str, Any], name: str):
    with pytest.raises(RequestProblem) as raised:
        verification(VERIFICATION | change)
    assert raised.value.variables[0] == name


@pytest.mark.parametrize("name", VERIFICATION)
def test_a_missing_member_is_named(name: str):
    with pytest.raises(RequestProblem) as raised:
        verification({key: value for key, value in VERIFICATION.items() if key != name})
    assert (raised.value.exception.message_id, raised.value.variables) == ("SVC4001", (name,))


@pytest.mark.parametrize("change", [{"ppt": "div"}, {"attest": "D"}, {"dest": {"tn": []}}, {"origid": "x"}])
def test_what_is_not_signed(change: dict[str, Any]):
    with pytest.raises(RequestProblem) as raised:
        signing(SIGNING | change)
    assert raised.value.exception.status == 400


@given(body=st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
    lambda value: json.dumps(value).encode()
))  # fmt: skip
def test_anything_else_is_a_sentence(body: bytes):
    for parse in (
        lambda: ms.parse_verification(body, TRUNK, identifier="x"),
        lambda: ms.parse_signing(body, TRUNK, identifier="x", new_origid=ORIGID),
    ):
        with pytest.raises(RequestProblem) as raised:
            parse()
        error = ms.render_error(raised.value)
        assert (error.status, error.media_type) == (400, "application/json")
        assert list(json.loads(error.body)) == ["error"]


def test_errors_are_one_sentence():
    assert json.loads(ms.render_error(RequestProblem.missing("from.tn")).body) == {
        "error": "Missing mandatory parameter 'from.tn'"
    }
    assert json.loads(ms.render_error(forbidden("It lacks the scope call:sign.")).body) == {
        "error": "This credential does not allow that: It lacks the scope call:sign"
    }


@pytest.mark.parametrize(
    ("document", "bare"),
    [
        (VERIFICATION, True),
        (SIGNING, True),
        ({"identityHeaders": []}, True),
        ({"verificationRequest": VERIFICATION}, False),
        ({"signingRequest": SIGNING}, False),
        ({"identity": "orig"}, False),
        ({"from": {"orig": 1}}, False),
        ([], False),
    ],
)
def test_which_body_is_bare(document: object, bare: object):
    assert ms.is_bare(json.dumps(document).encode()) is bare


def test_a_broken_body_is_nobodys():
    assert not ms.is_bare(b'{"identityHeader')
    assert not ms.is_bare(b"")


RPH: dict[str, Any] = {
    "ppt": "rph", "orig": {"tn": "442079460123"}, "dest": {"tn": ["441614960000"]}, "iat": 1_795_000_000,
    "rph": {"auth": ["ESNET.0"]}, "sph": "psap-callback", "requestId": "r-1",
}  # fmt: skip


def test_a_priority():
    asked = signing(RPH)
    (wish,) = asked.request.wishes
    assert (wish.auth, wish.sph) == (("esnet.0",), "psap-callback")
    assert (asked.request.call.id, asked.request_id) == ("r-1", "r-1")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"rph": None}, "rph"),
        ({"rph": {"auth": []}}, "rph"),
        ({"rph": {"auth": ["a b"]}}, "rph"),
        ({"sph": 7}, "sph"),
    ],
)
def test_a_priority_that_cannot_be_read(change: dict[str, Any], name: str):
    with pytest.raises(RequestProblem) as raised:
        signing(RPH | change)
    assert raised.value.variables[0] == name
