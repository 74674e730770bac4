"""Bytes to certificates: what is said of those that are none, and how a stranger's text is shown."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.certificates.reading import (
    CertificateError,
    _elements,
    read_certificates,
    read_pem_certificates,
    show,
)
from tests import pki
from tests.hostile.certificates import armour, certificate, person

ROOT = pki.make_root()
LEAF = pki.make_leaf(ROOT)
LONG = b"\x04\x82\x01\x00" + bytes(256)


def said(read, data: bytes) -> str:
    with pytest.raises(CertificateError) as caught:
        read(data)
    return str(caught.value)


def test_what_is_no_certificate_is_said_in_a_phrase():
    assert said(read_certificates, b"\x30\x00") == "holds neither a PEM nor a DER certificate"
    assert said(read_pem_certificates, b"text") == "holds no PEM certificate"
    broken = LEAF.pem[:60] + b"!" + LEAF.pem[60:]
    assert said(read_pem_certificates, broken) == "holds a PEM certificate that cannot be read"
    assert said(read_pem_certificates, LEAF.pem + b"-----BEGIN PRIVATE KEY-----") == (
        "holds a private key, which belongs to nobody but its owner"
    )


def doubled(der: bytes) -> bytes:
    """A certificate whose subject key identifier calls itself a second key usage."""
    return der.replace(b"\x06\x03\x55\x1d\x0e", b"\x06\x03\x55\x1d\x0f", 1)


def test_the_certificate_that_cannot_be_read_is_counted_from_one():
    words = "cannot be read: Duplicate 2.5.29.15 extension found"
    assert said(read_certificates, doubled(LEAF.der)) == f"the certificate {words}"
    assert said(read_pem_certificates, LEAF.pem + armour(doubled(LEAF.der))) == f"certificate 2 {words}"


def test_version_1_is_said_so():
    old = certificate(person("SHAKEN 709J"), {}, issuer=None, version=b"")
    assert said(read_certificates, old.der) == "the certificate is not X.509 version 3"


def test_the_curves_of_authorities_are_named_too():
    for key in (
        pki.new_key(ec.SECP384R1()),
        pki.new_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 2048),
    ):
        assert read_certificates(pki.make_root(key=key).pem)


@pytest.mark.parametrize(
    ("sequence", "held"),
    [
        (b"\x30\x00", []),
        (b"\x30\x03\x02\x01\x05", [b"\x02\x01\x05"]),
        (b"\x30\x05\x05\x00\x02\x01\x05", [b"\x05\x00", b"\x02\x01\x05"]),
        (b"\x30\x81\x83\x04\x81\x80" + b"a" * 128, [b"\x04\x81\x80" + b"a" * 128]),
        (b"\x30\x82\x01\x06\x05\x00" + LONG, [b"\x05\x00", LONG]),
        (b"\x30\x81\x81\x04\x7f" + b"a" * 127, [b"\x04\x7f" + b"a" * 127]),
    ],
)  # fmt: skip
def test_a_sequence_is_cut_into_what_it_holds(sequence, held):
    assert _elements(sequence) == held


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CN=SHAKEN 709J", "CN=SHAKEN 709J"),
        ("a\r\nb\x1b[1m\x00", "a??b?[1m?"),
        ("é 号", "é 号"),
        ("a" * 200, "a" * 200),
        ("a" * 201, "a" * 199 + "…"),
    ],
)
def test_a_strangers_text_is_shown_printable_and_short(text, shown):
    assert show(text) == shown
