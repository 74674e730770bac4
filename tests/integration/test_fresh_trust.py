"""Revocation lists on the road of a call: fetched when a certificate first names them, and kept fresh.

The node knows only what five variables say; certificates, lists and their misbehaving host are the test's.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests import pki
from tests.control.trust.test_trust_lists import jws
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.certificate_host import certificate_host
from tests.integration.tokens import FROM, TO, make_identity
from tests.pki import DAY
from tests.repository import Repository

PASSED, FAILED, NONE = "TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation"


@dataclass(frozen=True)
class Surroundings:
    """Authorities of now, and a host of certificates and lists."""

    directory: Path
    host: Repository
    root: pki.Issued
    intermediate: pki.Issued
    crl_issuer: pki.Issued

    @property
    def environment(self) -> dict[str, str | None]:
        return {
            "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(self.directory / "anchors"),
            "CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY": str(self.directory / "crl-issuers"),
            "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
            "CALLMARK_X5U__ALLOWED_PORTS": f"8443,{self.host.port}",
            "CALLMARK_X5U__TLS_CA_FILE": str(self.host.ca_file),
            # A host that hangs does so for longer than any call waits.
            "CALLMARK_X5U__FETCH_TIMEOUT_MS": "30000",
        }

    def leaf(self, name: str, **how: Any) -> pki.Issued:
        """A certificate served at /name.pem whose list is at /name.crl."""
        now = int(time.time())
        pointer = (pki.crl_pointer(self.host.url(f"/{name}.crl")), False)
        leaf = pki.make_leaf(
            self.intermediate, not_before=now - DAY, not_after=now + DAY, replace=[pointer], **how
        )
        self.host.serve(f"/{name}.pem", leaf.pem + self.intermediate.pem)
        return leaf

    def crl(self, name: str, *revoked: Any, issuer: pki.Issued | None = None, **how: Any) -> bytes:
        """The list of /name.crl, by the list issuer or by another."""
        now = int(time.time())
        how = {"this_update": now - 3_600, "next_update": now + DAY} | how
        indirect = issuer is None or how.pop("indirect", False)
        point = pki.issuing_point(url=self.host.url(f"/{name}.crl"), indirect=indirect)
        return pki.make_crl(
            issuer or self.crl_issuer, revoked, indirect=indirect, point=point, pem=False, **how
        )

    def identity(self, name: str, leaf: pki.Issued) -> str:
        assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
        return make_identity(leaf.key, self.host.url(f"/{name}.pem"))


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    directory = tmp_path_factory.mktemp("fresh")
    now = int(time.time())
    dates = {"not_before": now - 9 * DAY, "not_after": now + 9 * DAY}
    root = pki.make_root(**dates)
    # Without a pointer of its own: only the leaf's list is in question here.
    intermediate = pki.issue(
        pki.name("SHAKEN Fresh CA"),
        [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (pki.AUTHORITY_USAGE, True),
        ],
        issuer=root,
        **dates,
    )
    crl_issuer = pki.make_crl_issuer(**dates)
    for folder, issued in (("anchors", root), ("crl-issuers", crl_issuer)):
        (directory / folder).mkdir()
        (directory / folder / "one.pem").write_bytes(issued.pem)
    with certificate_host() as host:
        yield Surroundings(directory, host, root, intermediate, crl_issuer)


@pytest.fixture(scope="module")
def node(around: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("node"), environment=around.environment, workers=2) as running:
        yield running


def verdict(node: GatewayNode, identity: str, **request: Any) -> tuple[str, set[str]]:
    """Verstat and the codes of all reasons."""
    call = {
        "id": "1",
        "from": {"tn": FROM},
        "to": {"tn": [TO]},
        "time": int(time.time()),
        "identity": [identity],
    }
    answer = node.post("/v1/verdicts", {"call": call, **request})
    assert answer.status == 200, answer.body
    found = answer.json["verdict"]
    return found["verstat"], {reason["code"] for reason in found["reasons"]}


@pytest.mark.parametrize("issuer", ["configured", "own authority"])
def test_a_list_is_fetched_for_the_first_call_and_believed(around, node, issuer):
    name = f"good-{issuer[:3]}"
    leaf = around.leaf(name)
    around.host.serve(
        f"/{name}.crl", around.crl(name, issuer=around.intermediate if issuer != "configured" else None)
    )
    for _ in range(2):
        assert verdict(node, around.identity(name, leaf), max_ms=10_000)[0] == PASSED
    assert around.host.requests[f"/{name}.crl"] == 1


@pytest.mark.parametrize("issuer", ["configured", "own authority"])
def test_what_the_list_revokes_is_refused_from_the_first_call_on(around, node, issuer):
    name = f"revoked-{issuer[:3]}"
    leaf = around.leaf(name)
    crl = around.crl(name, leaf, issuer=around.intermediate if issuer != "configured" else None)
    around.host.serve(f"/{name}.crl", crl)
    for _ in range(2):
        verstat, codes = verdict(node, around.identity(name, leaf), max_ms=10_000)
        assert verstat == FAILED
        assert "stir.certificate.revoked" in codes


def test_the_same_serial_of_another_issuer_is_not_revoked(around, node):
    leaf = around.leaf("serial")
    entries = [(pki.name("SHAKEN Another CA"), leaf.certificate.serial_number), (None, 7)]
    around.host.serve("/serial.crl", around.crl("serial", *entries))
    assert verdict(node, around.identity("serial", leaf), max_ms=10_000)[0] == PASSED


def test_an_issuer_is_carried_forward_from_entry_to_entry(around, node):
    leaf = around.leaf("carried")
    entries = [
        (pki.name("SHAKEN Another CA"), 5),
        (leaf.certificate.issuer, 6),
        (None, leaf.certificate.serial_number),
    ]
    around.host.serve("/carried.crl", around.crl("carried", *entries))
    assert verdict(node, around.identity("carried", leaf), max_ms=10_000)[0] == FAILED


def wrong_issuer(around: Surroundings) -> bytes:
    now = int(time.time())
    stranger = pki.make_crl_issuer(subject=pki.name("Nobody"), not_before=now - DAY, not_after=now + DAY)
    return around.crl("wrong-issuer", issuer=stranger, indirect=True)


BAD = {
    "wrong-issuer": wrong_issuer,
    "wrong-signature": lambda around: around.crl("wrong-signature", key=pki.new_key()),
    "elsewhere": lambda around: around.crl("another"),
    "future": lambda around: around.crl("future", this_update=int(time.time()) + 3_600),
    "garbage": lambda _: b"\x30\x03garbage",
    "empty": lambda _: b"",
    "page": lambda _: b"<html>not found</html>",
}


def not_obtained(node: GatewayNode, name: str) -> list[dict[str, Any]]:
    """The log's lines about this list, once there is one."""

    def lines() -> list[dict[str, Any]]:
        found = node.events("revocation list not obtained")
        return [line for line in found if line["url"].endswith(f"/{name}.crl")]

    eventually(lines)
    return lines()


