from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gateway.control.files import Configuration, read_configuration
from gateway.generation.problem import Problem
from tests.generation.conftest import COMMITTED, anchor_pem

__all__ = ["anchor_pem"]


@pytest.fixture
def directory(tmp_path: Path, anchor_pem: bytes) -> Path:
    directory = tmp_path / "config"
    shutil.copytree(COMMITTED, directory)
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "root.pem").write_bytes(anchor_pem)
    (tmp_path / "anchors" / "README.md").write_text("Not a certificate.")
    (tmp_path / "anchors" / "..data").mkdir()
    settings = f'[trust]\nanchors_directory = "{tmp_path}/anchors"\n'
    (directory / "gateway.toml").write_text(settings)
    return directory


def problems_of(directory: Path, **environment: str) -> list[Problem]:
    found = read_configuration(directory, environment)
    assert isinstance(found, list)
    return found


def test_a_good_directory_is_read_whole(directory: Path) -> None:
    configuration = read_configuration(directory, {"CALLMARK_VERDICT__DNO": "label", "PATH": "/bin"})
    assert isinstance(configuration, Configuration), configuration
    assert configuration.texts.variables == {"CALLMARK_VERDICT__DNO": "label"}
    assert len(configuration.generation.trust.anchors) == 1


def test_a_link_is_followed_and_a_loop_is_a_problem(directory: Path) -> None:
    (directory / "dno.csv").rename(directory / "real.csv")
    (directory / "dno.csv").symlink_to("real.csv")
    assert isinstance(read_configuration(directory, {}), Configuration)
    (directory / "real.csv").unlink()
    (directory / "real.csv").symlink_to("dno.csv")
    assert [(each.file, each.message) for each in problems_of(directory)] == [
        (str(directory / "dno.csv"), "cannot be read: too many levels of symbolic links")
    ]


def test_a_missing_file_is_named_once_with_what_to_do(directory: Path) -> None:
    (directory / "dno.csv").unlink()
    assert [str(each) for each in problems_of(directory)] == [
        f"{directory}/dno.csv: is missing (it may hold no rows, but must be there)"
    ]


def test_a_pipe_a_directory_and_a_file_open_to_all_are_refused_without_waiting(directory: Path) -> None:
    for name in ("dno.csv", "brands.toml"):
        (directory / name).unlink()
    os.mkfifo(directory / "dno.csv")
    (directory / "brands.toml").mkdir()
    (directory / "inventory.csv").chmod(0o666)
    assert sorted(each.message for each in problems_of(directory)) == [
        "is not a regular file",
        "is not a regular file",
        "may be written by everybody on this machine",
    ]


def test_a_file_too_large_to_be_a_configuration_is_not_read(directory: Path) -> None:
    with (directory / "dno.csv").open("r+b") as file:
        file.truncate(50_000_001)
    assert [e.message for e in problems_of(directory)] == [
        "is 50000001 bytes long; at most 50000000 are read"
    ]


def test_settings_and_policy_are_told_together(directory: Path) -> None:
    (directory / "gateway.toml").write_text("[lisen]\n")
    (directory / "policy.toml").write_text("[verdct]\n")
    assert {each.file for each in problems_of(directory)} == {
        f"{directory}/gateway.toml",
        f"{directory}/policy.toml",
    }


def test_problems_of_trust_files_are_placed_where_the_operator_keeps_them(directory: Path) -> None:
    anchors = directory.parent / "anchors"
    (anchors / "bad.pem").write_text("no certificate")
    assert [each.file for each in problems_of(directory)] == [f"{anchors}/bad.pem"]
    shutil.rmtree(anchors)
    assert [str(each) for each in problems_of(directory)] == [
        f"{anchors}: cannot be read: no such file or directory"
    ]


def test_a_name_no_file_can_have_is_a_problem(directory: Path) -> None:
    found = problems_of(directory, CALLMARK_TRUST__CRLS_DIRECTORY="a\x00b")
    assert [each.key for each in found] == ["CALLMARK_TRUST__CRLS_DIRECTORY"]


def test_names_and_variables_that_are_not_text_are_problems(directory: Path) -> None:
    (directory.parent / "anchors" / os.fsdecode(b"caf\xe9.pem")).write_text("x")
    found = problems_of(directory, CALLMARK_VERDICT__DNO=os.fsdecode(b"\xff"))
    assert sorted(each.message.partition(":")[0] for each in found) == [
        "holds a file whose name is not UTF-8",
        "is not UTF-8 text",
    ]


def test_a_file_that_never_holds_still_is_not_read_as_a_mixture(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = iter(range(100))

    def rewrite(*_: object) -> list[Problem]:
        (directory / "dno.csv").write_text(
            "number_or_range,label,source,note,expires\n" + "#" * next(count) + "\n"
        )
        return []

    monkeypatch.setattr("gateway.control.files.build", rewrite)
    assert [each.message for each in problems_of(directory)] == ["is being written at this moment"]


def test_a_directory_that_is_not_there_is_told_once_a_file(tmp_path: Path) -> None:
    found = problems_of(tmp_path / "nowhere")
    assert len(found) == len({each.file for each in found}) == 6
