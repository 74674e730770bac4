"""The load: keep-alive connections with prepared requests, every answer checked.

Closed loop for capacity (each connection sends its next request when it has its answer), open loop for
latency (requests leave at fixed moments, whether or not earlier ones were answered, and are timed from
the moment they were due: no coordinated omission).
"""

from __future__ import annotations

import abc
import asyncio
import ctypes
import gc
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import uvloop

Check = Callable[[bytes], bool]
"""Whether a whole HTTP response is the right one."""
Checks = Check | Sequence[Check]
"""The same for every request, or one for each."""

KEEP_EACH = 50
"""Of how many answers one is kept, for a closer look after the measurement."""


@dataclass(slots=True)
class Load:
    """What became of the requests."""

    sent: int = 0
    answered: int = 0
    wrong: int = 0
    first_wrong: bytes = b""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the load itself."""
    kept: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    """Seconds, in the order of the requests; open loop only."""


class LoadError(Exception):
    """Answers that did not come, or were not the right ones: such a run measures nothing."""


def closed_loop(
    port: int, requests: Sequence[bytes], *, connections: int, check: Checks, seconds: float
) -> Load:
    """Send all requests as fast as they are answered. Raises LoadError after `seconds`."""
    return _with_loop(_Closed(requests, check), port, connections, seconds)


def open_loop(
    port: int, requests: Sequence[bytes], *, rate: float, connections: int, check: Checks, seconds: float
) -> Load:
    """Send all requests, `rate` a second at even distances. Raises LoadError after `seconds`."""
    return _with_loop(_Open(requests, check, rate), port, connections, seconds)


class _Run(abc.ABC):
    """One measurement: what is left to send, and what came back."""

    def __init__(self, requests: Sequence[bytes], checks: Checks) -> None:
        self.load = Load()
        self.requests = requests
        self._checks = checks
        self.done = asyncio.Event()
        self.problem = ""

    @abc.abstractmethod
    def begin(self, connections: list[_Connection]) -> None:
        """Called once, when every connection is open."""

    @abc.abstractmethod
    def is_free(self, connection: _Connection) -> None:
        """Called when a connection has its answer."""

    def send_next(self, connection: _Connection) -> None:
        """Send the next request, if any is left."""
        place = self.load.sent
        if place < len(self.requests):
            self.load.sent = place + 1
            connection.send(self.requests[place], place)

    def answered(self, response: bytes, place: int) -> None:
        """Note the response to the request at `place`."""
        load = self.load
        load.answered += 1
        check = self._checks if callable(self._checks) else self._checks[place]
        if not check(response):
            load.wrong += 1
            load.first_wrong = load.first_wrong or response
        if load.answered % KEEP_EACH == 0:
            load.kept.append(response)
        if load.answered == len(self.requests):
            self.done.set()

    def lost(self, why: str) -> None:
        if not self.done.is_set():
            self.problem = why
            self.done.set()


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.WriteTransport | None = None
        self._received = b""
        self.due = 0.0
        self.place = 0
        """Of its request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(f"a connection was closed by the server ({exc})")

    def send(self, request: bytes, place: int) -> None:
        self.place = place
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        end = _response_end(data)
        if end is None or end > len(data):
            self._received = data
            return
        self._received = b""
        if end < len(data):
            self._run.lost("a response is longer than it says")
            return
        self._run.answered(data, self.place)
        self._run.is_free(self)


def _response_end(data: bytes) -> int | None:
    """Where the response ends by its Content-Length; None while its headers are not whole."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    place = data.find(b"Content-Length: ", 0, head)
    if place < 0:
        raise LoadError(f"a response without Content-Length: {data[:200]!r}")
    return head + 4 + int(data[place + 16 : data.index(b"\r", place)])


class _Closed(_Run):
    def begin(self, connections: list[_Connection]) -> None:
        for connection in connections:
            self.is_free(connection)

    def is_free(self, connection: _Connection) -> None:
        self.send_next(connection)


class _Open(_Run):
    """A timer of the kernel's says how many requests are due: the loop's own counts in milliseconds."""

    def __init__(self, requests: Sequence[bytes], checks: Checks, rate: float) -> None:
        super().__init__(requests, checks)
        self.load.latencies = [0.0] * len(requests)
        self._interval = 1.0 / rate
        self._idle: deque[_Connection] = deque()
        self._overdue: deque[float] = deque()
        self._began = 0.0

    def begin(self, connections: list[_Connection]) -> None:
        self._idle.extend(connections)
        timer = _timer(self._interval)
        self._began = time.perf_counter()
        asyncio.get_running_loop().add_reader(timer, self._tick, timer)

    def is_free(self, connection: _Connection) -> None:
        self.load.latencies[connection.place] = time.perf_counter() - connection.due
        if self._overdue:
            self._send(connection, self._overdue.popleft())
        else:
            self._idle.append(connection)

    def _tick(self, timer: int) -> None:
        for _ in range(int.from_bytes(os.read(timer, 8), "little")):
            place = self.load.sent + len(self._overdue)
            if place == len(self.requests):
                asyncio.get_running_loop().remove_reader(timer)
                os.close(timer)
                return
            due = self._began + (place + 1) * self._interval
            if self._idle:
                self._send(self._idle.popleft(), due)
            else:
                self._overdue.append(due)

    def _send(self, connection: _Connection, due: float) -> None:
        connection.due = due
        self.send_next(connection)


def _timer(interval: float) -> int:
    """A timerfd that counts; Python has one of its own only from 3.13."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.timerfd_create(1, os.O_CLOEXEC | os.O_NONBLOCK)  # 1: CLOCK_MONOTONIC
    nanoseconds = round(interval * 1e9)
    each = divmod(nanoseconds, 1_000_000_000)
    specification = (ctypes.c_long * 4)(*each, *each)
    if descriptor < 0 or libc.timerfd_settime(descriptor, 0, specification, None) != 0:
        raise OSError(ctypes.get_errno(), "timerfd")
    return int(descriptor)


def _with_loop(run: _Run, port: int, connections: int, seconds: float) -> Load:
    gc.collect()
    gc.disable()
    try:
        uvloop.run(_measure(run, port, connections, seconds))
    finally:
        gc.enable()
    load = run.load
    if run.problem:
        raise LoadError(run.problem)
    if load.answered < len(run.requests):
        raise LoadError(f"{load.answered} of {len(run.requests)} answered in {seconds:g} s")
    if load.wrong:
        raise LoadError(
            f"{load.wrong} of {load.answered} answers are wrong, the first:\n{load.first_wrong!r}"
        )
    return load


async def _measure(run: _Run, port: int, count: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port) for _ in range(count)]
    began, cpu = time.perf_counter(), time.process_time()
    run.begin([connection for _, connection in opened])
    try:
        async with asyncio.timeout(seconds):
            await run.done.wait()
    except TimeoutError:
        pass
    run.load.seconds, run.load.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    run.done.set()
    for transport, _ in opened:
        transport.close()