@pytest.mark.parametrize("name", BAD)
def test_a_list_that_is_not_to_be_believed_counts_as_one_that_cannot_be_had(around, node, name):
    leaf = around.leaf(name)
    around.host.serve(f"/{name}.crl", BAD[name](around))
    verstat, codes = verdict(node, around.identity(name, leaf), max_ms=10_000)
    assert verstat == PASSED, codes
    assert len(not_obtained(node, name)) == 1


def test_a_list_that_is_too_long_is_not_read(around, node):
    leaf = around.leaf("long")
    around.host.serve("/long.crl", around.crl("long", leaf), length=100_000_000)
    assert verdict(node, around.identity("long", leaf), max_ms=10_000)[0] == PASSED
    [told] = not_obtained(node, "long")
    assert "longer than 50000000 bytes" in told["problem"]


def test_a_host_that_hangs_holds_up_its_own_certificates_alone(around, node):
    hanging, again, other = around.leaf("hangs"), around.leaf("hangs-too"), around.leaf("beside")
    around.host.hang("/hangs.crl")
    around.host.hang("/hangs-too.crl")
    around.host.serve("/beside.crl", around.crl("beside"))
    verstat, codes = verdict(node, around.identity("hangs", hanging), max_ms=3_000)
    assert (verstat, "stir.revocation.pending" in codes) == (NONE, True)
    assert verdict(node, around.identity("beside", other), max_ms=10_000)[0] == PASSED
    answer = node.post(
        "/stir/v1/verification",
        {
            "verificationRequest": {
                "from": {"tn": FROM},
                "to": {"tn": [TO]},
                "time": int(time.time()),
                "identity": around.identity("hangs-too", again),
            }
        },
    ).json["verificationResponse"]
    assert (answer["reasoncode"], answer["verstat"]) == (436, NONE)


