"""The line between the supervisor and one child: JSON messages and open descriptors.

An AF_UNIX SOCK_SEQPACKET socket pair: a message is sent whole or not at all, and a connection
travels with it as SCM_RIGHTS (unix(7)). Decides what a well-formed message is; what one means is
decided by `node/`, `calls/` and `control/`. Nothing here waits for a reader unless asked to.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec

CHANNEL_VARIABLE: Final = "CALLMARK_CHANNEL_FD"
LISTENERS_VARIABLE: Final = "CALLMARK_LISTENERS"
SLOT_VARIABLE: Final = "CALLMARK_WORKER_SLOT"
"""A worker's seat, by which its metrics and its journal are named."""
VALKEY_SOCKET_VARIABLE: Final = "CALLMARK_VALKEY_SOCKET"
"""Where the embedded Valkey listens."""
LONGEST_MESSAGE_BYTES: Final = 60_000
MOST_DESCRIPTORS: Final = 8
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)
_FULL: Final = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ETOOMANYREFS, errno.ENOMEM})
_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.EBADF, errno.ENOTCONN})

Message = Mapping[str, Any]


class ChannelError(ValueError):
    """What came in, or was to go out, is not a message of this channel."""


class ChannelClosed(ConnectionError):
    """The other end has gone."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message, with the descriptors that came with it: the receiver owns them and closes them."""

    message: Message
    descriptors: tuple[int, ...] = ()
    descriptors_lost: bool = False
    """True when this process had no descriptor left for what was sent (the kernel dropped it)."""

    @property
    def kind(self) -> str:
        """The message's `type`."""
        return str(self.message["type"])

    def text(self, key: str) -> str:
        """Return a string field. Raises ChannelError when it is none."""
        value = self.message.get(key)
        if not isinstance(value, str):
            raise ChannelError(f"{self.kind}: {key} must be a string")
        return value

    def number(self, key: str) -> int:
        """Return a field that counts something. Raises ChannelError when it does not."""
        value = self.message.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ChannelError(f"{self.kind}: {key} must be a whole number, 0 or more")
        return value


def parse_message(data: bytes) -> Message:
    """Return the message in `data`: a JSON object with a string `type`.

    Raises ChannelError, never another.
    """
    if len(data) > LONGEST_MESSAGE_BYTES:
        raise ChannelError(f"a message of {len(data)} bytes: at most {LONGEST_MESSAGE_BYTES} are allowed")
    try:
        message = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise ChannelError(f"not a JSON object: {problem}") from None
    kind = message.get("type")
    if not isinstance(kind, str) or not kind:
        raise ChannelError('a message needs a "type", and it must be a string')
    return message


def render_message(message: Message) -> bytes:
    """Return the bytes of `message`. Raises ChannelError when it is too long or not JSON."""
    try:
        data = msgspec.json.encode(message)
    except (TypeError, ValueError, RecursionError) as problem:
        raise ChannelError(f"not JSON: {problem}") from None
    parse_message(data)
    return data


def inherited_listeners() -> dict[str, list[socket.socket]]:
    """Return the listening sockets this process was started with, by listener name.

    The supervisor keeps them open, so a restarted child goes on with the same ones. Empty when the
    process has no supervisor. Raises ChannelError when the environment is not what it wrote.
    """
    found: dict[str, list[socket.socket]] = {}
    for entry in filter(None, os.environ.pop(LISTENERS_VARIABLE, "").split(",")):
        name, _, number = entry.partition(":")
        try:
            listener = socket.socket(fileno=int(number))
        except (ValueError, OSError) as problem:
            raise ChannelError(f"{LISTENERS_VARIABLE}: {entry!r} is no open listener: {problem}") from None
        listener.set_inheritable(False)
        listener.settimeout(0)
        found.setdefault(name, []).append(listener)
    return found


class Channel:
    """One end of the line. One receiver at a time; any number of senders."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(0)
        end.set_inheritable(False)
        self._socket = end
        self._sending = asyncio.Lock()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Return this process's end, and the end to hand to a child."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    @classmethod
    def from_environment(cls) -> Self:
        """Return the child's end. Raises ChannelError when the process was not started by a supervisor."""
        number = os.environ.pop(CHANNEL_VARIABLE, "")
        try:
            return cls(socket.socket(fileno=int(number)))
        except (ValueError, OSError):
            raise ChannelError(
                f"{CHANNEL_VARIABLE} names no open channel: this program is started by `callmark serve`"
            ) from None

    def close(self) -> None:
        """Close this end; a waiting `receive` returns None, a waiting `send` raises ChannelClosed."""
        self._closed = True
        for waiter in self._waiting:
            _wake(waiter)
        if not self._waiting:
            self._socket.close()

    def try_send(self, message: Message, descriptors: Sequence[int] = ()) -> bool:
        """Send now or not at all: False when the other end is not reading and the line is full.

        Raises ChannelClosed, and ChannelError for what is no message.
        """
        return not self._sending.locked() and self._transmit(render_message(message), descriptors)

    async def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send, waiting for room. Raises ChannelClosed, and ChannelError for what is no message."""
        data = render_message(message)
        async with self._sending:
            while not self._transmit(data, descriptors):
                loop = asyncio.get_running_loop()
                await self._wait(loop.add_writer, loop.remove_writer)

    async def receive(self) -> Received | None:
        """Return the next message, or None when the other end has gone.

        Raises ChannelError for what is no message; descriptors that came with it are closed.
        """
        loop = asyncio.get_running_loop()
        while not self._closed:
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(
                    LONGEST_MESSAGE_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                await self._wait(loop.add_reader, loop.remove_reader)
                continue
            except OSError as problem:
                if problem.errno in _GONE:
                    return None
                raise
            descriptors = _descriptors(ancillary)
            if not data:
                return None
            if flags & socket.MSG_TRUNC:
                close_all(descriptors)
                raise ChannelError(f"a message of more than {LONGEST_MESSAGE_BYTES} bytes")
            try:
                return Received(parse_message(data), descriptors, bool(flags & socket.MSG_CTRUNC))
            except ChannelError:
                close_all(descriptors)
                raise
        return None

    def _transmit(self, data: bytes, descriptors: Sequence[int]) -> bool:
        if self._closed:
            raise ChannelClosed("this end of the channel is closed")
        rights = (
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        )
        try:
            self._socket.sendmsg([data], rights, socket.MSG_NOSIGNAL)
        except OSError as problem:
            if problem.errno in _FULL:
                return False
            if problem.errno in _GONE:
                raise ChannelClosed("the other end of the channel has gone") from None
            raise
        return True

    async def _wait(
        self, add: Callable[[int, Callable[[], None]], Any], remove: Callable[[int], Any]
    ) -> None:
        waiter = asyncio.get_running_loop().create_future()
        number = self._socket.fileno()
        self._waiting.add(waiter)
        add(number, lambda: _wake(waiter))
        try:
            await waiter
        finally:
            remove(number)
            self._waiting.discard(waiter)
            if self._closed and not self._waiting:
                self._socket.close()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, ...]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return tuple(found)


def close_all(descriptors: Sequence[int]) -> None:
    """Close descriptors nobody took over."""
    for number in descriptors:
        with contextlib.suppress(OSError):
            os.close(number)
