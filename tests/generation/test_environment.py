from __future__ import annotations

import pytest

from gateway.generation.environment import read_overrides, value_from_text
from gateway.generation.settings import Settings, X5uTable, build_settings, sections


def settings_from(**environment: str) -> Settings:
    overrides, problems = read_overrides(environment, sections(Settings))
    assert problems == []
    settings = build_settings(b"[listen]\nworkers = 3\n", overrides)
    assert isinstance(settings, Settings), settings
    return settings


def test_every_kind_of_key_can_be_set() -> None:
    settings = settings_from(
        CALLMARK_TRUST__ANCHORS_DIRECTORY="/etc/anchors",
        CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY="/etc/issuers",
        CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES="true",
        CALLMARK_X5U__ALLOWED_PORTS="443, 9443",
        CALLMARK_X5U__TLS_CA_FILE="",
        CALLMARK_TLS__LISTENERS='["repository"]',
        CALLMARK_LISTEN__WORKERS="2",
    )
    assert settings.trust.anchors_directory == "/etc/anchors"
    assert settings.x5u.allow_private_addresses is True
    assert settings.x5u.allowed_ports == (443, 9443)
    assert settings.x5u.tls_ca_file is None
    assert settings.listen.workers == 2


def test_every_key_of_the_settings_has_a_variable_that_sets_it() -> None:
    variables = {
        f"CALLMARK_{section}__{key}".upper(): "x"
        for section, model in sections(Settings).items()
        for key in model.model_fields
    }
    overrides, problems = read_overrides(variables, sections(Settings))
    assert (len(overrides), problems) == (len(variables), [])


@pytest.mark.parametrize("variable", ["CALLMARK_PORT", "CALLMARK_SERVICE_HOST", "CALLMARK_TOKEN", "PATH"])
def test_what_others_set_is_passed_over(variable: str) -> None:
    assert read_overrides({variable: "tcp://10.0.0.1:80"}, sections(Settings)) == ({}, [])


@pytest.mark.parametrize(
    "variable", ["CALLMARK_LISTEN_CALLS", "CALLMARK_X__Y", "CALLMARK_", "CALLMARK_listen__calls"]
)
def test_a_variable_that_sets_nothing_is_a_problem(variable: str) -> None:
    overrides, problems = read_overrides({variable: "1"}, sections(Settings))
    assert overrides == {}
    assert [problem.key for problem in problems] == [variable]


def test_text_that_does_not_fit_is_left_for_the_model_to_refuse() -> None:
    annotation = X5uTable.model_fields["allow_private_addresses"].annotation
    assert value_from_text("yes", annotation) == "yes"
    assert value_from_text("1_000", int) == "1_000"
