from __future__ import annotations

import json

import pytest

from gateway.cli.certificates import certificates


@pytest.fixture
def without_node(development, tmp_path):
    return ("--data-directory", str(tmp_path / "data"))


def test_without_a_node_the_chain_of_the_configuration_is_written(run, pki_files, without_node, tmp_path):
    done = run(certificates, "export", str(tmp_path / "public"), "--json", *without_node)
    [(path, file)] = json.loads(done.stdout)["files"].items()
    assert (path, file) == ("/certs/shaken.pem", str(tmp_path / "public" / "certs" / "shaken.pem"))
    assert (tmp_path / "public" / "certs" / "shaken.pem").read_bytes() == pki_files.shaken.read_bytes()


def test_a_file_with_a_private_key_in_it_is_never_written(
    run, pki_files, without_node, tmp_path, monkeypatch
):
    both = tmp_path / "both.pem"
    both.write_bytes(pki_files.shaken.read_bytes() + pki_files.shaken_key.read_bytes())
    monkeypatch.setenv("CALLMARK_SIGNING__CERTIFICATE_FILE", str(both))
    done = run(certificates, "export", str(tmp_path / "public"), *without_node)
    assert done.exit_code == 1
    assert "private key" in done.stderr
    assert not (tmp_path / "public").exists()


def test_a_gateway_that_only_verifies_has_none(run, without_node, tmp_path, monkeypatch):
    for key in ("KEY_FILE", "CERTIFICATE_FILE", "X5U"):
        monkeypatch.setenv(f"CALLMARK_SIGNING__{key}", "")
    done = run(certificates, "export", str(tmp_path / "public"), *without_node)
    assert (done.exit_code, "only verifies" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "x5u", ["https://example.org/../../etc/x.pem", "https://example.org/..", "https://example.org/"]
)
def test_a_path_never_leads_out_of_the_directory(run, without_node, tmp_path, monkeypatch, x5u):
    monkeypatch.setenv("CALLMARK_SIGNING__X5U", x5u)
    done = run(certificates, "export", str(tmp_path / "a" / "public"), *without_node)
    assert done.exit_code == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_show_tells_whose_they_are_and_until_when(run, without_node):
    shown = run(certificates, "show", *without_node)
    assert "provider codes 818H" in shown.stdout
    assert "days left" in shown.stdout
    document = json.loads(run(certificates, "show", "--json", *without_node).stdout)
    leaf, issuer = document["certificates"][0]["chain"]
    assert (leaf["spc"], leaf["issuer"]) == (["818H"], issuer["subject"])
