"""STI-CR: the gateway's own certificates, where other providers' verifiers fetch them (ATIS-1000074).

GET and HEAD of `/certs/{name}`, TLS, nothing else. Only chains that this node signs with, or signed with and
that have not ended, are here, also after a restart; a file that holds a private key never comes this far
(`gateway/generation/`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.certificates.chain import ChainError, parse_chain
from gateway.generation.generation import Generation, SigningIdentity
from gateway.generation.problem import Problem
from gateway.generations import write_whole

MEDIA_TYPE: Final = "application/pem-certificate-chain"
CACHE_CONTROL: Final = "public, max-age=86400"
"""ATIS-1000074: verifiers keep a certificate for a day."""
_KEPT: Final = msgspec.json.Decoder(dict[str, str])

_log = structlog.get_logger("callmark.control")


class Published:
    """What is published, by path; old chains stay to their end: calls signed with them may be looked at."""

    def __init__(self, file: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """`file` remembers it over a restart; it is read here, and what cannot be read is not published."""
        self._file = file
        self._clock = clock
        self._current: str | None = None
        try:
            kept = {} if file is None else _KEPT.decode(file.read_bytes())
        except (OSError, msgspec.MsgspecError, ValueError):
            kept = {}
        self._chains = {path: pem.encode() for path, pem in kept.items()}

    def take(self, generation: Generation) -> None:
        """Publish the chain a generation signs with, under the path of its x5u."""
        signing = generation.signing
        self._current = None if signing is None else urlsplit(signing.x5u).path
        chains = dict(self.chains)
        if signing is not None and self._current is not None:
            chains[self._current] = signing.chain_pem
        if chains != self._chains:
            self._chains = chains
            self._keep()

    @property
    def chains(self) -> Mapping[str, bytes]:
        """By path: the one in force, and those before it that have not ended."""
        now = self._clock()
        return {path: pem for path, pem in self._chains.items() if path == self._current or _end(pem) > now}

    def application(self) -> web.Application:
        """The repository's HTTP application."""
        application = web.Application(client_max_size=1)
        application.router.add_get("/{path:.*}", self._get)
        return application

    async def _get(self, request: web.Request) -> web.Response:
        chain = self.chains.get(request.path)
        if chain is None:
            raise web.HTTPNotFound(text="There is no certificate at this address.\n")
        return web.Response(body=chain, content_type=MEDIA_TYPE, headers={"Cache-Control": CACHE_CONTROL})

    def _keep(self) -> None:
        if self._file is None:
            return
        kept = {path: pem.decode("ascii", "replace") for path, pem in self._chains.items()}
        try:
            write_whole(self._file, msgspec.json.encode(kept))
        except OSError as error:
            _log.error("published certificates would not outlive a restart", problem=str(error))


def address_problem(before: SigningIdentity | None, after: SigningIdentity | None) -> Problem | None:
    """Why a new key is not to sign under the address of the one before it, or None.

    Verifiers keep a certificate for a day: to them every call signed with the new key would be forged.
    """
    if before is None or after is None or before.x5u != after.x5u or _key(before) == _key(after):
        return None
    return Problem(
        "gateway.toml",
        None,
        "signing.x5u",
        "is the address of the certificate before, which has another key: verifiers keep that one for a day, "
        "and would find every call forged",
        "publish the new certificate under a name of its own; if it is meant, `callmark reload --override`",
    )


def _key(signing: SigningIdentity) -> bytes:
    key = parse_chain(signing.chain_pem)[0].public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def _end(pem: bytes) -> float:
    """Epoch seconds at which the chain's first certificate ends."""
    try:
        return parse_chain(pem)[0].not_valid_after_utc.timestamp()
    except ChainError:
        return 0.0
