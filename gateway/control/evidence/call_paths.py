"""By which path a call came, and who signed it, for the last million calls: a file of fixed size.

A call event names its call by trunk and call id, a complaint by the two numbers; each has a key, and a key
its place in the file, where a newer call takes an older one's. Losing the file loses nothing but this: what
is told of a call that is not here is evidence of nobody's path.

Rejected: a table in SQL, which every call would have to be written to, for the one in ten thousand that is
asked for.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.reputation.path import PATHS

SLOTS: Final = 2**21
"""Two keys a call: 48 MiB of file, of which the system keeps in memory what is used."""
_SLOT: Final = struct.Struct("<QIB3x8s")
"""Key, Unix second, path, the first bytes of the certificate's fingerprint."""
_PATHS: Final = ("", *sorted(PATHS))
_NUMBER_OF: Final = {path: number for number, path in enumerate(_PATHS)}
_NOBODY: Final = bytes(8)


@dataclass(frozen=True, slots=True)
class RecentCall:
    """What is remembered of one call."""

    at: int
    """Epoch seconds."""
    path: str
    fingerprint_start: str | None
    """Of the certificate whose signature passed: 16 hex digits; None where none did."""


def call_key(trunk: str, call_id: str) -> int:
    """Return the key of a call by its switch's name for it."""
    return _key("c", trunk, call_id)


def pair_key(orig: str, dest: str) -> int:
    """Return the key of the last call from one number to another."""
    return _key("p", orig, dest)


def _key(*parts: str) -> int:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    # 0 is an empty slot.
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") or 1


class CallPaths:
    """One per node. Raises OSError where the file cannot be made."""

    def __init__(self, path: Path, *, slots: int = SLOTS) -> None:
        self._slots = slots
        size = slots * _SLOT.size
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size != size:
                os.ftruncate(descriptor, 0)
                os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)

    def add(self, key: int, *, at: int, path: str, fingerprint: str | None) -> None:
        """Remember a call under one of its keys."""
        offset = self._place(key)
        start = _NOBODY if fingerprint is None else bytes.fromhex(fingerprint[:16])
        _SLOT.pack_into(self._map, offset, key, at & 0xFFFFFFFF, _NUMBER_OF.get(path, 0), start)

    def find(self, key: int) -> RecentCall | None:
        """Return the newest call of this key that is remembered."""
        for offset in self._places(key):
            known, at, path, start = _SLOT.unpack_from(self._map, offset)
            if known == key:
                name = _PATHS[path] if path < len(_PATHS) else ""
                return RecentCall(at, name, None if start == _NOBODY else start.hex())
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def _places(self, key: int) -> tuple[int, int]:
        slot = key % self._slots
        return slot * _SLOT.size, (slot ^ 1) * _SLOT.size

    def _place(self, key: int) -> int:
        """The slot of this key, or of the older of two others."""
        ages = []
        for offset in self._places(key):
            known, at, _, _ = _SLOT.unpack_from(self._map, offset)
            if known in (key, 0):
                return offset
            ages.append((at, offset))
        return min(ages)[1]
