"""The seal of a facts file: by it the next process knows that the file it finds is the one that was closed.

A digest of every byte, beside the file: written when the file is closed in order, broken when it is opened.
So a file that was cut, altered, copied without its log, or left behind by a process that was killed has none
that fits, and neither has one that another version of Callmark made. Which record's facts they are, and up
to which change, the file says itself (`FactsState`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from gateway import __version__


def seal(path: Path) -> None:
    """Seal a file that is closed. Raises OSError."""
    text = _text(path)
    descriptor = os.open(seal_path(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def break_seal(path: Path) -> bool:
    """Whether the file is, byte for byte, what was sealed; it is sealed no more. Raises OSError."""
    try:
        text = seal_path(path).read_bytes()
    except FileNotFoundError:
        return False
    seal_path(path).unlink()
    with contextlib.suppress(FileNotFoundError):
        return not _has_log(path) and text == _text(path).encode("ascii")
    return False


def seal_path(path: Path) -> Path:
    """Where the seal of a file lies."""
    return path.with_name(path.name + "-seal")


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return f"callmark {__version__} sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}\n"


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0
