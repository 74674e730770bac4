"""Two countries' authorities at one node: a trunk that names its trust domains believes no other's."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests import pki
from tests.gateway_node import PROJECT, GatewayNode, running_node
from tests.integration.certificate_host import certificate_host
from tests.integration.tokens import make_identity, verification_request
from tests.pki import DAY
from tests.repository import Repository

PASSED, FAILED = "TN-Validation-Passed", "TN-Validation-Failed"
MAN_POLICY = "1.2.250.1.695.1.1.1.1"
TRUNK = """
[[trunk]]
name = "{name}"
kind = "domestic"
country = "FR"
url_prefix = "/{name}"
trust_domains = {domains}
credentials = [{{ token_name = "development" }}]
"""
TRUNKS = {"man": ["france"], "shaken": ["default"], "both": ["default", "france"], "any": []}
DOMAIN = """
[[trust_domain]]
name = "france"
anchors_directory = "certs/france"
policy_oids = ["{policy}"]
"""

Sign = Callable[[], str]


@pytest.fixture(scope="module")
def host() -> Iterator[Repository]:
    with certificate_host() as host:
        yield host


def fetching_from(host: Repository) -> dict[str, str]:
    return {
        "CALLMARK_X5U__ALLOWED_PORTS": f"443,8443,{host.port}",
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__TLS_CA_FILE": str(host.ca_file),
    }


def provider(host: Repository, root: pki.Issued, path: str, policy: str) -> Sign:
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    authority = pki.make_intermediate(root, **valid)
    leaf = pki.make_leaf(authority, replace=[(pki.policies(policy), False)], **valid)
    host.serve(path, leaf.pem + authority.pem)
    key = leaf.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return lambda: make_identity(key, host.url(path))


@pytest.fixture(scope="module")
def roots() -> dict[str, pki.Issued]:
    now = int(time.time())
    return {
        name: pki.make_root(f"SHAKEN {name} ROOT", not_before=now - DAY, not_after=now + DAY)
        for name in ("trust", "france")
    }


@pytest.fixture(scope="module")
def shaken(host: Repository, roots: dict[str, pki.Issued]) -> Sign:
    return provider(host, roots["trust"], "/shaken.pem", "2.16.840.1.114569.1.1.4")


@pytest.fixture(scope="module")
def man(host: Repository, roots: dict[str, pki.Issued]) -> Sign:
    return provider(host, roots["france"], "/man.pem", MAN_POLICY)


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, host: Repository, roots: dict[str, pki.Issued]
) -> Iterator[GatewayNode]:
    directory = tmp_path_factory.mktemp("domains")
    for name, root in roots.items():
        (directory / "certs" / name).mkdir(parents=True)
        (directory / "certs" / name / "root.pem").write_bytes(root.pem)
    files = {
        "trunks.toml": (PROJECT / "config" / "trunks.toml").read_text()
        + "".join(TRUNK.format(name=name, domains=domains) for name, domains in TRUNKS.items()),
        "gateway.toml": (PROJECT / "config" / "gateway.toml").read_text() + DOMAIN.format(policy=MAN_POLICY),
    }
    with running_node(directory, environment=fetching_from(host), files=files) as node:
        yield node


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_trunk_believes_the_domains_it_names_or_all(
    node: GatewayNode, shaken: Sign, man: Sign, trunk: str
) -> None:
    for domain, sign in (("default", shaken), ("france", man)):
        is_believed = not TRUNKS[trunk] or domain in TRUNKS[trunk]
        for _ in range(2):
            request = verification_request(sign())
            answer = node.post(f"/{trunk}/stir/v1/verification", request).json["verificationResponse"]
            assert answer["verstat"] == (PASSED if is_believed else FAILED)
            assert answer.get("reasoncode") == (None if is_believed else 437)
        asked = request["verificationRequest"]
        call = {"id": f"{trunk}-{domain}", "from": asked["from"], "to": asked["to"], "time": asked["time"]}
        body = {"call": call | {"identity": [asked["identity"]]}}
        verdict = node.post(f"/{trunk}/v1/verdicts", body).json["verdict"]
        code = "stir.passed" if is_believed else "stir.certificate.domain"
        assert verdict["reasons"][0]["code"] == code


def test_the_command_line_judges_a_header_as_the_trunk_does(
    node: GatewayNode, host: Repository, man: Sign
) -> None:
    for trunk, status in (("man", 0), ("shaken", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "verify", "--trunk", trunk, man()],
            cwd=node.directory, env=fetching_from(host), timeout=120,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        assert ("stir.certificate.domain" in done.stdout) == bool(status)
