"""The certificate chains behind recorded calls: evidence needs them long after their hosts serve others.

One file a chain and address in `chains/` of the data directory, named by the leaf's fingerprint: the address,
then the chain in PEM, leaf first. Workers hand a chain over once a signature has passed under it; a thread
writes. The control process forgets what is older than every call the journal still holds. A disk that is full
costs chains for evidence, never calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.certificates.chain import ChainError, parse_chain
from gateway.generations import write_whole

LONGEST_BYTES: Final = 1_000_000

_log = structlog.get_logger("callmark.chains")


@dataclass(frozen=True, slots=True)
class KeptChain:
    """What an address served when a call's signature passed under it."""

    x5u: str
    certificates: tuple[x509.Certificate, ...]
    """Leaf first, as served."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf, hex."""
        return self.certificates[0].fingerprint(SHA256()).hex()

    @property
    def pem(self) -> str:
        """The chain, leaf first."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.certificates).decode("ascii")


class KeptChains:
    """The `chains` folder of a data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writer: ThreadPoolExecutor | None = None
        self._is_failing = False

    def keep_soon(self, x5u: str, certificates: tuple[x509.Certificate, ...]) -> None:
        """Have it kept by a thread; waits for nothing and never raises."""
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="chains")
        self._writer.submit(self._keep_or_tell, KeptChain(x5u, certificates))

    def keep(self, chain: KeptChain) -> None:
        """Write it, or note that it was used again. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        address = sha256(chain.x5u.encode()).hexdigest()[:16]
        path = self._directory / f"{chain.fingerprint}-{address}.pem"
        write_whole(path, f"{chain.x5u}\n{chain.pem}".encode())

    def of(self, fingerprint: str) -> KeptChain | None:
        """The chain of this leaf (SHA-256, hex), whichever address served it; None where none can be read."""
        for path in self._directory.glob(f"{fingerprint}-*.pem"):
            try:
                with path.open("rb") as file:
                    x5u, _, pem = file.read(LONGEST_BYTES).partition(b"\n")
                return KeptChain(x5u.decode(), parse_chain(pem))
            except (OSError, ValueError):
                continue
        return None

    def at(self, x5u: str) -> Iterator[KeptChain]:
        """Every chain that this address served, the last first; those that cannot be read are passed over."""
        address = sha256(x5u.encode()).hexdigest()[:16]
        for path in sorted(self._directory.glob(f"*-{address}.pem"), key=os.path.getmtime, reverse=True):
            try:
                with path.open("rb") as file:
                    _, _, pem = file.read(LONGEST_BYTES).partition(b"\n")
                yield KeptChain(x5u, parse_chain(pem))
            except (OSError, ChainError):
                continue

    def forget_before(self, seconds: float) -> int:
        """Remove what was written before that time (epoch seconds); how many. Raises OSError."""
        old = [each for each in self._directory.glob("*.pem") if each.stat().st_mtime < seconds]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def close(self) -> None:
        """Wait for what is being written."""
        if self._writer is not None:
            self._writer.shutdown()

    def _keep_or_tell(self, chain: KeptChain) -> None:
        try:
            self.keep(chain)
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                _log.warning("chains cannot be kept as evidence", problem=error.strerror)
            self._is_failing = True
