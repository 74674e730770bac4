"""STI-CR: the gateway's own certificates, where other providers' verifiers fetch them (ATIS-1000074).

GET and HEAD of `/certs/{name}`, TLS, nothing else. Only chains that this node signs with, now or lately,
are here; a file that holds a private key never comes this far (`gateway/generation/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.generation.generation import Generation

MEDIA_TYPE: Final = "application/pem-certificate-chain"
CACHE_CONTROL: Final = "public, max-age=86400"
"""ATIS-1000074: verifiers keep a certificate for a day."""


class Published:
    """What is published, by path; old chains stay, as calls signed with them may still be ringing."""

    def __init__(self) -> None:
        self._chains: dict[str, bytes] = {}

    def take(self, generation: Generation) -> None:
        """Publish the chain a generation signs with, under the path of its x5u."""
        if generation.signing is not None:
            self._chains[urlsplit(generation.signing.x5u).path] = generation.signing.chain_pem

    @property
    def chains(self) -> Mapping[str, bytes]:
        """By path."""
        return self._chains

    def application(self) -> web.Application:
        """The repository's HTTP application."""
        application = web.Application(client_max_size=1)
        application.router.add_get("/{path:.*}", self._get)
        return application

    async def _get(self, request: web.Request) -> web.Response:
        chain = self._chains.get(request.path)
        if chain is None:
            raise web.HTTPNotFound(text="There is no certificate at this address.\n")
        return web.Response(body=chain, content_type=MEDIA_TYPE, headers={"Cache-Control": CACHE_CONTROL})
