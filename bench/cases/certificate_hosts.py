"""Certificate hosts in a process of their own: HTTPS on loopback, each with its own address and port."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

from bench.measure import LOAD_CORE
from bench.processes import free_port, pin
from tests.repository import Repository, TlsFiles, make_tls


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts that serve what they are told, and count how often they were asked."""

    urls: tuple[str, ...]
    ports: tuple[int, ...]
    ca_file: Path
    line: Connection

    def serve(self, bodies: Mapping[str, bytes]) -> None:
        """Serve these, by their URL."""
        self.line.send(dict(bodies))
        self.line.recv()

    def stop(self) -> int:
        """Stop, and give how many requests there were."""
        self.line.send(None)
        return int(self.line.recv())


@contextlib.contextmanager
def running_hosts(directory: Path, count: int) -> Iterator[Hosts]:
    """So many hosts, beside the load."""
    directory.mkdir()
    addresses = [f"127.0.0.{number + 2}" for number in range(count)]
    tls = make_tls(directory, tuple(addresses), expired=False)
    places = [(address, free_port()) for address in addresses]
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(theirs, places, tls), daemon=True
    )
    process.start()
    try:
        yield Hosts(
            tuple(f"https://{address}:{port}" for address, port in places),
            tuple(port for _, port in places),
            tls.authority,
            ours,
        )
    finally:
        process.kill()
        process.join()


def _run(line: Connection, places: list[tuple[str, int]], tls: TlsFiles) -> None:
    pin(0, {LOAD_CORE})
    asyncio.run(_serve(line, places, tls))


async def _serve(line: Connection, places: list[tuple[str, int]], tls: TlsFiles) -> None:
    async with contextlib.AsyncExitStack() as running:
        hosts = {}
        for address, port in places:
            host = Repository(host=address, port=port, tls=tls)
            hosts[f"{address}:{port}"] = await running.enter_async_context(host)
        for url, body in (await asyncio.to_thread(line.recv)).items():
            parts = urlsplit(url)
            hosts[parts.netloc].serve(parts.path, body)
        line.send(len(hosts))
        await asyncio.to_thread(line.recv)
        line.send(sum(host.requests.total() for host in hosts.values()))
