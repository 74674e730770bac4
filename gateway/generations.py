"""The generations on this node's disk: immutable bundles named by their hash, and which one is current.

The control process writes them, workers read them, a restarted worker among them. A bundle is written
aside and renamed, `current` too, so that whoever reads finds a whole one, the old or the new.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec

from gateway.generation.bundle import BundleError, bundle_digest, parse_bundle, render_bundle
from gateway.generation.generation import Generation, build
from gateway.generation.texts import Texts

BUNDLES_KEPT: Final = 20


class GenerationLoadError(Exception):
    """A generation that this process cannot take; the message says why."""


class Probation(msgspec.Struct, frozen=True):
    """A policy that is held against the one before it, over the same calls."""

    since: int
    """The generation it came with."""
    against: str
    """The digest of the policy before it."""
    against_number: int
    """A generation that had that policy."""
    until: int
    """Epoch seconds."""


class CurrentGeneration(msgspec.Struct, frozen=True):
    """What `current` holds."""

    number: int
    """Counts up by one with each change; what answers and log lines call the generation."""
    digest: str
    key_file: str | None
    """`[signing] key_file`; the key itself is never in a bundle."""
    set_aside: tuple[str, ...] = ()
    """Policy parts that were rolled back from, by digest: files that still hold one of them are not taken."""
    probation: Probation | None = None


class BundleStore:
    """The `generations` folder of a data directory."""

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory / "generations"
        self._current = self._directory / "current"
        self.current: CurrentGeneration | None = None
        """As last read or written here."""

    def write(self, texts: Texts) -> str:
        """Write the bundle of these texts and return its digest; nothing to do where it is there, whole."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        bundle = render_bundle(texts)
        digest = bundle_digest(bundle)
        path = self._path(digest)
        if path.exists() and path.read_bytes() == bundle:
            os.utime(path)
        else:
            write_whole(path, bundle)
        current = self.read_current()
        # The one in force is what a restarted worker reads, however many were tried since.
        kept = {path} if current is None else {path, self._path(current.digest)}
        for old in sorted(self._directory.glob("*.bundle"), key=_age)[BUNDLES_KEPT:]:
            if old not in kept:
                old.unlink(missing_ok=True)
        return digest

    def make_current(self, current: CurrentGeneration) -> None:
        """Let restarted workers begin with this one."""
        write_whole(self._current, msgspec.json.encode(current))
        self.current = current

    def read_current(self) -> CurrentGeneration | None:
        """Return which generation is current; None before the first. Raises GenerationLoadError."""
        try:
            self.current = msgspec.json.decode(self._current.read_bytes(), type=CurrentGeneration)
        except FileNotFoundError:
            self.current = None
        except (OSError, msgspec.DecodeError) as error:
            raise GenerationLoadError(f"{self._current} cannot be read: {error}") from error
        return self.current

    def read(self, digest: str) -> Texts:
        """Read the texts of a bundle. Raises GenerationLoadError."""
        try:
            return parse_bundle(self._path(digest).read_bytes())
        except (OSError, BundleError) as error:
            raise GenerationLoadError(f"bundle {digest[:12]} cannot be read: {error}") from error

    def load(self, digest: str) -> Generation:
        """Build the generation of a bundle. Raises GenerationLoadError."""
        generation = build(self.read(digest))
        if isinstance(generation, list):
            raise GenerationLoadError("; ".join(str(problem) for problem in generation))
        if generation.digest != digest:
            raise GenerationLoadError(f"bundle {digest[:12]} does not hold what its name says")
        return generation

    def _path(self, digest: str) -> Path:
        return self._directory / f"{digest}.bundle"


def _age(path: Path) -> float:
    """Newest first when sorted."""
    return -path.stat().st_mtime


def write_whole(path: Path, data: bytes) -> None:
    """Write aside and rename, for the owner only: whoever reads finds the old or the new. Raises OSError."""
    # A name of its own: two that write at once must not write into one file.
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
