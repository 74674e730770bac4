import pytest

from gateway.passport.diversion import (
    MAX_OPT_CHARACTERS,
    DivClaims,
    DivOClaims,
    read_div_claims,
    read_div_o_claims,
)
from gateway.passport.fields import ClaimProblem
from gateway.passport.passport import decode
from gateway.passport.signature import verify
from tests.passport.keys import public_key
from tests.passport.payloads import DIV, DIV_O

RFC8946_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmzGM1VsO+3IqbMF54rQMaYKQftO4\n"
    "hUYm9wv5wutLgEd9FsiTy3+4+Wa2O7pffOXPC0QzO+yD8hGEXGP/2mZo6w=="
)
# RFC 8946 section 3, signed with the key of its appendix A.
RFC8946_3_TOKEN = (
    "eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly93d3cuZXhhbXBsZS5jb20vY2Vy"
    "dC5jZXIifQ.eyJkZXN0Ijp7InRuIjpbIjEyMTU1NTUxMjE0Il19LCJkaXYiOnsidG4iOiIxMjE1NTU1NTEyMTMifSwiaWF0IjoxNDQzM"
    "jA4MzQ1LCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifX0.xBHWipDEEJ8a6TsdX6xUXAnblsFiGUiAxwLiv0HLC9IICj6eG9jQd6Wze"
    "SSjHRBwxmChHhVIiMTSqIlk3yCNkg"
)


def problem(**claims) -> str:
    found = read_div_claims({**DIV, **claims})
    assert isinstance(found, ClaimProblem)
    assert not found.missing
    return found.claim


def test_a_diversion_is_read():
    assert read_div_claims(DIV) == DivClaims(
        dest=("447700900123",), div="441614960000", iat=DIV["iat"], orig="442079460123"
    )


def test_the_example_of_rfc_8946_verifies_with_its_claims():
    verified = verify(decode(RFC8946_3_TOKEN), public_key(RFC8946_KEY))
    assert verified is not None
    assert verified.claims == DivClaims(
        dest=("12155551214",), div="121555551213", iat=1443208345, orig="12155551212"
    )


def test_a_diversion_may_be_from_a_uri_and_name_its_history_entry():
    found = read_div_claims({**DIV, "div": {"uri": "sip:a@example.org", "hi": "1.2.1"}})
    assert isinstance(found, DivClaims)
    assert (found.div, found.div_uri, found.hi) == (None, "sip:a@example.org", "1.2.1")


@pytest.mark.parametrize(
    "div",
    [None, "441614960000", [], {}, {"hi": "1"}, {"tn": ""}, {"tn": ["441614960000"]}, {"tn": 1}, {"x": "1"},
     {"tn": "1", "uri": "sip:a@example.org"}, {"tn": "1", "x": 1}, {"uri": None},
     {"tn": "1", "hi": 1}, {"tn": "1", "hi": ""}, {"tn": "1", "hi": "1."}, {"tn": "1", "hi": "1\r\nX: y"},
     {"tn": "1", "hi": ".".join(["1"] * 33)}, {"tn": "1", "hi": "\N{ARABIC-INDIC DIGIT ONE}"}],
)  # fmt: skip
def test_a_diversion_is_from_one_identity(div):
    assert problem(div=div) == "div"


@pytest.mark.parametrize("claim", ["attest", "origid", "opt"])
def test_a_retargeter_does_not_say_who_called_or_carry_another_passport(claim):
    assert problem(**{claim: "A"}) == claim


@pytest.mark.parametrize("claim", ["attest", "origid"])
def test_neither_does_one_that_nests(claim):
    found = read_div_o_claims({**DIV_O, claim: "A"})
    assert isinstance(found, ClaimProblem)
    assert found.claim == claim


@pytest.mark.parametrize("dest", [{"tn": "447700900123"}, {}, None])
def test_a_dest_of_another_shape_is_refused_as_everywhere(dest):
    # RFC 8946 section 5 prints div-o with a dest.tn that is a bare string.
    assert problem(dest=dest) == "dest"
    found = read_div_o_claims({**DIV_O, "dest": dest})
    assert isinstance(found, ClaimProblem)
    assert found.claim == "dest"


def test_what_is_nested_is_given_as_it_came():
    found = read_div_o_claims(DIV_O)
    assert isinstance(found, DivOClaims)
    assert found.opt == "e30.e30.AA"


@pytest.mark.parametrize(
    "opt",
    [None, 1, "", "..AA", "a.b", "a.b.c.d", "a.b.", "a.b.c\n", 'a.b.c"', "a.b.c;info=<x>", {"a": 1},
     "a.b." + "c" * MAX_OPT_CHARACTERS],
)  # fmt: skip
def test_what_is_nested_is_a_full_form(opt):
    found = read_div_o_claims({**DIV_O, "opt": opt})
    assert isinstance(found, ClaimProblem)
    assert found.claim == "opt"


def test_the_longest_nested_passport_is_read():
    opt = "a.b." + "c" * (MAX_OPT_CHARACTERS - 4)
    assert isinstance(read_div_o_claims({**DIV_O, "opt": opt}), DivOClaims)


def test_a_problem_repeats_nothing_that_was_sent():
    for claims in ({"div": {"tn": "secret", "x": 1}}, {"div": {"tn": "1", "hi": "secret"}}):
        found = read_div_claims({**DIV, **claims})
        assert isinstance(found, ClaimProblem)
        assert "secret" not in found.problem
