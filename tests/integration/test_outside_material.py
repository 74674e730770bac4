"""A node that knows of its surroundings only what five variables say, and material made elsewhere.

Certificates come from the `openssl` command and are served on port 8443, PASSporTs are made without the
gateway's code; every header is sent twice, as a chain that was cached wrongly fails only then.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509

from tests import pki
from tests.gateway_node import GatewayNode, running_node
from tests.integration.certificate_host import certificate_host
from tests.integration.forgeries import FORGED
from tests.integration.material import Material, with_, without
from tests.integration.openssl_pki import AUTHORITY, SHAKEN, SPC_DER, Certificate, make_certificate, revoke
from tests.integration.tokens import FROM, TO, make_identity, verification_request

PASSED, FAILED, NONE = "TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Material]:
    directory = tmp_path_factory.mktemp("outside")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8443))
        except OSError:
            pytest.skip("port 8443 is in use on this machine")
    root = make_certificate(
        directory / "root",
        subject="/C=US/O=Outside/CN=SHAKEN Outside ROOT",
        extensions=AUTHORITY,
        days=(-9, 9),
    )
    intermediate = make_certificate(
        directory / "intermediate",
        issuer=root,
        subject="/C=US/O=Outside/CN=SHAKEN Outside CA",
        extensions=AUTHORITY + "authorityKeyIdentifier = keyid\n",
        days=(-9, 9),
    )
    with certificate_host(8443) as host:
        yield Material(directory, host, root, intermediate)


@pytest.fixture(scope="module")
def revoked(material: Material) -> tuple[Certificate, Certificate]:
    """Two certificates that are revoked: in their issuer's own list, and in that of a list issuer."""
    return material.leaf("revoked-direct"), material.leaf("revoked-indirect")


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory,
    material: Material,
    revoked: tuple[Certificate, Certificate],
) -> Iterator[GatewayNode]:
    directory = tmp_path_factory.mktemp("judged")
    anchors, issuers, crls = (material.directory / name for name in ("anchors", "crl-issuers", "crls"))
    for each in (anchors, issuers, crls):
        each.mkdir()
    now = int(time.time())
    list_issuer = pki.make_crl_issuer(not_before=now - pki.DAY, not_after=now + pki.DAY)
    (anchors / "root.pem").write_bytes(material.root.pem)
    (issuers / "list-issuer.pem").write_bytes(list_issuer.pem)
    (crls / "direct.crl").write_bytes(revoke(material.intermediate, revoked[0]))
    indirect = x509.load_pem_x509_certificate(revoked[1].pem)
    (crls / "indirect.crl").write_bytes(
        pki.make_crl(
            list_issuer,
            [(indirect.issuer, indirect.serial_number)],
            point=pki.issuing_point(
                url="https://authenticate-api.iconectiv.com/download/v1/crl", indirect=True
            ),
            this_update=now - 3600,
            next_update=now + pki.DAY,
        )
    )
    environment = {
        "CALLMARK_LISTEN__REPOSITORY": None,
        "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(anchors),
        "CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY": str(issuers),
        "CALLMARK_TRUST__CRLS_DIRECTORY": str(crls),
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(material.host.ca_file),
    }
    with running_node(directory, environment=environment, workers=2) as node:
        yield node


def results(node: GatewayNode, identity: str, **changes: Any) -> set[tuple[str, int | None]]:
    """Verstat and reason code of the header sent twice to each of the two resources."""
    found: set[tuple[str, int | None]] = set()
    for _ in range(2):
        answer = node.post("/stir/v1/verification", verification_request(identity, **changes))
        assert answer.status == 200
        response = answer.json["verificationResponse"]
        found.add((response["verstat"], response.get("reasoncode")))
    return found


def reasons(node: GatewayNode, identity: str) -> list[str]:
    call = {
        "id": "1",
        "from": {"tn": FROM},
        "to": {"tn": [TO]},
        "time": int(time.time()),
        "identity": [identity],
    }
    answer = node.post("/v1/verdicts", {"call": call})
    assert answer.status == 200
    return [reason["code"] for reason in answer.json["verdict"]["reasons"]]


