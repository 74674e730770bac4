"""One node to a data directory, its last child included.

The lock (flock(2)) belongs to the open file, which every child inherits: it is held until the last
of them is gone. So a node started after its predecessor was killed never runs a second Valkey or a
second writer of the record on the same files.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Final

PREDECESSOR_SECONDS: Final = 5.0
_BETWEEN_TRIES_SECONDS: Final = 0.05


class DataDirectoryError(Exception):
    """The data directory cannot be used; the text is a sentence for the operator."""


async def lock_data_directory(directory: Path, wait_seconds: float = PREDECESSOR_SECONDS) -> int:
    """Return the descriptor that holds the lock, to be inherited and at last closed.

    Waits for the children of a predecessor that was killed. Raises DataDirectoryError.
    """
    held = _open_lock_file(directory)
    end = asyncio.get_running_loop().time() + wait_seconds
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() >= end:
                owner = os.pread(held, 32, 0).decode(errors="replace").strip() or "unknown"
                os.close(held)
                raise DataDirectoryError(
                    f"[data] directory = {directory} is in use by another node (process {owner}). "
                    "Stop that node, or set CALLMARK_DATA__DIRECTORY"
                ) from None
            await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
        else:
            os.ftruncate(held, 0)
            os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
            return held


def _open_lock_file(directory: Path) -> int:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(directory / "node.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise DataDirectoryError(
            f"[data] directory = {directory}: {problem.strerror}. "
            "Make it writable, or set CALLMARK_DATA__DIRECTORY"
        ) from None