def test_calls_that_wait_share_one_fetch_and_pass_when_it_ends(around, node):
    leaf = around.leaf("held")
    released = around.host.hold("/held.crl", around.crl("held"))
    identity = around.identity("held", leaf)
    with ThreadPoolExecutor(6) as callers:
        waiting = [callers.submit(verdict, node, identity, max_ms=10_000) for _ in range(6)]
        eventually(lambda: around.host.requests["/held.crl"])
        threading.Timer(0.3, released.set).start()
        assert {each.result()[0] for each in waiting} == {PASSED}
    assert around.host.requests["/held.crl"] == 1


def test_a_certificate_revoked_later_is_refused_without_a_restart_and_stays_so(around, node):
    leaf = around.leaf("later")
    now = int(time.time())
    old = around.crl("later", next_update=now + 8, this_update=now - 10)
    around.host.serve("/later.crl", old)
    assert verdict(node, around.identity("later", leaf), max_ms=10_000)[0] == PASSED
    around.host.serve("/later.crl", around.crl("later", leaf, this_update=now - 5, next_update=now + 16))
    eventually(lambda: verdict(node, around.identity("later", leaf))[0] == FAILED)
    # Yesterday's list, from whoever can serve it, revokes nothing less.
    around.host.serve("/later.crl", around.crl("later", this_update=now - 8))
    seen = around.host.requests["/later.crl"]
    eventually(lambda: around.host.requests["/later.crl"] > seen + 1)
    assert verdict(node, around.identity("later", leaf))[0] == FAILED
    eventually(
        lambda: any("older" in line["problem"] for line in node.events("revocation list not obtained"))
    )


def test_what_strangers_certificates_miss_is_counted_and_does_not_degrade_the_node(node):
    def metrics() -> str:
        return node.administer("GET", "/metrics").body.decode()

    eventually(lambda: re.search(r'callmark_revocation_lists\{state="missing"\} [1-9]', metrics()))
    assert 'callmark_list_fetches_total{kind="crl",result="failed"}' in metrics()
    assert "never obtained" not in str(node.administer("GET", "/readyz").json)


def test_an_overdue_list_and_a_configured_one_that_is_missing_are_told_to_the_operator(around, tmp_path):
    leaf, now = around.leaf("overdue"), int(time.time())
    around.host.serve("/overdue.crl", around.crl("overdue", this_update=now - 9_000, next_update=now - 60))
    environment = around.environment | {"CALLMARK_TRUST__CRL_URLS": around.host.url("/configured.crl")}
    with running_node(tmp_path, environment=environment) as node:

        def said() -> str:
            return " ".join(node.administer("GET", "/readyz").json["reasons"])

        eventually(lambda: "[trust] crl_urls never obtained: 1" in said())
        verstat, codes = verdict(node, around.identity("overdue", leaf), max_ms=10_000)
        assert verstat == PASSED, codes
        eventually(lambda: "revocation lists overdue: 1" in said())
        eventually(lambda: node.events("trust grows old"))
        around.host.serve("/overdue.crl", around.crl("overdue", leaf))
        around.host.serve("/configured.crl", around.crl("configured"))
        assert node.administer("POST", "/admin/v1/reload").json["taken"]
        eventually(lambda: verdict(node, around.identity("overdue", leaf))[0] == FAILED)
        eventually(lambda: "revocation lists" not in said())


