"""A whole node for tests: `python -m gateway serve` with a configuration, ports and data of its own.

    with running_node(directory, environment={"CALLMARK_X5U__TLS_CA_FILE": "…"}) as node:
        answer = node.post("/stir/v1/verification", {"verificationRequest": {…}})
        assert answer.status == 200

The node is told everything through files in its directory and `CALLMARK_` variables, as an operator would.
It is stopped with SIGTERM by its own process id; leaving the block asserts that it ended with status 0 and
logged no failure of its own.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_port

PROJECT = Path(__file__).parent.parent
STARTS_WITHIN_SECONDS = 100.0
STOPS_WITHIN_SECONDS = 60.0
ANSWERS_WITHIN_SECONDS = 30.0
COMES_ABOUT_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class HttpAnswer:
    """What came back. Header names are case-insensitive."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GatewayNode:
    """A running node and how to talk to it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        directory: Path,
        *,
        calls_port: int,
        control_port: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.process = process
        self.directory = directory
        self.calls_port = calls_port
        self.control_port = control_port
        self._tls = tls
        self.was_killed = False

    @property
    def token(self) -> str:
        """The development token: every call scope and the operator's."""
        return (self.directory / "data" / "token").read_text().strip()

    @property
    def calls_url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.calls_port}"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control_port}"

    @property
    def log(self) -> str:
        """Every whole line its processes have logged so far: of one being written a part may be there."""
        written = (self.directory / "node.log").read_bytes()
        return written[: written.rfind(b"\n") + 1].decode()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event; a killed process may have left half a line before another's."""
        found = []
        for line in self.log.split("\n"):
            with suppress(json.JSONDecodeError):
                if line.startswith("{"):
                    found.append(json.loads(line))
        return [line for line in found if line.get("event") == name]

    def post(self, path: str, body: object, **how: Any) -> HttpAnswer:
        """POST to the call plane: bytes as they are, anything else as JSON. See `ask` for the rest."""
        return self.ask("POST", path, body, **how)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str | None] | None = None,
        source: str = "127.0.0.1",
    ) -> HttpAnswer:
        """One request on a connection of its own.

        `token` "" is the development token, None none at all; a header given as None is left out.
        """
        connection = self.connect(source=source)
        with closing(connection):
            return self.ask_on(connection, method, path, body, token=token, headers=headers)

    def ask_on(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str | None] | None = None,
    ) -> HttpAnswer:
        """The same on a connection that is kept."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent: dict[str, str | None] = {}
        if data is not None:
            sent = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        sent |= headers or {}
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        return HttpAnswer(answer.status, answer.headers, answer.read())

    def connect(self, *, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """A connection to the call plane."""
        address = "127.0.0.1", self.calls_port
        if self._tls is not None:
            return http.client.HTTPSConnection(
                *address, timeout=ANSWERS_WITHIN_SECONDS, context=self._tls, source_address=(source, 0)
            )
        return http.client.HTTPConnection(
            *address, timeout=ANSWERS_WITHIN_SECONDS, source_address=(source, 0)
        )

    def with_tls(self, tls: ssl.SSLContext) -> GatewayNode:
        """The same node, asked with another client certificate."""
        return GatewayNode(
            self.process, self.directory, calls_port=self.calls_port, control_port=self.control_port, tls=tls
        )

    def send_raw(self, request: bytes) -> bytes:
        """Send these bytes and give everything that comes until the node closes."""
        address = ("127.0.0.1", self.calls_port)
        with socket.create_connection(address, timeout=ANSWERS_WITHIN_SECONDS) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def administer(
        self, method: str, path: str, document: object = None, *, token: str | None = None
    ) -> HttpAnswer:
        """Ask the admin API as operator, or with another token."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.control_port, timeout=ANSWERS_WITHIN_SECONDS
        )
        with closing(connection):
            connection.request(
                method,
                path,
                None if document is None else json.dumps(document),
                {"Authorization": f"Bearer {token or self.token}"},
            )
            answer = connection.getresponse()
            return HttpAnswer(answer.status, answer.headers, answer.read())

    def make_token(self, name: str, *scopes: str, trunk: str | None = None) -> str:
        """Make a token through the admin API and give its secret."""
        bound = {} if trunk is None else {"trunk": trunk}
        answer = self.administer("POST", "/admin/v1/tokens", {"name": name, "scopes": list(scopes)} | bound)
        assert answer.status == 201, answer.body
        secret: str = answer.json["token"]
        return secret

    def worker_pids(self) -> dict[str, int]:
        """The workers that are running, by name."""
        ended = {event["pid"] for event in self.events("child.ended")}
        started = self.events("child.started")
        return {
            event["child"]: event["pid"]
            for event in started
            if event["child"].startswith("worker-") and event["pid"] not in ended
        }

    def kill(self) -> None:
        """End the node as a machine does that loses its power: all of its processes at once."""
        pids = {event["pid"] for event in self.events("child.started")}
        pids -= {event["pid"] for event in self.events("child.ended")}
        self.was_killed = True
        self.process.kill()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOPS_WITHIN_SECONDS)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN_SECONDS)


@contextmanager
def running_node(
    directory: Path,
    *,
    environment: Mapping[str, str | None] | None = None,
    files: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    workers: int = 1,
    plane: str = "all",
) -> Iterator[GatewayNode]:
    """Start a node in an empty directory and stop it afterwards.

    `environment` is laid over the development configuration (None takes one of the variables set here away),
    `files` replaces files of `config/` by name; `tls` is for a call plane that was told to speak it.
    """
    shutil.copytree(PROJECT / "config", directory / "config")
    (directory / "certs" / "trust").mkdir(parents=True, exist_ok=True)
    for name, text in (files or {}).items():
        (directory / "config" / name).write_text(text)
    calls_port, control_port = free_port(), free_port()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("CALLMARK_")}
    overrides: dict[str, str | None] = {
        "CALLMARK_LISTEN__CALLS": f"127.0.0.1:{calls_port}",
        "CALLMARK_LISTEN__CONTROL": f"127.0.0.1:{control_port}",
        "CALLMARK_LISTEN__REPOSITORY": "",
        "CALLMARK_LISTEN__WORKERS": str(workers),
        # On busy cores even a certificate of the same machine may take longer than the usual 400 ms.
        "CALLMARK_VERIFICATION__DEADLINE_MS": "5000",
        **(environment or {}),
    }
    variables |= {name: value for name, value in overrides.items() if value is not None}
    with (directory / "node.log").open("wb") as log, (directory / "node.out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--plane", plane],
            cwd=directory,
            env=variables,
            stderr=log,
            stdout=out,
        )
    node = GatewayNode(process, directory, calls_port=calls_port, control_port=control_port, tls=tls)
    try:
        eventually(lambda: node.events("node.ready") or process.poll() is not None, STARTS_WITHIN_SECONDS)
        assert process.poll() is None, f"the node did not start: {node.log}"
        yield node
        if node.was_killed:
            return
        assert node.stop() == 0, node.log
        assert not node.events("request failed"), node.log
        assert "Traceback" not in node.log, node.log
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def eventually(holds: Callable[[], object], seconds: float = COMES_ABOUT_WITHIN_SECONDS) -> None:
    """Look until it holds; AssertionError when it does not within the time.

    The time is a generous one: what is waited for is done by other processes of a busy machine.
    """
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it did not come about in time"
        time.sleep(0.02)
