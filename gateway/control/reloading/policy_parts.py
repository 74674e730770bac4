"""The last twenty policy parts that were in force, on the disk: what an operator can go back to.

Each is a bundle without trust part, for its owner only, named by the policy's digest. One that was refused
is never among them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.generation.bundle import BundleError, parse_bundle, render_bundle
from gateway.generation.texts import Texts
from gateway.generations import write_whole

POLICIES_KEPT: Final = 20


class PolicyParts:
    """The `generations/policies` folder of a data directory."""

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory / "generations" / "policies"

    def keep(self, texts: Texts) -> None:
        """Keep the policy part of what was taken, as the newest. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        bundle, path = render_bundle(texts.policy_part()), self._path(texts.policy_digest())
        if path.exists() and path.read_bytes() == bundle:
            os.utime(path)
        else:
            write_whole(path, bundle)
        for old in self._newest_first()[POLICIES_KEPT:]:
            old.unlink(missing_ok=True)

    def read(self, digest: str) -> Texts | None:
        """The policy part of this digest; None where it is not kept, or is not what its name says."""
        try:
            texts = parse_bundle(self._path(digest).read_bytes())
        except (OSError, BundleError):
            return None
        return texts if texts.policy_digest() == digest else None

    def digests(self) -> frozenset[str]:
        """Those that are kept."""
        return frozenset(path.stem for path in self._newest_first())

    def _newest_first(self) -> list[Path]:
        return sorted(self._directory.glob("*.bundle"), key=lambda path: -path.stat().st_mtime_ns)

    def _path(self, digest: str) -> Path:
        return self._directory / f"{digest}.bundle"