def test_the_taken_port_costs_only_the_repository_and_is_said(node: GatewayNode):
    (off,) = node.events("listener.off")
    assert off["key"] == "repository"
    assert "8443" in off["problem"]


GOOD: dict[str, dict[str, Any]] = {
    "profile": {},
    "policy-before-1-3": {"extensions": with_("certificatePolicies", "2.16.840.1.114569.1.1.1")},
    "policy-1-3": {"extensions": with_("certificatePolicies", "2.16.840.1.114569.1.1.3")},
    "policy-critical": {"extensions": with_("certificatePolicies", "critical, 2.16.840.1.114569.1.1.4")},
    "policy-canada": {"extensions": with_("certificatePolicies", "1.3.6.1.4.1.56223.1")},
    "common-name": {"subject": "/C=US/O=Example Carrier/CN=Example Carrier Inc SHAKEN"},
    "common-name-alone": {"subject": "/CN=SHAKEN"},
    "no-pointer-to-a-list": {"extensions": without("crlDistributionPoints")},
    "pointer-to-the-host": {"extensions": with_("crlDistributionPoints", "URI:https://127.0.0.1:8443/crl")},
    "no-identifiers": {
        "extensions": without("subjectKeyIdentifier").replace("authorityKeyIdentifier = keyid", "")
    },
    "no-basic-constraints": {"extensions": without("basicConstraints")},
    "usage-not-critical": {"extensions": with_("keyUsage", "digitalSignature")},
    "any-extended-usage": {"extensions": SHAKEN + "extendedKeyUsage = clientAuth, anyExtendedKeyUsage\n"},
    "alternative-name": {"extensions": SHAKEN + "subjectAltName = DNS:sti.example.org\n"},
    "valid-for-minutes": {"days": (-0.005, 0.005)},
}


@pytest.mark.parametrize("name", GOOD)
def test_a_certificate_that_should_pass_passes(node: GatewayNode, material: Material, name: str):
    identity = material.identity(name, material.leaf(name, **GOOD[name]))
    assert results(node, identity) == {(PASSED, None)}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_host_may_be_an_address_or_a_name(node: GatewayNode, material: Material, host: str):
    name = f"by-{host}"
    assert results(node, material.identity(name, material.leaf(name), host=host)) == {(PASSED, None)}


def test_the_root_may_stand_in_the_file_and_the_intermediate_may_be_missing_below_the_root(
    node: GatewayNode, material: Material
):
    both = (material.intermediate, material.root)
    identity = material.identity("with-root", material.leaf("with-root", chain=both))
    assert results(node, identity) == {(PASSED, None)}
    direct = material.leaf("of-the-root", issuer=material.root, chain=())
    assert results(node, material.identity("of-the-root", direct)) == {(PASSED, None)}


def test_a_certificate_of_no_loaded_list_passes_with_a_warning(node: GatewayNode, material: Material):
    elsewhere = with_("crlDistributionPoints", "URI:https://crl.example.org/other")
    leaf = material.leaf("unlisted", issuer=material.root, chain=(), extensions=elsewhere)
    found = reasons(node, material.identity("unlisted", leaf))
    assert found[0] == "stir.passed"
    assert "stir.revocation.unknown" in found


