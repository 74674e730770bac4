"""Lists that were fetched and believed, on the disk: the last good copy of each.

One file a list in `trust/` of the data directory, written aside and renamed: a line of JSON, then the list
as it was served. A node that starts while the lists' servers are down goes by these. A file that is not
whole is passed over with a line in the log: the list is fetched again. Which list is good is decided in
`judging_lists.py` and `trust_lists.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog

from gateway.generation.texts import FETCHED
from gateway.generations import write_whole

DIRECTORY: Final = "trust"

_log = structlog.get_logger("callmark.trust")


class KeptCrl(msgspec.Struct, frozen=True, kw_only=True):
    """A revocation list."""

    url: str
    sha256: str = ""
    issuers: tuple[bytes, ...] = ()
    """The certificates (DER) that may sign it besides the configured ones: those of authorities whose
    certificates point to it."""


class KeptTrustList(msgspec.Struct, frozen=True, kw_only=True):
    """An STI-PA's list, and what it said when it was believed."""

    domain: str
    sha256: str = ""
    source: str
    pins: tuple[str, ...]
    """Digests of the certificates that were pinned when it was believed."""
    sequence: int
    exp: int
    anchors: tuple[bytes, ...]
    """DER."""


_Kept = TypeVar("_Kept", KeptCrl, KeptTrustList)


class ObtainedStore:
    """The `trust` folder of a data directory."""

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory / DIRECTORY

    def crls(self) -> Iterator[tuple[KeptCrl, bytes]]:
        """Every revocation list that is kept."""
        return self._read_all("*.crl", KeptCrl)

    def trust_lists(self) -> Iterator[tuple[KeptTrustList, bytes]]:
        """Every trust list that is kept."""
        return self._read_all("*.list", KeptTrustList)

    def keep_trust_list(self, kept: KeptTrustList, body: bytes) -> None:
        """Keep in place of the domain's last. Raises OSError."""
        self._write(f"{kept.domain}.list", kept, body)

    def keep_crl(self, kept: KeptCrl, body: bytes) -> None:
        """Keep in place of the one of the same address. Raises OSError."""
        self._write(f"{sha256(kept.url.encode()).hexdigest()[:32]}.crl", kept, body)

    def _write(self, name: str, kept: _Kept, body: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = msgspec.json.encode(msgspec.structs.replace(kept, sha256=sha256(body).hexdigest()))
        write_whole(self._directory / name, head + b"\n" + body)

    def _read_all(self, pattern: str, kind: type[_Kept]) -> Iterator[tuple[_Kept, bytes]]:
        for path in sorted(self._directory.glob(pattern)):
            try:
                head, _, body = path.read_bytes().partition(b"\n")
                kept = msgspec.json.decode(head, type=kind)
            except (OSError, msgspec.MsgspecError) as error:
                _log.warning("a kept list cannot be read", file=str(path), problem=str(error))
                continue
            if sha256(body).hexdigest() != kept.sha256:
                _log.warning("a kept list is damaged", file=str(path))
                continue
            yield kept, body


def kept_crls(store: ObtainedStore) -> dict[str, bytes]:
    """The revocation lists that are kept, as a generation wants them."""
    return {FETCHED + kept.url: body for kept, body in store.crls()}
