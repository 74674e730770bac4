"""In a network namespace of its own: the forbidden addresses, all listened on, and a node that is sent there.

`test_canary.py` starts this with `unshare --net --mount`. Here the loopback device gets every address the
gateway must never connect to, so that a connection would come about; a name server answers names with them.
A node with the default settings is then sent to each; after it, the fetcher alone with leave to go there
shows that the listeners would have heard. One JSON object on standard output says who was connected to.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import aiohttp

from gateway.certificates.x5u import X5uPolicy
from gateway.fetch.fetcher import CertificateFetcher, CertificateUnobtainableError, FetchPolicy
from tests import pki
from tests.gateway_node import GatewayNode, running_node
from tests.integration.tokens import FROM, TO, make_identity

FORBIDDEN = [
    "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.0.0.8",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1",
    "::1", "fd00::1", "fd12:3456:789a::1", "fec0::1", "100::1", "2001:db8::1", "2001::1", "3fff::1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2002:a00:1::1", "::a9fe:a9fe",
    "2606:4700::5efe:a00:1",
]  # fmt: skip
UNSPECIFIED = ["0.0.0.0", "::", "::ffff:169.254.169.254", "::ffff:10.0.0.1"]
"""These reach listeners too, under another of the addresses."""
PUBLIC = "9.9.9.9"
"""Not forbidden, and this network has no way to it: what the name server says next is tried after it."""
PORTS = (443, 8443)

DISGUISES = [
    "https://{}/a.pem", "https://{}:8443/a.pem",
    "https://2852039166/a.pem", "https://0xa9fea9fe/a.pem", "https://0251.0376.0251.0376/a.pem",
    "https://0xa9.0xfe.0xa9.0xfe/a.pem", "https://169.254.43518/a.pem", "https://169.16689662/a.pem",
    "https://127.1/a.pem", "https://127.0.1/a.pem", "https://0/a.pem", "https://0.0.0.0/a.pem", "https://[::]/a.pem",
    "https://[::ffff:a9fe:a9fe]/a.pem", "https://[::ffff:169.254.169.254]/a.pem",
    "https://[64:ff9b::169.254.169.254]/a.pem",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/a.pem", "https://[fe80::1%25lo]/a.pem", "https://169.254.169.254./a.pem",
    "https://localhost/a.pem", "https://localhost./a.pem", "https://LOCALHOST/a.pem", "https://ip6-localhost/a.pem",
    "https://v0.canary.example.org./a.pem", "https://example.org@169.254.169.254/a.pem",
    "https://example.org:443@169.254.169.254/a.pem", "https://169.254.169.254#@example.org/a.pem",
    "https://169.254.169.254?@example.org/a.pem", "https://169.254.169.254\\@example.org/a.pem",
    "https://example.org%2f@169.254.169.254/a.pem", "https://169%2e254%2e169%2e254/a.pem",
    "https://\N{CIRCLED DIGIT ONE}69.254.169.254/a.pem",
    "https://169\N{IDEOGRAPHIC FULL STOP}254.169.254/a.pem",
    "https://xn--localhost-/a.pem", "https://canary_internal/a.pem", "https:///169.254.169.254/a.pem",
    "https:169.254.169.254/a.pem", "http://169.254.169.254/a.pem", "https://169.254.169.254:80/a.pem",
    "https://[::1]:443/a.pem", "https://127.0.0.1:8443/a.pem",
]  # fmt: skip


class NameServer(threading.Thread):
    """A name server on 127.0.0.1:53: addresses by name, A and AAAA, time to live 0; some names change."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))

    def run(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            labels, place = [], 12
            while query[place]:
                labels.append(query[place + 1 : place + 1 + query[place]].decode("latin-1"))
                place += 1 + query[place]
            (kind,) = struct.unpack_from(">H", query, place + 1)
            records = b"".join(self._records(".".join(labels).lower(), kind))
            count = records.count(b"\xc0\x0c")
            head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, count, 0, 0)
            self._socket.sendto(head + query[12 : place + 5] + records, client)

    def _records(self, name: str, kind: int) -> list[bytes]:
        rounds = self.answers.get(name, [[]])
        addresses = rounds[min(self.asked[f"{name} {kind}"], len(rounds) - 1)]
        self.asked[f"{name} {kind}"] += 1
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        return [
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(packed)) + packed
            for address in addresses
            if (socket.AF_INET6 if ":" in address else socket.AF_INET) == family
            for packed in (socket.inet_pton(family, address),)
        ]


