"""A certificate repository for tests: a real HTTPS server on loopback that can also misbehave.

It makes its own throw-away authority and serves given bytes per path; per path it counts requests. What a
path does is a coroutine that writes to the connection, so any misbehaviour is a few lines.

    async with Repository() as repository:
        repository.serve("/leaf.pem", pem)
        policy = FetchPolicy(repository.x5u_policy, repository.ca_file)
        ... fetch repository.url("/leaf.pem") ...
        assert repository.requests["/leaf.pem"] == 1
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import struct
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.certificates.x5u import X5uPolicy

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
PEM_CHAIN = "application/pem-certificate-chain"


@dataclass(frozen=True)
class TlsFiles:
    """A server's certificate and key, and the authority that signed it."""

    authority: Path
    server: Path


class Released:
    """Lets a held answer go, from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
        self._loop = loop
        self._event = event

    def set(self) -> None:
        self._loop.call_soon_threadsafe(self._event.set)


class Repository:
    """One server. Use it as an async context manager, in the loop the test runs in."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        names: tuple[str, ...] | None = None,
        expired: bool = False,
        tls: TlsFiles | None = None,
        maximum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:
        """`names` stand in the TLS certificate (default: the host); `port` 0 takes any free one."""
        self.host = host
        self.port = port
        self.requests: Counter[str] = Counter()
        self.headers: list[bytes] = []
        self.connections = 0
        self._behaviours: dict[str, Behaviour] = {}
        self._directory = tempfile.TemporaryDirectory(prefix="repository-")
        self._tls = tls or make_tls(Path(self._directory.name), names or (host, "localhost"), expired=expired)
        self._maximum_version = maximum_version
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._directory.cleanup()

    @property
    def ca_file(self) -> Path:
        """For `[x5u] tls_ca_file`."""
        return self._tls.authority

    @property
    def x5u_policy(self) -> X5uPolicy:
        """A policy under which this server may be fetched from."""
        return X5uPolicy(allowed_ports=(self.port,), allow_private_addresses=True)

    def url(self, path: str, *, host: str | None = None) -> str:
        """The x5u of a path."""
        return f"https://{host or self.host}:{self.port}{path}"

    async def start(self) -> None:
        """Listen; after `stop`, on the same port again."""
        self._loop = asyncio.get_running_loop()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = self._maximum_version
        if self._maximum_version < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(self._tls.server)
        self._listener = socket.create_server((self.host, self.port))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept(self._listener, context))

    async def stop(self) -> None:
        """Stop listening and cut every open connection."""
        if self._accepting is None or self._listener is None:
            return
        tasks = [self._accepting, *self._open]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        self._accepting = self._listener = None

    # --- what a path does ---------------------------------------------------------------------
    def serve(
        self,
        path: str,
        body: bytes,
        *,
        status: int = 200,
        content_type: str = PEM_CHAIN,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Answer with the body; `length` tells a Content-Length other than the true one."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(_head(status, content_type, len(body) if length is None else length, headers) + body)
            await writer.drain()

        self._behaviours[path] = answer

    def serve_gzip(self, path: str, body: bytes) -> None:
        """Answer compressed, whatever was asked for."""
        self.serve(path, gzip.compress(body), headers={"Content-Encoding": "gzip"})

    def redirect(self, path: str, location: str, *, status: int = 302) -> None:
        """Answer with a redirect."""
        self.serve(path, b"", status=status, headers={"Location": location})

    def hang(self, path: str) -> None:
        """Read the request and never answer."""
        self._behaviours[path] = _forever

    def hold(self, path: str, body: bytes) -> Released:
        """Answer as `serve` does, but only once what is returned is set."""
        released = asyncio.Event()

        async def answer(writer: asyncio.StreamWriter) -> None:
            await released.wait()
            writer.write(_head(200, PEM_CHAIN, len(body), None) + body)
            await writer.drain()

        self._behaviours[path] = answer
        return Released(self._loop, released)

    def drip(self, path: str, body: bytes, *, seconds_per_byte: float = 1.0) -> None:
        """Answer at once, then a byte at a time."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(_head(200, PEM_CHAIN, len(body), None))
            for byte in body:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(seconds_per_byte)

        self._behaviours[path] = answer

    def flood(self, path: str) -> None:
        """Answer with a body that does not end and whose length is not told."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n")
            while True:
                writer.write(b"A" * 16_384)
                await writer.drain()

        self._behaviours[path] = answer

    def reset(self, path: str) -> None:
        """Reset the connection instead of answering."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

        self._behaviours[path] = answer

    def send_raw(self, path: str, answer_bytes: bytes) -> None:
        """Send these bytes in place of an HTTP answer."""

        async def answer(writer: asyncio.StreamWriter) -> None:
            writer.write(answer_bytes)
            await writer.drain()

        self._behaviours[path] = answer

    # --- the connection -----------------------------------------------------------------------
    async def _accept(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        # Accepted here, not by the loop's server: a connection counts before TLS, in every kind of loop.
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            self.connections += 1
            # asyncio sets it only on sockets that name their protocol; accepted ones do not.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._shake_hands(connection, context))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _shake_hands(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader, self._serve)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol, connection, ssl=context
            )
        except OSError:  # ssl.SSLError is one: the client does not like what it sees
            connection.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            self.requests[path] += 1
            self.headers.append(head)
            await self._behaviours.get(path, _missing)(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()


async def _forever(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _missing(writer: asyncio.StreamWriter) -> None:
    writer.write(_head(404, "text/plain", 9, None) + b"not found")
    await writer.drain()


def _head(status: int, content_type: str, length: int, headers: dict[str, str] | None) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Type: {content_type}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode("latin-1")


def make_tls(directory: Path, names: tuple[str, ...], *, expired: bool = False) -> TlsFiles:
    """A new authority and a server certificate of it for these DNS names and IP addresses."""
    now = dt.datetime.now(tz=dt.UTC)
    day = dt.timedelta(days=1)
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away TLS authority")])
    authority = (
        x509.CertificateBuilder(authority_name, authority_name, authority_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * day)
        .not_valid_after(now + 10 * day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        x509.CertificateBuilder(authority_name, x509.Name([]), server_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 5 * day)
        .not_valid_after(now - day if expired else now + 5 * day)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    files = TlsFiles(directory / "authority.pem", directory / "server.pem")
    files.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files.server.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + server.public_bytes(serialization.Encoding.PEM)
    )
    return files


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
