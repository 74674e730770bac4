"""One document from a stranger's server: bounded in time, bytes, addresses and turns.

ATIS-1000074 and ATIS-1000080: https GET, for a revocation list http too; no redirect followed, status 200.
What the body says is not judged here but in `certificates/`; a wrong content type is only remarked on,
because many hosts send one. Nothing the server sends is repeated in an error, save its status.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from gateway import __version__
from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.fetch.connections import checked_connector, forbidden, tls_context
from gateway.fetch.freshness import max_age_seconds
from gateway.fetch.hosts import Hosts, NoTurnError, Turn
from gateway.fetch.kinds import PEM_CHAIN, Kind
from gateway.reasons import CREDENTIAL_UNOBTAINABLE, X5U_FORBIDDEN, X5U_WARNING, Finding, Reason

_HEADERS: Final = {"User-Agent": f"Callmark/{__version__}", "Accept-Encoding": "identity"}
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
"""One deadline stands round the whole fetch, waiting for its turn included; partial ones would add up."""
LAST_WORDS_SECONDS: Final = 0.5
"""For hosts to end their connections when the fetcher is closed."""


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "the name of its host cannot be resolved"),
    (aiohttp.ClientSSLError, "no TLS connection with its host came about"),
    (aiohttp.ClientConnectorError, "its host cannot be connected to"),
    (aiohttp.ClientPayloadError, "its host's answer is cut short or damaged"),
    (aiohttp.ServerDisconnectedError, "its host closed the connection before it had answered"),
    (OSError, "its host closed the connection before it had answered"),
    (aiohttp.ClientResponseError, "its host's answer is not HTTP"),
)


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """The part of `[x5u]` this room needs."""

    x5u: X5uPolicy = field(default_factory=X5uPolicy)
    tls_ca_file: Path | None = None
    fetch_timeout_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address served."""

    body: bytes
    max_age_seconds: int | None
    """What HTTP allows (RFC 9111); None where the answer says nothing."""
    warnings: tuple[Finding, ...]


class CertificateUnobtainableError(Exception):
    """There is no body to look at."""

    def __init__(self, problem: str, *, reason: Reason = CREDENTIAL_UNOBTAINABLE, asked: bool = True) -> None:
        super().__init__(problem)
        self.problem = problem
        self.reason = reason
        """CREDENTIAL_UNOBTAINABLE; X5U_FORBIDDEN or INFO_INVALID for an address that may not be asked."""
        self.asked = asked
        """False where nobody was asked (the host rests, too many wait): that says nothing of this URL."""


class CertificateFetcher:
    """Fetches; keeps nothing but the behaviour of hosts. Make it inside the running loop; close it."""

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        monotonic: Callable[[], float] | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """Open nothing yet; ValueError (a sentence) when `tls_ca_file` cannot be used."""
        self._policy = policy
        self._timeout_seconds = policy.fetch_timeout_ms / 1_000
        self._hosts = Hosts(monotonic or asyncio.get_running_loop().time, fetch_seconds=self._timeout_seconds)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        tls = tls_context(policy.tls_ca_file)
        self._session = aiohttp.ClientSession(
            connector=checked_connector(policy.x5u, tls, resolver, opened=self._sockets),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
        )

    async def fetch(self, url: str, kind: Kind = PEM_CHAIN) -> Fetched:
        """Give the body of the one answer to one GET, or CertificateUnobtainableError; never another."""
        problem = check_x5u(url, self._policy.x5u, plain_http=kind.plain_http)
        if problem is not None:
            raise CertificateUnobtainableError(problem.detail, reason=problem.reason, asked=False)
        refused: list[str] = []
        forbidden.set(refused)
        turn: Turn | None = None
        try:
            # encoded: the bytes asked for are the bytes that were signed, not a tidied form of them.
            target = URL(url, encoded=True)
            async with asyncio.timeout(self._timeout_seconds), self._hosts.turn(_host(target)) as turn:
                fetched = await self._get(target, kind)
            turn.alive()
        except CertificateUnobtainableError:
            if turn is not None:
                turn.alive()  # it answered, only not with what was wanted
            raise
        except NoTurnError as error:
            raise CertificateUnobtainableError(error.problem, asked=False) from error
        except TimeoutError as error:
            if turn is None:
                raise CertificateUnobtainableError("no turn came to ask its host", asked=False) from error
            turn.dead()
            raise CertificateUnobtainableError(
                f"its host did not answer within {self._policy.fetch_timeout_ms} ms"
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if turn is not None:
                turn.dead()
            if refused:
                raise CertificateUnobtainableError(refused[0], reason=X5U_FORBIDDEN) from error
            raise CertificateUnobtainableError(_words(error)) from error
        return fetched

    def vouch(self, url: str) -> None:
        """Trust this URL's host with turns: it served the certificate of a call whose signature passed."""
        self._hosts.vouch(_host(URL(url, encoded=True)))

    async def close(self) -> None:
        """Close what is open; fetches still under way end with CertificateUnobtainableError."""
        await self._session.close()
        # TLS ends when the host has said so too, which aiohttp does not wait for after a fetch.
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while any(each.fileno() != -1 for each in self._sockets):  # noqa: ASYNC110 - of aiohttp's
                    await asyncio.sleep(0.01)

    async def _get(self, url: URL, kind: Kind) -> Fetched:
        accept = {"Accept": f"{kind.media_type}, */*;q=0.5"}
        async with self._session.get(url, allow_redirects=False, headers=accept) as response:
            if response.status != 200:
                redirect = ", a redirect, which is not followed" if 300 <= response.status < 400 else ""
                raise CertificateUnobtainableError(
                    f"its host answers with status {response.status}{redirect}"
                )
            body, warnings = await _body(response, kind.most_bytes)
            headers = response.headers
            if response.content_type != kind.media_type:
                warnings = (*warnings, Finding(X5U_WARNING, f"the content type is not {kind.media_type}"))
            return Fetched(
                body,
                max_age_seconds(
                    cache_control=",".join(headers.getall("Cache-Control", ())),
                    age=headers.get("Age", ""),
                    expires=headers.get("Expires", ""),
                    date=headers.get("Date", ""),
                ),
                warnings,
            )


async def _body(response: aiohttp.ClientResponse, most_bytes: int) -> tuple[bytes, tuple[Finding, ...]]:
    too_long = CertificateUnobtainableError(f"the answer is longer than {most_bytes} bytes")
    if (response.content_length or 0) > most_bytes:
        raise too_long
    received = bytearray()
    async for chunk in response.content.iter_any():
        received += chunk
        if len(received) > most_bytes:
            raise too_long
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding == "identity":
        return bytes(received), ()
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise CertificateUnobtainableError("the answer is compressed, though identity was asked for")
    # Some hosts compress whatever they are asked; 32 + 15 bits let zlib tell the two formats apart.
    inflater = zlib.decompressobj(wbits=47)
    try:
        body = inflater.decompress(bytes(received), most_bytes + 1)
    except zlib.error as error:
        raise CertificateUnobtainableError("the compressed answer is damaged") from error
    if len(body) > most_bytes:
        raise too_long
    if not inflater.eof:
        raise CertificateUnobtainableError("the compressed answer is cut short")
    return body, (Finding(X5U_WARNING, "the answer is compressed, though identity was asked for"),)


def _host(url: URL) -> str:
    return f"{url.host}:{url.port}"


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        why = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else "not valid"
        return f"its host's TLS certificate is refused: {why}"
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "its host could not be asked")
