from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.cli.development_pki import DevelopmentPki, make_development_pki
from gateway.control.reloading.transport_files import transport_problems
from gateway.generation.settings import Settings


@pytest.fixture
def pki(tmp_path: Path) -> DevelopmentPki:
    return make_development_pki(tmp_path / "dev", now=int(time.time()))


def said(**tables: object) -> list[str]:
    return [str(problem) for problem in transport_problems(Settings.model_validate(tables))]


def test_files_that_fit_are_no_problem(pki: DevelopmentPki, tmp_path: Path) -> None:
    listed = tmp_path / "prewarm.txt"
    listed.write_text("# providers\n\nhttps://certificates.example.org/a.pem\n")
    tls = {"certificate_file": str(pki.tls), "key_file": str(pki.tls_key), "client_ca_file": str(pki.tls_ca)}
    tls["listeners"] = ["calls"]
    assert said(tls=tls, x5u={"tls_ca_file": str(pki.tls_ca), "prewarm_file": str(listed)}) == []
    assert said() == []


def test_a_certificate_no_listener_shows_may_be_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    assert said(tls={"certificate_file": missing, "key_file": missing, "listeners": ["repository"]}) == []


def test_each_file_that_is_missing_is_told_with_its_key(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    found = said(
        listen={"repository": "127.0.0.1:8443"},
        tls={"certificate_file": missing, "key_file": missing, "client_ca_file": missing},
        x5u={"tls_ca_file": missing, "prewarm_file": missing},
    )
    assert found == [
        f"{missing}: ({key}) cannot be read: no such file or directory{hint}"
        for key, hint in (
            ("[tls] certificate_file", " (`callmark pki dev` makes one to try with)"),
            ("[tls] client_ca_file", ""),
            ("[x5u] tls_ca_file", ""),
            ("[x5u] prewarm_file", ""),
        )
    ]


def test_a_key_of_another_certificate_is_told(pki: DevelopmentPki) -> None:
    tls = {"certificate_file": str(pki.tls), "key_file": str(pki.shaken_key), "listeners": ["calls"]}
    [problem] = said(tls=tls)
    assert f"{pki.shaken_key}: ([tls] key_file) cannot be used with certificate_file {pki.tls}" in problem


def test_a_key_with_a_passphrase_is_refused_and_not_asked_about(pki: DevelopmentPki, tmp_path: Path) -> None:
    key = load_pem_private_key(pki.tls_key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    tls = {"certificate_file": str(pki.tls), "key_file": str(locked), "listeners": ["calls"]}
    [problem] = said(tls=tls)
    assert "without a passphrase" in problem


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff\xfe"])
def test_authorities_that_are_none_are_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    [problem] = said(x5u={"tls_ca_file": str(file)})
    assert problem.startswith(f"{file}: ([x5u] tls_ca_file) holds no certificates that can be read")


def test_an_address_nobody_may_fetch_from_is_told_with_its_line(tmp_path: Path) -> None:
    listed = tmp_path / "prewarm.txt"
    listed.write_text("https://certificates.example.org/a.pem\nhttp://certificates.example.org/b.pem\n")
    [problem] = said(x5u={"prewarm_file": str(listed)})
    assert problem.startswith(f"{listed}:2: 'http://certificates.example.org/b.pem' is no address")
    listed.write_bytes(b"\xff")
    assert said(x5u={"prewarm_file": str(listed)}) == [f"{listed}: ([x5u] prewarm_file) is not UTF-8"]