def test_the_last_good_list_outlives_a_restart_while_its_host_is_down(around, tmp_path):
    leaf = around.leaf("kept")
    around.host.serve("/kept.crl", around.crl("kept", leaf))
    with running_node(tmp_path, environment=around.environment) as first:
        assert verdict(first, around.identity("kept", leaf), max_ms=10_000)[0] == FAILED
    around.host.hang("/kept.crl")
    (tmp_path / "config").rename(tmp_path / "config-before")
    with running_node(tmp_path, environment=around.environment) as second:
        assert verdict(second, around.identity("kept", leaf), max_ms=10_000)[0] == FAILED


def test_policy_may_refuse_a_certificate_whose_list_cannot_be_had(around, tmp_path):
    leaf = around.leaf("unobtainable")
    environment = around.environment | {"CALLMARK_TRUST__WHEN_CRL_UNOBTAINABLE": "refuse"}
    with running_node(tmp_path, environment=environment) as node:
        verstat, codes = verdict(node, around.identity("unobtainable", leaf), max_ms=10_000)
        assert (verstat, "stir.revocation.unobtainable" in codes) == (NONE, True)
        around.host.serve("/unobtainable.crl", around.crl("unobtainable"))
        eventually(lambda: verdict(node, around.identity("unobtainable", leaf))[0] == PASSED)


def test_nothing_is_fetched_where_fetching_is_off(around, tmp_path):
    leaf = around.leaf("off")
    around.host.serve("/off.crl", around.crl("off", leaf))
    environment = around.environment | {"CALLMARK_TRUST__FETCH_CRLS": "false"}
    with running_node(tmp_path, environment=environment) as node:
        assert verdict(node, around.identity("off", leaf), max_ms=10_000)[0] == PASSED
    assert around.host.requests["/off.crl"] == 0


def test_an_authority_that_a_trust_list_takes_up_is_believed_without_a_restart(around, tmp_path):
    now = int(time.time())
    pa = pki.make_root("STI-PA", not_before=now - DAY, not_after=now + DAY)
    (tmp_path / "nobody").mkdir()
    (tmp_path / "pa").mkdir()
    (tmp_path / "pa" / "pa.pem").write_bytes(pa.pem)
    leaf = around.leaf("listed")
    around.host.serve("/listed.crl", around.crl("listed"))
    other = pki.make_root("SHAKEN Another ROOT")
    around.host.serve("/ca-list", jws(other, signer=pa, exp=now + DAY))
    environment = around.environment | {
        "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(tmp_path / "nobody"),
        "CALLMARK_TRUST__TRUST_LIST_URL": around.host.url("/ca-list"),
        "CALLMARK_TRUST__TRUST_LIST_SIGNERS_DIRECTORY": str(tmp_path / "pa"),
        "CALLMARK_SIGNING__KEY_FILE": "",
        "CALLMARK_SIGNING__CERTIFICATE_FILE": "",
        "CALLMARK_SIGNING__X5U": "",
    }
    with running_node(tmp_path, environment=environment) as node:
        eventually(lambda: node.events("trust list in force"))
        assert verdict(node, around.identity("listed", leaf), max_ms=10_000)[0] == FAILED
        around.host.serve("/ca-list", jws(other, around.root, signer=pa, exp=now + DAY, sequence=8))
        assert node.administer("POST", "/admin/v1/reload").json["taken"]
        eventually(lambda: verdict(node, around.identity("listed", leaf))[0] == PASSED)
        around.host.serve("/ca-list", jws(other, signer=pa, exp=now + DAY, sequence=7))
        assert node.administer("POST", "/admin/v1/reload").json["taken"]
        eventually(lambda: any("older" in each["problem"] for each in node.events("trust list not obtained")))
        assert verdict(node, around.identity("listed", leaf), max_ms=10_000)[0] == PASSED
