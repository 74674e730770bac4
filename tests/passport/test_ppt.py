import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.claims import BaseClaims, Claims, ShakenClaims
from gateway.passport.diversion import DivClaims, DivOClaims
from gateway.passport.fields import ClaimProblem
from gateway.passport.ppt import Ppt, ppt_of_header, ppt_of_parameter, read_claims
from gateway.passport.priority import RphClaims
from gateway.passport.rich_call_data import RcdClaims
from tests.passport.keys import PAYLOAD
from tests.passport.payloads import BASE, CLAIMS, DIV, DIV_O, RCD, RPH, SPH

GENUINE = [
    (Ppt.BASE, BASE, BaseClaims),
    (Ppt.SHAKEN, PAYLOAD, ShakenClaims),
    (Ppt.DIV, DIV, DivClaims),
    (Ppt.DIV_O, DIV_O, DivOClaims),
    (Ppt.RCD, RCD, RcdClaims),
    (Ppt.RPH, RPH, RphClaims),
    (Ppt.RPH, SPH, RphClaims),
]


@pytest.mark.parametrize(("ppt", "payload", "kind"), GENUINE)
def test_each_type_is_read_into_its_own_claims(ppt, payload, kind):
    found = read_claims(ppt, payload)
    assert type(found) is kind
    assert (found.orig, found.iat) == ("442079460123", PAYLOAD["iat"])


@given(st.sampled_from(GENUINE), CLAIMS)
def test_any_payload_of_any_type_gives_typed_claims_or_a_problem(genuine, changes):
    ppt, payload, kind = genuine
    found = read_claims(ppt, {**payload, **changes})
    if isinstance(found, ClaimProblem):
        assert not found.missing
        assert found.problem
    else:
        assert type(found) is kind
        assert isinstance(found, Claims)
        assert (found.orig is None) != (found.orig_uri is None)


@given(st.sampled_from(list(Ppt)), CLAIMS)
def test_any_claims_alone_give_typed_claims_or_a_problem(ppt, payload):
    found = read_claims(ppt, payload)
    assert isinstance(found, ClaimProblem | Claims)
    if isinstance(found, ClaimProblem):
        assert not found.missing or found.claim not in payload


@pytest.mark.parametrize(("ppt", "payload", "kind"), GENUINE)
def test_each_claim_that_is_needed_is_missed_by_name(ppt, payload, kind):
    for claim in payload:
        found = read_claims(ppt, {name: value for name, value in payload.items() if name != claim})
        if claim == "sph":
            assert type(found) is kind
        else:
            assert found == ClaimProblem(claim, f"the claim '{claim}' is missing", missing=True)


def test_claims_beyond_the_types_own_are_ignored():
    assert read_claims(Ppt.BASE, {**PAYLOAD, "rcd": 1}) == read_claims(Ppt.BASE, BASE)


def test_types_are_found_by_their_exact_name():
    assert [ppt_of_parameter(name) for name in ("shaken", "div", "div-o", "rcd", "rph")] == list(Ppt)[1:]
    assert ppt_of_parameter(None) is Ppt.BASE
    assert [ppt_of_parameter(name) for name in ("", "Shaken", "shaken ", "msg")] == [None] * 4
    assert ppt_of_header({}) is Ppt.BASE
    assert ppt_of_header({"ppt": "rcd"}) is Ppt.RCD


@pytest.mark.parametrize("value", [None, "", "base", 1, ["shaken"], {"shaken": 1}, True])
def test_a_header_whose_ppt_is_no_known_name_has_no_type(value):
    assert ppt_of_header({"ppt": value}) is None


def test_a_type_has_a_label_for_people():
    assert [ppt.label for ppt in Ppt] == ["base", "shaken", "div", "div-o", "rcd", "rph"]
