import pytest

from gateway.passport.fields import ClaimProblem
from gateway.passport.priority import MAX_R_VALUES, RphClaims, read_rph_claims
from tests.passport.payloads import RPH, SPH


def claims(**claims) -> RphClaims:
    found = read_rph_claims({**RPH, **claims})
    assert isinstance(found, RphClaims)
    return found


def problem(**claims) -> str:
    found = read_rph_claims({**RPH, **claims})
    assert isinstance(found, ClaimProblem)
    return found.claim


def test_the_authorised_values_are_read_without_their_case():
    assert claims().auth == ("ets.0", "wps.0")
    assert claims().sph is None


def test_other_assertions_beside_auth_are_ignored():
    assert claims(rph={"auth": ["ets.0"], "other": [1]}).auth == ("ets.0",)


@pytest.mark.parametrize(
    "rph",
    [None, [], "ets.0", {}, {"auth": None}, {"auth": []}, {"auth": "ets.0"}, {"auth": [1]}, {"auth": ["ets"]},
     {"auth": ["ets.0.1"]}, {"auth": ["ets."]}, {"auth": [".0"]}, {"auth": ["ets.0\r\n"]},
     {"auth": ["ets.0", ""]},
     {"auth": ["ets.0,wps.0"]}, {"auth": ['ets."0"']}, {"auth": ["ets.\N{FULLWIDTH DIGIT ZERO}"]},
     {"auth": ["a" * 65 + ".0"]}, {"auth": ["ets.0"] * (MAX_R_VALUES + 1)}],
)  # fmt: skip
def test_what_is_no_list_of_r_values_is_refused(rph):
    assert problem(rph=rph) == "rph"


def test_as_many_r_values_as_are_allowed_are_read():
    assert len(claims(rph={"auth": ["ets.0"] * MAX_R_VALUES}).auth) == MAX_R_VALUES


def test_a_call_back_stands_beside_an_emergency_value():
    found = read_rph_claims(SPH)
    assert isinstance(found, RphClaims)
    assert (found.auth, found.sph) == (("esnet.1",), "psap-callback")
    assert claims(rph={"auth": ["ets.0", "ESNET.4"]}, sph="psap-callback").sph == "psap-callback"


@pytest.mark.parametrize(
    "sph", [None, "", "emergency", "PSAP-callback", "psap-callback ", 1, ["psap-callback"]]
)
def test_any_other_value_of_sph_is_a_failure(sph):
    assert problem(rph={"auth": ["esnet.0"]}, sph=sph) == "sph"


@pytest.mark.parametrize("auth", [["ets.0"], ["esnet.5"], ["esnetx.0"]])
def test_a_call_back_without_an_emergency_value_is_a_failure(auth):
    assert problem(rph={"auth": auth}, sph="psap-callback") == "sph"
