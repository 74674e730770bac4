"""Having codes called out by the carrier's own switch.

Two ways, by `[codes] url`: a webhook that the carrier's announcement service answers, signed by the
conventions of Standard Webhooks 1.0; or `spool`, a folder of the data directory from which a service on the
same machine takes one file a code and deletes it. A development node has the latter, and its operator reads
the file.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from gateway.control.registry.codes import BegunCode
from gateway.generation.settings import CodesTable
from gateway.numbers.canonical import to_e164
from gateway.registry.codes import CODE_SECONDS

SPOOL_DIRECTORY: Final = "codes"
SEND_SECONDS: Final = 5.0


class CodeNotSentError(Exception):
    """Nobody took the code to call it out; `str()` is a sentence for the log, without the code."""


class CodeSender(Protocol):
    """Hands a code to whoever calls it out."""

    async def send(self, begun: BegunCode) -> None:
        """Return when it was taken. Raises CodeNotSentError, within a few seconds."""


class Spool:
    """A file a code, for its owner only; those nobody took are removed when they have run out."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def send(self, begun: BegunCode) -> None:
        """Write the file and rename it into place, so that nobody takes half of one."""
        await asyncio.to_thread(self._write, begun)

    def _write(self, begun: BegunCode) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget_old()
            path = self._directory / f"{begun.begun.proof.id}.json"
            temporary = path.with_suffix(".new")
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_body(begun))
            temporary.rename(path)
        except OSError as error:
            raise CodeNotSentError(f"{self._directory} cannot be written: {error.strerror}") from error

    def _forget_old(self) -> None:
        for old in self._directory.iterdir():
            # Whoever calls codes out takes files at any moment, this one too.
            with contextlib.suppress(FileNotFoundError):
                if old.suffix in (".json", ".new") and old.stat().st_mtime < time.time() - CODE_SECONDS:
                    old.unlink()


class Webhook:
    """One POST a code; any 2xx says that it was taken."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._url = url
        self._secret = secret

    async def send(self, begun: BegunCode) -> None:
        """POST it, once: a second call with the same code would be noticed by whoever is called."""
        body = _body(begun)
        headers = signed_headers(body, secret=self._secret, identifier=f"code-{begun.begun.proof.id}")
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=SEND_SECONDS), trust_env=False
                ) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                if not 200 <= response.status < 300:
                    raise CodeNotSentError(f"the webhook of [codes] url answered {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CodeNotSentError(
                f"the webhook of [codes] url does not answer: {type(error).__name__}"
            ) from error


def signed_headers(body: bytes, *, secret: bytes, identifier: str) -> Mapping[str, str]:
    """The headers of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body."""
    moment = str(int(time.time()))
    signed = b".".join((identifier.encode(), moment.encode(), body))
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")
    return {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{digest}",
    }


class CodesSettingError(Exception):
    """`[codes]` cannot be used; `str()` is a sentence."""


def code_sender(settings: CodesTable, data_directory: Path) -> CodeSender:
    """The way that is set. Raises CodesSettingError when the secret cannot be read."""
    if settings.url == "spool":
        return Spool(data_directory / SPOOL_DIRECTORY)
    if settings.secret_file is None:
        raise CodesSettingError("[codes] url is a webhook, and secret_file is not set")
    try:
        secret = Path(settings.secret_file).read_bytes().strip()
    except OSError as error:
        raise CodesSettingError(
            f"{settings.secret_file} ([codes] secret_file) cannot be read: {error.strerror}"
        ) from error
    if not secret:
        raise CodesSettingError(f"{settings.secret_file} ([codes] secret_file) is empty")
    return Webhook(settings.url, secret)


def _body(begun: BegunCode) -> bytes:
    return json.dumps(
        {"type": "code.call", "proof": begun.begun.proof.id, "to": to_e164(begun.tn), "code": begun.code}
    ).encode("ascii")
