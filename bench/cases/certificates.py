"""Certificates of strangers: thousands never seen before, and a host that connects and says nothing."""

from __future__ import annotations

import contextlib
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from bench import material
from bench.cases.case import RATE, Row, Tally, ask, cpu_us, in_time, key_of, milliseconds, one_worker
from bench.cases.certificate_hosts import Hosts, running_hosts
from bench.load import LoadError
from bench.measure import measure
from bench.subjects import Node
from tests import pki

CERTIFICATES = 17_000
HOSTS = 3
COLD_RATE = 150.0
"""First calls a second: each costs a TLS handshake at both ends, as much as a dozen known ones."""
PORTION = 1_000
"""Calls that are signed at once: PASSporTs are fresh for a minute."""
DEAD_SHARE = 5
"""Each so-manieth call names the dead host."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody's certificate, where it is and its key."""

    x5u: str
    key: EllipticCurvePrivateKey
    chain_pem: bytes


def cold(directory: Path) -> Row:
    """17,000 certificates never seen before, over three hosts: each of its first call, and then again."""
    authority = _authority(directory)
    with running_hosts(directory / "hosts", HOSTS) as hosts:
        signers = _signers(hosts, authority)
        hosts.serve({signer.x5u: signer.chain_pem for signer in signers})
        with one_worker(directory, settings=_settings(hosts)) as node:
            first, tally = [], Tally()
            for portion in _portions(signers):
                first += ask(node, _calls(portion), tally, rate=COLD_RATE).latencies
            again, warm, one = Tally(), [], []
            for portion in _portions(signers):
                warm.append(cpu_us(ask(node, _calls(portion), again)))
                one.append(cpu_us(ask(node, material.calls(len(portion), key=key_of(directory)), Tally())))
            fetched = hosts.stop()
    ratio = statistics.median(many / single for many, single in zip(warm, one, strict=True))
    return Row(
        {
            "certificates": len(signers),
            "answered_in_time": in_time(first),
            "verified_at_first_call": tally.said["passed"] / len(signers),
            "first_call_p50_ms": milliseconds(first, 0.5),
            "first_call_p99_ms": milliseconds(first, 0.99),
            "verified_at_second_call": again.said["passed"] / len(signers),
            "fetches_a_certificate": round(fetched / len(signers), 3),
            "cpu_of_a_call_vs_one_certificate": round(ratio, 3),
        },
        wanted="all answered within max_ms, all verified at the second call",
        is_met=in_time(first) == 1 and again.said["passed"] == len(signers),
    )


def dead_host(directory: Path) -> Row:
    """A host that takes connections and never answers, named by every fifth call."""
    with contextlib.ExitStack() as running:
        silent = running.enter_context(_silent_host())
        settings = {
            "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
            "CALLMARK_X5U__ALLOWED_PORTS": f"8443,{silent}",
        }
        node = running.enter_context(one_worker(directory, settings=settings))
        key = key_of(directory)
        before = ask(node, material.calls(3_000, key=key), Tally(), rate=RATE)
        genuine, hanging = _with_dead_host(node, key, silent)
    return Row(
        {
            "genuine_calls": len(genuine),
            "calls_naming_the_dead_host": len(hanging),
            "answered_in_time": in_time(genuine + hanging),
            "genuine_p50_ms": milliseconds(genuine, 0.5),
            "genuine_p99_ms": milliseconds(genuine, 0.99),
            "genuine_p99_ms_before": milliseconds(before.latencies, 0.99),
            "dead_host_highest_ms": milliseconds(hanging, 1.0),
        },
        wanted="all answered within max_ms",
        is_met=in_time(genuine + hanging) == 1,
    )


def _with_dead_host(node: Node, key: EllipticCurvePrivateKey, port: int) -> tuple[list[float], list[float]]:
    """Ten seconds of calls; the genuine ones' times, and the others'."""
    count = int(RATE * 10)
    calls = material.calls(count, key=key)
    named = range(0, count, DEAD_SHARE)
    for place in named:
        x5u = f"https://127.0.0.1:{port}/{place}.pem"
        (call,) = material.calls(1, key=key, x5u=x5u)
        calls[place] = call
    checks = [material.is_answered if place in named else material.is_allowed for place in range(count)]
    requests = [material.verdict(call, node.token) for call in calls]
    times = measure(node.port, requests, checks, servers=node.workers, rate=RATE).latencies
    hanging = [times[place] for place in named]
    return [time for place, time in enumerate(times) if place not in named], hanging


@contextlib.contextmanager
def _silent_host() -> Iterator[int]:
    """A port of loopback where the kernel takes connections and nobody ever reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield int(listener.getsockname()[1])


def _authority(directory: Path) -> pki.Issued:
    """An authority that the node will trust, with its revocation list in place."""
    now = int(time.time())
    root = pki.make_root(not_before=now - pki.DAY, not_after=now + 9 * pki.DAY)
    issuer = pki.make_crl_issuer(not_before=now - pki.DAY, not_after=now + 9 * pki.DAY)
    (directory / "certs" / "trust" / "bench-root.pem").write_bytes(root.pem)
    (directory / "crl-issuers" / "bench.pem").write_bytes(issuer.pem)
    crl = pki.make_crl(issuer, this_update=now - 3600, next_update=now + pki.DAY)
    (directory / "crls" / "bench.pem").write_bytes(crl)
    return pki.make_intermediate(root, not_before=now - pki.DAY, not_after=now + 9 * pki.DAY)


def _signers(hosts: Hosts, authority: pki.Issued) -> list[Signer]:
    now = int(time.time())
    made = []
    for number in range(CERTIFICATES):
        leaf = pki.make_leaf(authority, not_before=now - 3600, not_after=now + 9 * pki.DAY)
        if not isinstance(leaf.key, EllipticCurvePrivateKey):
            raise LoadError("a certificate for signing calls has an EC key")
        x5u = f"{hosts.urls[number % HOSTS]}/{number}.pem"
        made.append(Signer(x5u, leaf.key, leaf.pem + authority.pem))
    return made


def _portions(signers: Sequence[Signer]) -> Iterator[Sequence[Signer]]:
    for first in range(0, len(signers), PORTION):
        yield signers[first : first + PORTION]


def _calls(signers: Sequence[Signer]) -> list[material.Call]:
    """A call signed by each of them."""
    return [material.calls(1, key=each.key, x5u=each.x5u)[0] for each in signers]


def _settings(hosts: Hosts) -> dict[str, str]:
    return {
        "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
        "CALLMARK_X5U__ALLOWED_PORTS": ",".join(map(str, (8443, *hosts.ports))),
        "CALLMARK_X5U__TLS_CA_FILE": str(hosts.ca_file),
    }
