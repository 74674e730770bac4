"""A reload by a change of the files: when they have been quiet for a second and nobody is still writing.

The files are looked at, four times a second, instead of waiting for the kernel's word: a look sees through
links (Kubernetes swaps a directory's), on network file systems, and of a file that is not there yet.
`docs/decisions/generations.md` has why. What a reload then takes is decided where it always is.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import structlog

LOOK_SECONDS: Final = 0.25
QUIET_SECONDS: Final = 1.0
"""After the last change: a set of files is rarely written at one blow."""
PATIENCE_SECONDS: Final = 5.0
"""How long a file may stay open for writing before it is told."""
_F_SETSIG: Final = 10
"""fcntl(2); the module has no name for it."""

Signature: TypeAlias = tuple[int, int, int, int, int]
Snapshot: TypeAlias = Mapping[Path, Signature | None]
"""Each file that a reload would read, as it is; None where there is none."""

_log = structlog.get_logger("callmark.reload")


class FileWatch:
    """One per control process.

    `look` gives the files as they are, `read` as they were when a reload last began to read them.
    """

    def __init__(
        self,
        *,
        look: Callable[[], Snapshot],
        read: Callable[[], Snapshot],
        is_on: Callable[[], bool],
        reload: Callable[[], Awaitable[object]],
    ) -> None:
        self._look = look
        self._read = read
        self._is_on = is_on
        self._reload = reload
        self._pending: Snapshot | None = None
        self._since = 0.0
        self._is_told = False

    async def keep(self) -> None:
        """For ever."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._is_on() and self.is_due(await asyncio.to_thread(self._look), now=clock()):
                await self._reload()

    def is_due(self, seen: Snapshot, *, now: float) -> bool:
        """Whether these files are to be reloaded at this moment of a steady clock, in seconds."""
        read = self._read()
        if seen == read:
            self._pending = None
            return False
        if seen != self._pending:
            self._pending, self._since, self._is_told = seen, now, False
            return False
        if now - self._since < QUIET_SECONDS:
            return False
        written = [path for path in seen if seen[path] != read.get(path) and is_being_written(path)]
        if written and not self._is_told and now - self._since >= PATIENCE_SECONDS:
            self._is_told = True
            _log.warning("files are still open for writing", files=[str(path) for path in written])
        return not written


def signature_of(path: Path) -> Signature | None:
    """What changes when the file does, its permissions included; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_being_written(path: Path) -> bool:
    """Whether any process has the file open for writing, as far as the system tells.

    The kernel grants a lease for reading only while nobody has (fcntl(2), F_SETLEASE), and only on the user's
    own files; where it cannot say, a quiet second has to do.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        # Whoever opens it for writing in this very moment makes the kernel send a signal: an ignored one.
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
