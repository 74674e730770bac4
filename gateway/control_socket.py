"""`control.sock`: the owner-only socket in the data directory, at which the command line asks the node."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CONTROL_SOCKET: Final = "control.sock"


@contextmanager
def control_socket(data_directory: Path) -> Iterator[str]:
    """Yield the path to bind or connect to, good while the block lasts. Raises OSError.

    By way of the open directory: a socket's path has 107 bytes at most (unix(7)), a data directory's has not.
    """
    directory = os.open(data_directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{CONTROL_SOCKET}"
    finally:
        os.close(directory)
