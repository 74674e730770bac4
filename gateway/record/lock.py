"""One writer: an advisory lock on `record.lock` in the data directory.

SQLite would let a second process write; facts, journal and tasks would then be driven twice. The
lock is the operating system's (`flock`): it ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

LOCK_FILE: Final = "record.lock"


class RecordBusyError(Exception):
    """Another process writes the record; `str()` is a sentence saying which and what to do."""


class RecordLock:
    """The right to write the record of one data directory, for as long as it is held.

    A context manager; `release` may be called twice. The file stays: removing it would let two
    processes hold locks on two files of one name.
    """

    def __init__(self, data_directory: Path) -> None:
        """Take the lock at once, never waiting.

        Raises RecordBusyError when another process holds it, OSError when the file cannot be made.
        """
        self._descriptor: int | None = None
        path = data_directory / LOCK_FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise RecordBusyError(
                f"the record in {data_directory} is being written by {who}: wait until it has finished, "
                "or stop it, and try again"
            ) from busy
        except OSError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process write."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
