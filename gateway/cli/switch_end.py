"""A switch's end of the line, for `switch-test`: HTTP as bytes, to be sent slowly, in pieces or wrongly."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

_MOST_BYTES: Final = 1_000_000
_MOST_HEADERS: Final = 100


class SwitchTestError(Exception):
    """The test cannot go on; a sentence with what to do."""


class NoAnswer(Exception):
    """The gateway closed, was silent for too long, or said what is no HTTP; a clause."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    ms: float
    """From the last byte sent to the last byte received."""

    @property
    def keeps(self) -> bool:
        """Whether the connection stays."""
        return self.headers.get("connection", "").lower() != "close"


class SwitchEnd:
    """One gateway's address and one credential."""

    def __init__(self, url: str, token: str | None, *, seconds: float, ca_file: Path | None) -> None:
        parts = urlsplit(url)
        self.url = url
        self.seconds = seconds
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._base = parts.path.rstrip("/")
        self._token = token
        self._tls = None
        if parts.scheme == "https":
            try:
                self._tls = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
            except (OSError, ssl.SSLError) as error:
                raise SwitchTestError(f"{ca_file}: no certificates can be read there ({error}).") from error

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        media: str | None = None,
        headers: Mapping[str, str] | None = None,
        with_length: bool = True,
        at_root: bool = False,
    ) -> bytes:
        """One request as bytes; `at_root` leaves the URL's own path (a trunk's prefix) out."""
        base = "" if at_root else self._base
        lines = [f"{method} {base}{path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        if self._token is not None:
            lines.append(f"Authorization: Bearer {self._token}")
        if media is not None:
            lines.append(f"Content-Type: {media}")
        if with_length and method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def ask(self, method: str, path: str, body: bytes = b"", *, media: str | None = None) -> Answer:
        """Ask on a connection of its own. Raises NoAnswer."""
        with self.connection() as line:
            return line.ask(self.request(method, path, body, media=media))

    @contextmanager
    def connection(self) -> Iterator[Line]:
        """A connection. Raises NoAnswer when there is none to be had."""
        try:
            plain = socket.create_connection((self._host, self._port), timeout=self.seconds)
        except OSError as error:
            raise NoAnswer(f"no connection ({error})") from error
        with plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                line = (
                    plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self._host)
                )
            except (OSError, ssl.SSLError) as error:
                raise NoAnswer(f"TLS failed ({error})") from error
            with line, line.makefile("rb") as reader:
                yield Line(line, reader)


class Line:
    """One open connection."""

    def __init__(self, connection: socket.socket, reader: BinaryIO) -> None:
        self._connection = connection
        self._reader = reader

    def ask(self, request: bytes) -> Answer:
        """Send it whole and take the answer. Raises NoAnswer."""
        self.send(request)
        return self.receive()

    def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send in pieces with a pause (seconds) between them. Raises NoAnswer."""
        for place, piece in enumerate(pieces):
            if place:
                time.sleep(pause)
            try:
                self._connection.sendall(piece)
            except OSError as error:
                raise NoAnswer(f"the connection was closed while sending ({error})") from error

    def receive(self) -> Answer:
        """Take one answer. Raises NoAnswer."""
        began = time.perf_counter()
        try:
            status, headers = _read_head(self._reader)
            length = headers.get("content-length", "")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                raise NoAnswer("an answer without a usable Content-Length")
            body = self._reader.read(int(length))
        except TimeoutError as error:
            raise NoAnswer("no answer in time") from error
        except OSError as error:
            raise NoAnswer(f"the connection broke ({error})") from error
        if len(body) != int(length):
            raise NoAnswer("the connection was closed in the middle of an answer")
        return Answer(status, headers, body, (time.perf_counter() - began) * 1000)


def _read_head(reader: BinaryIO) -> tuple[int, dict[str, str]]:
    first = reader.readline(_MOST_BYTES).decode("latin-1").split(" ", 2)
    if len(first) < 2 or not first[0].startswith("HTTP/1.") or not first[1].isdigit():
        raise NoAnswer("the connection was closed" if first == [""] else "what came is no HTTP")
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = reader.readline(_MOST_BYTES).decode("latin-1").rstrip("\r\n")
        if not line:
            status = int(first[1])
            # 100 Continue is not the answer yet.
            return _read_head(reader) if status == 100 else (status, headers)
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise NoAnswer("too many headers")


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]
