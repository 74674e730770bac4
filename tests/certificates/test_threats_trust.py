"""Revocation lists, keys and trust files as an attacker would make them: one test for each kind.

Most of these are also told apart in the tests of the single files; here each kind of attack stands once,
against the answer it must get: `UNSUPPORTED` is what a switch hears as 437, `UNOBTAINED` as 436.
"""

from __future__ import annotations

import base64
import tracemalloc

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.certificates.chain import ChainError, parse_chain
from gateway.certificates.domain import Problem
from gateway.certificates.revocation import missing_lists
from gateway.certificates.revocation_state import RevocationPolicy
from gateway.certificates.trust import Trust, build_trust
from gateway.certificates.x5u import X5uPolicy, check_x5u
from tests import pki
from tests.certificates.extensions import (
    ROOT,
    UNOBTAINED,
    UNSUPPORTED,
    answer,
    believed,
    tlv,
)
from tests.pki import DAY, NOW

CRL_ISSUER = pki.make_crl_issuer()
INTERMEDIATE = pki.make_intermediate(ROOT)


# --- C8, C9, C10: revocation ---------------------------------------------------------------------

LEAF = pki.make_leaf(INTERMEDIATE)


def listed_in(*crls: bytes, policy: RevocationPolicy | None = None, issuers=(CRL_ISSUER,)):
    return build_trust(
        anchors=[("root.pem", ROOT.pem)],
        crl_issuers=[("issuer.pem", issuer.pem) for issuer in issuers],
        crls=[(f"{number}.crl", crl) for number, crl in enumerate(crls)],
        revocation=policy,
    )


def test_what_is_revoked_is_refused_by_indirect_and_direct_lists():
    for revoked in (LEAF, INTERMEDIATE):
        trust = listed_in(pki.make_crl(CRL_ISSUER, [revoked]))
        assert answer(LEAF, INTERMEDIATE, trust=trust) == UNSUPPORTED
    direct = pki.make_crl(INTERMEDIATE, [LEAF], indirect=False)
    assert answer(LEAF, INTERMEDIATE, trust=listed_in(direct)) == UNSUPPORTED


def test_a_list_by_the_wrong_hand_is_never_used():
    for crl in (
        pki.make_crl(CRL_ISSUER, key=pki.new_key()),
        pki.make_crl(pki.make_crl_issuer(subject=pki.name("Another"))),
    ):
        found = listed_in(crl)
        assert isinstance(found, list)
        assert [one.file for one in found] == ["0.crl"]


def test_the_same_serial_of_another_issuer_revokes_nothing():
    entry = (pki.name("SHAKEN Another CA"), LEAF.certificate.serial_number)
    assert answer(LEAF, INTERMEDIATE, trust=listed_in(pki.make_crl(CRL_ISSUER, [entry]))) is None


def test_a_list_never_seen_is_waited_for_where_the_operator_says_so():
    assert answer(LEAF, INTERMEDIATE) is None
    wait = RevocationPolicy(wait_for_missing=True)
    assert answer(LEAF, INTERMEDIATE, trust=listed_in(policy=wait)) == UNOBTAINED
    assert answer(LEAF, INTERMEDIATE, trust=listed_in(pki.make_crl(CRL_ISSUER), policy=wait)) is None


def test_an_overdue_list_is_used_for_its_grace_and_no_longer():
    trust = listed_in(
        pki.make_crl(CRL_ISSUER, next_update=NOW), policy=RevocationPolicy(overdue_grace_seconds=DAY)
    )
    assert [answer(LEAF, INTERMEDIATE, trust=trust, now=now) for now in (NOW, NOW + DAY, NOW + DAY + 1)] == [
        None,
        None,
        UNOBTAINED,
    ]


def test_a_long_list_takes_bounded_memory_and_is_found_in():
    serials = range(2**64, 2**64 + 5_000)
    crl = pki.make_crl(CRL_ISSUER, [(INTERMEDIATE.certificate.subject, 2), *((None, one) for one in serials)])
    tracemalloc.start()
    trust = listed_in(crl)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(trust, Trust)
    assert used < 5_000 * 500
    assert answer(LEAF, INTERMEDIATE, trust=trust) is None


def test_the_addresses_of_lists_go_by_the_rules_of_certificates():
    leaf = pki.make_leaf(ROOT, replace=[(pki.crl_pointer("https://169.254.169.254/latest"), False)])
    (missing,) = missing_lists([(leaf.certificate, ROOT.certificate)])
    assert check_x5u(missing.url, X5uPolicy()) is not None
    assert check_x5u(pki.CRL_URL, X5uPolicy()) is None
    assert [each.url for each in believed(leaf).missing_lists] == [missing.url]


# --- C11: keys -----------------------------------------------------------------------------------


def as_pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def test_a_point_beside_the_curve_is_no_key():
    der = LEAF.der
    point = der.index(b"\x03\x42\x00\x04") + 4
    with pytest.raises(ChainError):
        parse_chain(as_pem(der[:point] + b"\x01" * 64 + der[point + 64 :]))


def test_explicit_curve_parameters_are_no_key():
    key = LEAF.key.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    g = (
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    integer = lambda value: tlv(0x02, value.to_bytes(33, "big"))  # noqa: E731 - one word in one place
    parameters = tlv(
        0x30,
        tlv(0x02, b"\x01"),
        tlv(0x30, bytes.fromhex("06072a8648ce3d0101"), integer(p)),
        tlv(0x30, tlv(0x04, (p - 3).to_bytes(32, "big")), tlv(0x04, b.to_bytes(32, "big"))),
        tlv(0x04, bytes.fromhex(g)),
        integer(n),
        tlv(0x02, b"\x01"),
    )
    explicit = tlv(
        0x30,
        tlv(0x30, bytes.fromhex("06072a8648ce3d0201"), parameters),
        tlv(0x03, b"\x00" + point),
    )
    certificate = LEAF.certificate
    tbs = certificate.tbs_certificate_bytes
    body = tbs[4:].replace(spki, explicit)
    rest = LEAF.der[4 + len(tbs) :]
    changed = tlv(0x30, tlv(0x30, body), rest)
    # The library reads it as an ordinary P-256 key.
    assert x509.load_der_x509_certificate(changed).public_key() == key
    with pytest.raises(ChainError, match="not a named one"):
        parse_chain(as_pem(changed))


# --- C12: the trust itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"# nothing\n", b"-----BEGIN CERTIFICATE-----\n", b"\x00" * 100]
)
def test_a_bad_file_gives_no_trust_rather_than_an_empty_one(data):
    found = build_trust(anchors=[("good.pem", ROOT.pem), ("bad.pem", data)])
    assert isinstance(found, list)
    assert [one.file for one in found] == ["bad.pem"]


def test_no_file_at_all_gives_no_trust():
    found = build_trust(anchors=[])
    assert found == [Problem("", "there is no trust anchor, so no call could ever be verified")]
