"""The development certificates are what a carrier would get, and are made once."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.certificates.chain import ValidatedChain, parse_chain, validate
from gateway.certificates.tnauthlist import TnAuthListError
from gateway.certificates.trust import Trust, build_trust
from gateway.cli.development_pki import DevelopmentPki, make_development_pki
from tests.pki import DAY, NOW


def validated(pki: DevelopmentPki, now: int = NOW):
    trust = build_trust(
        anchors=[("root.pem", pki.root.read_bytes())],
        crl_issuers=[("crl-issuer.pem", pki.crl_issuer.read_bytes())],
        crls=[("crl.pem", pki.crl.read_bytes())],
    )
    assert isinstance(trust, Trust)
    return validate(parse_chain(pki.shaken.read_bytes()), trust, now)


def test_the_signing_certificate_is_believed_without_a_single_warning(tmp_path: Path):
    pki = make_development_pki(tmp_path / "certs" / "dev", spc="587L", now=NOW)
    chain = validated(pki)
    assert isinstance(chain, ValidatedChain)
    assert chain.warnings == ()
    assert chain.spc == ("587L",)
    assert 364 * DAY < chain.not_after - NOW <= 366 * DAY
    key = load_pem_private_key(pki.shaken_key.read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    assert key.public_key() == chain.public_key


def test_the_files_have_their_names_and_keys_are_their_owners_alone(tmp_path: Path):
    pki = make_development_pki(tmp_path, now=NOW)
    assert {path.name for path in tmp_path.iterdir()} == {
        "root.pem",
        "intermediate.pem",
        "shaken.pem",
        "shaken.key",
        "tls.pem",
        "tls.key",
        "tls-ca.pem",
        "crl.pem",
        "crl-issuer.pem",
    }
    for path in pki.files:
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.suffix == ".key" else 0o644)
        assert (b"PRIVATE KEY" in path.read_bytes()) is (path.suffix == ".key")


def test_a_complete_set_is_left_alone(tmp_path: Path):
    before = {path: path.read_bytes() for path in make_development_pki(tmp_path, now=NOW).files}
    assert {path: path.read_bytes() for path in make_development_pki(tmp_path, now=NOW + DAY).files} == before


@pytest.mark.parametrize("name", ["shaken.pem", "tls.key", "crl.pem"])
def test_an_incomplete_set_is_made_again_as_a_whole(tmp_path: Path, name: str):
    pki = make_development_pki(tmp_path, now=NOW)
    root = pki.root.read_bytes()
    (tmp_path / name).unlink()
    assert isinstance(validated(make_development_pki(tmp_path, now=NOW)), ValidatedChain)
    assert pki.root.read_bytes() != root


def test_an_unreadable_or_expired_set_is_made_again(tmp_path: Path):
    pki = make_development_pki(tmp_path, now=NOW)
    pki.shaken.write_bytes(b"")
    assert isinstance(validated(make_development_pki(tmp_path, now=NOW)), ValidatedChain)
    later = NOW + 400 * DAY
    assert isinstance(validated(make_development_pki(tmp_path, now=later), later), ValidatedChain)


def test_the_tls_certificate_is_for_this_machine_and_fits_its_key(tmp_path: Path):
    pki = make_development_pki(tmp_path, now=NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pki.tls, pki.tls_key)
    ssl.create_default_context(cafile=str(pki.tls_ca))
    certificate = x509.load_pem_x509_certificate(pki.tls.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "callmark.localhost"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.tls_ca.read_bytes()))


def test_what_is_no_provider_code_makes_nothing(tmp_path: Path):
    with pytest.raises(TnAuthListError):
        make_development_pki(tmp_path / "dev", spc="8 H", now=NOW)
    assert not (tmp_path / "dev").exists()


def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path):
    (tmp_path / "tls.key").mkdir()
    with pytest.raises(OSError, match=r"tls\.key"):
        make_development_pki(tmp_path, now=NOW)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
