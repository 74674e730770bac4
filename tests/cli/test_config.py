from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.config import config
from tests.generation.conftest import COMMITTED, anchor_pem

__all__ = ["anchor_pem"]


@pytest.fixture
def environment(tmp_path: Path, anchor_pem: bytes) -> dict[str, str]:
    (tmp_path / "root.pem").write_bytes(anchor_pem)
    return {
        "CALLMARK_CONFIG_DIRECTORY": str(COMMITTED),
        "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(tmp_path),
        "CALLMARK_LISTEN__REPOSITORY": "",
        "CALLMARK_SIGNING__KEY_FILE": "",
        "CALLMARK_SIGNING__CERTIFICATE_FILE": "",
        "CALLMARK_SIGNING__X5U": "",
        "CALLMARK_REDIS__URL": "redis://user:hunter2@redis.example.org/0",
    }


def test_a_good_configuration_is_summed_up(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(config, ["check"], env=environment)
    assert result.exit_code == 0, result.output
    assert "all good" in result.output
    assert "trunks: 4" in result.output


def test_a_file_of_tls_that_is_not_there_is_a_problem(environment: dict[str, str]) -> None:
    broken = {**environment, "CALLMARK_X5U__TLS_CA_FILE": "/none.pem", "CALLMARK_VERDICT__DNO": "label"}
    result = CliRunner().invoke(config, ["check"], env=broken)
    assert result.exit_code == 1
    assert result.stderr.startswith("/none.pem: ([x5u] tls_ca_file) cannot be read: no such file")


def test_problems_are_listed_on_stderr_and_end_with_1(environment: dict[str, str]) -> None:
    broken = {**environment, "CALLMARK_VERDICT__DNO": "blok"}
    result = CliRunner().invoke(config, ["check"], env=broken)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "did you mean 'block'?" in result.stderr


def test_problems_as_json_hold_every_field(environment: dict[str, str]) -> None:
    broken = {**environment, "CALLMARK_VERDICT__DNO": "blok"}
    result = CliRunner().invoke(config, ["check", "--json"], env=broken)
    answer = json.loads(result.stdout)
    assert answer["ok"] is False
    assert answer["problems"][0]["key"] == "CALLMARK_VERDICT__DNO"


def test_show_tells_where_a_value_comes_from_and_no_password(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(config, ["show", "--json"], env=environment)
    assert "hunter2" not in result.output
    keys = {(key["section"], key["key"]): key for key in json.loads(result.stdout)}
    assert keys["redis", "url"]["source"] == "CALLMARK_REDIS__URL"
    assert keys["verdict", "dno"]["source"].startswith(f"{COMMITTED}/policy.toml:")
    assert keys["x5u", "prewarm_file"]["source"] == "default"
    assert keys["signing", "key_file"]["takes_effect"] == "reload"
    assert keys["listen", "calls"]["takes_effect"] == "restart"


def test_wrong_usage_ends_with_2() -> None:
    assert CliRunner().invoke(config, ["check", "--nonsense"]).exit_code == 2