def test_revoked_certificates_are_refused_by_either_kind_of_list(
    node: GatewayNode, material: Material, revoked: tuple[Certificate, Certificate]
):
    for name, leaf in zip(("revoked-direct", "revoked-indirect"), revoked, strict=True):
        identity = material.identity(name, leaf)
        assert results(node, identity) == {(FAILED, 437)}
        assert reasons(node, identity)[0] == "stir.certificate.revoked"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"days": (-3, -2)}, "stir.certificate.expired"),
    "not-yet-valid": ({"days": (1, 2)}, "stir.certificate.expired"),
    "authority": ({"extensions": with_("basicConstraints", "critical, CA:TRUE")}, "stir.certificate.profile"),
    "signs-certificates": (
        {"extensions": with_("keyUsage", "critical, digitalSignature, keyCertSign")},
        "stir.certificate.profile",
    ),
    "usage-for-something-else": (
        {"extensions": SHAKEN + "extendedKeyUsage = clientAuth\n"}, "stir.certificate.profile",
    ),
    "other-policy": ({"extensions": with_("certificatePolicies", "1.2.3.4")}, "stir.certificate.profile"),
    "no-tnauthlist": ({"extensions": without("1.3.6.1.5.5.7.1.26")}, "stir.tnauthlist.invalid"),
    "empty-tnauthlist": (
        {"extensions": with_("1.3.6.1.5.5.7.1.26", "DER:30:00")}, "stir.tnauthlist.invalid",
    ),
    "untagged-tnauthlist": (
        {"extensions": with_("1.3.6.1.5.5.7.1.26", "DER:30:06:80:04:37:30:39:4a")}, "stir.tnauthlist.invalid",
    ),
    "cut-tnauthlist": (
        {"extensions": with_("1.3.6.1.5.5.7.1.26", SPC_DER.replace("30:08", "30:0a"))},
        "stir.tnauthlist.invalid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_certificate_that_should_fail_fails(node: GatewayNode, material: Material, name: str):
    how, reason = BAD[name]
    identity = material.identity(name, material.leaf(name, **how))
    assert results(node, identity) == {(FAILED, 437)}
    assert reasons(node, identity)[0] == reason


def test_chains_that_lead_nowhere_are_refused(node: GatewayNode, material: Material):
    own = {"subject": "/C=US/O=Outside/CN=SHAKEN Outside ROOT", "extensions": AUTHORITY, "days": (-9, 9)}
    impostor = make_certificate(material.directory / "impostor-root", **own)
    for name, how in {
        "unknown-root": {"issuer": impostor, "chain": (impostor,)},
        "self-signed": {"issuer": None, "chain": ()},
        "no-intermediate": {"chain": ()},
        "below-a-leaf": {
            "issuer": make_certificate(material.directory / "leaf-as-issuer", issuer=material.intermediate),
            "chain": (material.intermediate,),
        },
    }.items():
        identity = material.identity(name, material.leaf(name, **how))
        assert results(node, identity) == {(FAILED, 437)}, name
        assert reasons(node, identity)[0] == "stir.certificate.untrusted", name


def test_a_key_on_another_curve_is_437(node: GatewayNode, material: Material):
    for name, algorithm in {
        "p384": ("EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        "rsa": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    }.items():
        material.leaf(name, algorithm=algorithm)
        signer = material.leaf(f"signer-of-{name}")
        # Nobody can make an ES256 signature with these keys; what is refused is the certificate.
        identity = make_identity(signer.private_key, material.host.url(f"/{name}.pem"))
        assert results(node, identity) == {(FAILED, 437)}


@pytest.fixture(scope="module")
def forged(material: Material) -> Certificate:
    material.host.serve("/page.html", b"<html>No certificate here</html>", content_type="text/html")
    return material.leaf("forged")


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_header_gets_its_reason(
    node: GatewayNode, material: Material, forged: Certificate, name: str
):
    forge, expected = FORGED[name]
    assert results(node, forge(material, forged)) == {expected}


def test_sixty_good_calls_by_many_providers_all_pass(node: GatewayNode, material: Material):
    leaves = [(f"provider-{number}", material.leaf(f"provider-{number}")) for number in range(6)]
    for number in range(60):
        name, leaf = leaves[number % len(leaves)]
        caller, callee = f"4420794601{number:02d}", f"4416149601{number:02d}"
        claims = {"orig": {"tn": caller}, "dest": {"tn": [callee]}, "attest": "ABC"[number % 3]}
        identity = material.identity(name, leaf, payload=claims)
        numbers = {"from_": {"tn": f"+{caller}"}, "to": {"tn": [f"+{callee}"]}}
        assert results(node, identity, **numbers) == {(PASSED, None)}
