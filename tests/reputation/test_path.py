from __future__ import annotations

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.reputation.path import (
    PATHS,
    TRUNK_KINDS,
    UNKNOWN_PATH,
    SignatureState,
    path_of,
    proves_number,
    speaks_of,
)


def test_kinds_of_trunk_are_those_that_trunks_have():
    assert list(TRUNK_KINDS) == [kind.value for kind in TrunkKind]
    assert {path_of(kind, state) for kind in TrunkKind for state in SignatureState} == PATHS
    with pytest.raises(ValueError, match="no kind of trunk"):
        path_of("satellite", SignatureState.PASSED)


@pytest.mark.parametrize(
    ("path", "proves"),
    [
        ("international/passed", True),
        ("international/unsigned", False),
        ("international/failed", False),
        ("domestic/unsigned", False),
        ("customer/unsigned", True),
        ("access/failed", True),
        (UNKNOWN_PATH, False),
        ("satellite/passed", False),
    ],
)
def test_a_number_is_proven_by_its_signature_or_by_the_carriers_own_line(path, proves):
    assert proves_number(path) is proves


def test_complaints_about_calls_from_abroad_say_nothing_of_the_owners_own_calls():
    forged = "international/unsigned"
    assert speaks_of(forged, forged)
    assert not any(speaks_of(forged, call) for call in PATHS - {forged})


def test_what_is_proven_or_names_no_path_counts_wherever_the_number_calls():
    assert all(speaks_of(evidence, call) for evidence in ("domestic/passed", UNKNOWN_PATH) for call in PATHS)