class Canary(threading.Thread):
    """Listens on every forbidden address and counts who comes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.reached: Counter[str] = Counter()
        self._selector = selectors.DefaultSelector()
        for address in FORBIDDEN:
            for port in PORTS:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                listener = socket.create_server((address, port), family=family, backlog=100)
                self._selector.register(listener, selectors.EVENT_READ, f"{address} {port}")

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                self.reached[key.data] += 1
                connection.close()


def make_addresses() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in FORBIDDEN:
        if address not in ("127.0.0.1", "127.9.9.9", "::1"):
            v6 = ["-6"] if ":" in address else []
            nodad = ["nodad"] if v6 else []
            subprocess.run(["ip", *v6, "address", "add", address, "dev", "lo", *nodad], check=True)


def use_name_server(directory: Path) -> None:
    """Bind-mount a resolv.conf in this process's own mount namespace."""
    own = directory / "resolv.conf"
    own.write_text("nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
    subprocess.run(["mount", "--bind", str(own), "/etc/resolv.conf"], check=True)


def settled(canary: Canary) -> dict[str, int]:
    time.sleep(0.3)
    reached = dict(canary.reached)
    canary.reached.clear()
    return reached


def send(node: GatewayNode, urls: list[str]) -> dict[str, str]:
    """One call for each address; gives the reason of each."""
    key = pki.new_key()
    codes = {}
    for number, url in enumerate(urls):
        call = {
            "id": f"canary-{number}",
            "from": {"tn": FROM},
            "to": {"tn": [TO]},
            "time": int(time.time()),
            "identity": [make_identity(key, url)],
        }
        answer = node.post("/v1/verdicts", {"call": call})
        assert answer.status == 200, answer.body
        codes[url] = answer.json["verdict"]["reasons"][0]["code"]
    return codes


async def fetch(urls: list[str], policy: X5uPolicy, *, rounds: int = 1) -> list[str]:
    """Fetch by the gateway's own fetcher, each round with fresh look-ups; gives what each was refused for."""
    fetcher = CertificateFetcher(FetchPolicy(policy))
    refused = []
    for url in [*urls] * rounds:
        assert isinstance(fetcher._session.connector, aiohttp.TCPConnector)
        fetcher._session.connector.clear_dns_cache()
        try:
            await fetcher.fetch(url)
        except CertificateUnobtainableError as error:
            refused.append(error.reason.code)
    await fetcher.close()
    return refused


def main(directory: Path) -> None:
    make_addresses()
    use_name_server(directory)
    names, canary = NameServer(), Canary()
    targets = [*FORBIDDEN, *UNSPECIFIED]
    for number, address in enumerate(targets):
        names.answers[f"v{number}.canary.example.org"] = [[address]]
        names.answers[f"mixed{number}.canary.example.org"] = [[PUBLIC, address]]
        names.answers[f"flip{number}.canary.example.org"] = [[PUBLIC], [address]]
    names.start()
    canary.start()

    for address in FORBIDDEN:
        for port in PORTS:
            socket.create_connection((address, port), timeout=2).close()
    heard = settled(canary)

    everybody = range(len(targets))
    by_name = [
        f"https://{name}:{port}/a.pem"
        for name in names.answers
        if not name.startswith("flip")
        for port in PORTS
    ]
    literal = [f"[{address}]" if ":" in address else address for address in targets]
    urls = [*by_name, *(form.format(host) for form in DISGUISES[:2] for host in literal), *DISGUISES[2:]]
    with running_node(directory, environment={"CALLMARK_X5U__FETCH_TIMEOUT_MS": "5000"}) as node:
        codes = send(node, urls)
        # Once more, after the name server has changed its answers and what was refused is remembered.
        again = send(node, urls)
        reached = settled(canary)
    rebound = asyncio.run(
        fetch(
            [f"https://flip{number}.canary.example.org/a.pem" for number in everybody], X5uPolicy(), rounds=2
        )
    )
    reached_by_rebinding = settled(canary)
    leave = X5uPolicy(allow_private_addresses=True)
    asyncio.run(fetch([f"https://v{number}.canary.example.org/a.pem" for number in everybody], leave))
    reached_on_purpose = settled(canary)
    said = {
        "heard": heard,
        "codes": codes,
        "again": again,
        "reached": reached | reached_by_rebinding,
        "rebound": rebound,
        "on_purpose": reached_on_purpose,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
