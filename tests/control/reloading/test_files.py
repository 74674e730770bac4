from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gateway.control.reloading.files import Configuration, read_configuration
from gateway.generation.problem import Problem
from tests import pki
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

    monkeypatch.setattr("gateway.control.reloading.files.build", rewrite)
    assert [each.message for each in problems_of(directory)] == ["is being written at this moment"]


def test_a_directory_that_is_not_there_is_told_once_a_file(tmp_path: Path) -> None:
    found = problems_of(tmp_path / "nowhere")
    assert len(found) == len({each.file for each in found}) == 6


DOMAIN = """
[[trust_domain]]
name = "france"
anchors_directory = "{anchors}"
policy_oids = ["1.2.250.1.695.1.1.1.1"]
allow_delegate_shaken = true
overdue_grace_hours = 2
"""


def with_domains(directory: Path, *domains: str) -> Configuration | list[Problem]:
    with (directory / "gateway.toml").open("a") as file:
        file.write("".join(domains))
    return read_configuration(directory, {})


def test_a_further_trust_domain_has_its_own_anchors_and_rules(directory: Path) -> None:
    read = with_domains(directory, DOMAIN.format(anchors=directory.parent / "anchors"))
    assert isinstance(read, Configuration), read
    default, france = read.generation.trust.domains
    assert (default.name, default.allow_delegate_shaken) == ("default", False)
    assert (france.name, france.allow_delegate_shaken) == ("france", True)
    assert france.policy_oids == {"1.2.250.1.695.1.1.1.1"}
    assert france.revocation.overdue_grace_seconds == 7_200
    assert default.revocation.wait_for_missing


def test_problems_of_trust_domains_are_placed(directory: Path) -> None:
    anchors = directory.parent / "anchors"
    other = directory.parent / "other"
    other.mkdir()
    (other / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    again = DOMAIN.format(anchors=anchors)
    found = with_domains(directory, again, again)
    assert isinstance(found, list)
    [twice] = found
    assert twice.key == "trust_domain[1].name"
    assert "stands twice" in twice.message
    (directory / "gateway.toml").write_text(f'[trust]\nanchors_directory = "{anchors}"\n')
    [unread] = with_domains(directory, DOMAIN.format(anchors=other))
    assert unread.file == str(other / "bad.pem")
    (directory / "gateway.toml").write_text(f'[trust]\nanchors_directory = "{anchors}"\n')
    empty = directory.parent / "empty"
    empty.mkdir()
    [nobody] = with_domains(directory, DOMAIN.format(anchors=empty))
    assert nobody.file.startswith(str(empty))
    assert "no trust anchor" in nobody.message


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('crl_urls = ["http://crl.example.org/crl"]', "trust.crl_urls", "not an https"),
        ('crl_urls = ["https://10.0.0.1/crl"]', "trust.crl_urls", "is not fetched"),
        ("refresh_seconds = 5", "trust.refresh_seconds", "at least 10"),
        ('when_crl_unobtainable = "pass"', "trust.when_crl_unobtainable", "one of accept, refuse"),
        ("overdue_grace_hours = -1", "trust.overdue_grace_hours", "at least 0"),
        ('x5u_prefixes = ["https://certs.example.org"]', "trust.x5u_prefixes", "beginning of an address"),
        ("policy_oids = []", "trust.policy_oids", "is empty"),
        ('trust_list_file = "x"', "trust.trust_list_file", "nobody could vouch"),
        ('trust_list_signers_directory = "x"', "trust.trust_list_signers_directory", "no effect"),
        (
            'trust_list_url = "https://10.0.0.1/x"\ntrust_list_signers_directory = "x"',
            "trust.trust_list_url",
            "is not fetched",
        ),
        (
            '[[trust_domain]]\nname = "x"\npolicy_oids = ["1.2.3"]',
            "trust_domain[0]",
            "neither anchors_directory nor a trust list",
        ),
        ('[[trust_domain]]\nname = "default"\npolicy_oids = ["1.2.3"]', "trust_domain[0].name", "is default"),
    ],
)
def test_each_mistake_in_trust_is_told_with_its_line(
    directory: Path, line: str, key: str, words: str
) -> None:
    found = with_domains(directory, f"{line}\n")
    assert isinstance(found, list)
    [problem] = found
    assert problem.key.startswith(key)
    assert problem.line is not None
    assert words in str(problem)


def test_a_fetched_list_that_no_longer_fits_does_not_stop_a_reload(directory: Path) -> None:
    crl = pki.make_crl(pki.make_crl_issuer())
    obtained = {"fetched/https://crl.example.org/crl": crl, "fetched/https://crl.example.org/x": b"garbage"}
    read = read_configuration(directory, {}, obtained=obtained)
    assert isinstance(read, Configuration), read
    [default] = read.generation.trust.domains
    assert default.crls.lists == ()
