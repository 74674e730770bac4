"""Asking the control process over `control.sock`, the owner-only socket in the data directory."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import aiohttp
import click

CONTROL_SOCKET: Final = "control.sock"

_TIMEOUT_SECONDS: Final = 30.0
_NOBODY: Final = (errno.ENOENT, errno.ECONNREFUSED)
"""No socket; or one left behind by a node that was killed."""


class NoNodeError(Exception):
    """No control process answers: no node runs on this data directory."""


async def ask_control(
    data_directory: Path,
    method: str,
    path: str,
    *,
    document: object = None,
    query: Mapping[str, str] | None = None,
) -> object:
    """Return the answer's JSON.

    Raises NoNodeError, or ClickException with a sentence when the node refuses or does not answer.
    """
    where = data_directory / CONTROL_SOCKET
    session = aiohttp.ClientSession(
        # The host is a formality of HTTP: the socket decides who is asked.
        "http://control",
        connector=aiohttp.UnixConnector(path=str(where)),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
        trust_env=False,
    )
    try:
        async with session, session.request(method, path, json=document, params=query) as response:
            body = await response.read()
    except aiohttp.ClientOSError as error:
        if error.errno in _NOBODY:
            raise NoNodeError from error
        raise click.ClickException(
            f"the node's control socket {where} cannot be used: {error.strerror}. "
            "It belongs to whoever runs the node: run this command as that user."
        ) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise click.ClickException(
            f"the node behind {where} did not answer within {_TIMEOUT_SECONDS:.0f} seconds or broke off. "
            "It is not known whether it did what was asked: list before you try again."
        ) from error
    return _read_answer(response.status, body)


def _read_answer(status: int, body: bytes) -> object:
    try:
        answer: object = json.loads(body)
    except ValueError as error:
        raise click.ClickException(
            f"the node answered {status} with something that is not JSON; its log says more."
        ) from error
    if status < 400:
        return answer
    # RFC 9457, as `gateway.web.problems` writes it.
    detail = answer.get("detail") or answer.get("title") if isinstance(answer, dict) else None
    raise click.ClickException(f"{detail or 'the node refused'} (status {status})")
