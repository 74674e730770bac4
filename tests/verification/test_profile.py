"""France's MAN beside ATIS: the rows of its rule P59 that differ, and those that do not."""

from __future__ import annotations

import pytest

from gateway.reasons import ALG_PARAMETER_MISSING, PARAMETERS_TOO_MANY, Finding
from gateway.verification.profile import ATIS, FRANCE_MAN, PROFILES
from tests.passport.keys import X5U
from tests.verification.calls import PASSED, A, CallDraft, said, shaken, verified
from tests.verification.drafts import NOW

GENUINE = shaken(A)


def test_profiles_are_found_by_their_name():
    assert PROFILES == {"atis": ATIS, "france-man": FRANCE_MAN}


@pytest.mark.parametrize("profile", [ATIS, FRANCE_MAN])
def test_a_genuine_header_passes_everywhere(profile):
    assert said(GENUINE, profile=profile) == PASSED
    assert said(GENUINE + ";x=1", profile=profile) == PASSED


def test_a_missing_alg_means_es256_but_in_france():
    without = GENUINE.replace(";alg=ES256", "")
    assert said(without) == PASSED
    assert said(without, profile=FRANCE_MAN) == ("No-TN-Validation", 437)
    missing = verified(without, profile=FRANCE_MAN).outcome.finding
    assert missing == Finding(ALG_PARAMETER_MISSING, parameter="alg")


def test_france_allows_four_parameters():
    assert said(GENUINE + ";x=1;y=2") == PASSED
    assert said(GENUINE + ";x=1;y=2", profile=FRANCE_MAN) == ("No-TN-Validation", 438)
    too_many = verified(GENUINE + ";x=1;y=2", profile=FRANCE_MAN).outcome.finding
    assert too_many == Finding(PARAMETERS_TOO_MANY, "found 5")


@pytest.mark.parametrize("profile", [ATIS, FRANCE_MAN])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (GENUINE.replace("alg=ES256", "alg=ES384"), 437),
        (GENUINE.replace(';ppt="shaken"', ";ppt=other"), 438),
        (GENUINE.replace(f"info=<{X5U}>;", ""), 436),
        (GENUINE.replace(".pem>", ".per>"), 436),
        (shaken(A, attest="a"), 438),
        (shaken(A, orig={"tn": "442079460124"}), 438),
        (shaken(A, dest={"tn": ["442079460124"]}), 438),
        (shaken(A, iat=NOW - 61), 403),
        (shaken(A, iat=NOW + 61), 403),
    ],
)
def test_the_other_faults_have_the_same_code_everywhere(value, code, profile):
    assert said(value, profile=profile) == ("No-TN-Validation", code)


def test_no_header_at_all_is_428():
    assert CallDraft([], profile=FRANCE_MAN).concluded().outcome.finding.reason.cause.code == 428
