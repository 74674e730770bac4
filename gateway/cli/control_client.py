"""Asking the control process over `control.sock`, the owner-only socket in the data directory."""

from __future__ import annotations

import errno
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import click

from gateway.control_socket import CONTROL_SOCKET, control_socket

TIMEOUT_SECONDS: Final = 30.0

_NOBODY: Final = (errno.ENOENT, errno.ENOTDIR, errno.ECONNREFUSED)
"""No socket; or one left behind by a node that was killed."""
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM)
_CHUNK_BYTES: Final = 65_536


class NoNodeError(Exception):
    """No control process answers: no node runs on this data directory."""


async def ask_control(
    data_directory: Path,
    method: str,
    path: str,
    *,
    document: object = None,
    query: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> object:
    """Return the answer's JSON.

    Raises NoNodeError, or ClickException with a sentence when the node refuses or does not answer.
    """
    status, answer = await exchange(
        data_directory, method, path, document=document, query=query, timeout_seconds=timeout_seconds
    )
    if status < 400:
        return answer
    # RFC 9457, as `gateway.web.problems` writes it.
    detail = answer.get("detail") or answer.get("title") if isinstance(answer, dict) else None
    if not detail:
        raise click.ClickException(f"the node refused (status {status}); its log says more.")
    # The pointer's last part is the option's name; the caller typed no JSON.
    raise click.ClickException(str(detail).removeprefix("/"))


async def exchange(
    data_directory: Path,
    method: str,
    path: str,
    *,
    document: object = None,
    query: Mapping[str, str] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> tuple[int, object]:
    """Return status and JSON, whatever the status. Raises as `ask_control` for everything else."""
    async with (
        _session(data_directory, timeout_seconds) as session,
        session.request(method, path, json=document, params=query) as response,
    ):
        body = await response.read()
    try:
        return response.status, json.loads(body)
    except ValueError as error:
        raise click.ClickException(
            f"the node answered {response.status} with something that is not JSON; its log says more."
        ) from error


async def download(data_directory: Path, path: str) -> AsyncIterator[bytes]:
    """Yield what the node sends, piece by piece. Raises as `ask_control`."""
    async with _session(data_directory, None) as session, session.get(path) as response:
        if response.status != 200:
            raise click.ClickException(f"the node refused (status {response.status}); its log says more.")
        async for piece in response.content.iter_chunked(_CHUNK_BYTES):
            yield piece


@asynccontextmanager
async def _session(
    data_directory: Path, timeout_seconds: float | None
) -> AsyncIterator[aiohttp.ClientSession]:
    where = data_directory / CONTROL_SOCKET
    try:
        with control_socket(data_directory) as path:
            async with aiohttp.ClientSession(
                # The host is a formality of HTTP: the socket decides who is asked.
                "http://control",
                connector=aiohttp.UnixConnector(path=path),
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
                trust_env=False,
            ) as session:
                yield session
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise _broken_off(where, timeout_seconds) from error
        if error.errno in _NOBODY:
            raise NoNodeError from error
        if error.errno in _FORBIDDEN:
            raise click.ClickException(
                f"the node's control socket {where} cannot be used: {error.strerror}. "
                "It belongs to whoever runs the node: run this command as that user."
            ) from error
        raise _broken_off(where, timeout_seconds) from error
    except aiohttp.ClientError as error:
        raise _broken_off(where, timeout_seconds) from error


def _broken_off(where: Path, timeout_seconds: float | None) -> click.ClickException:
    bound = "" if timeout_seconds is None else f" within {timeout_seconds:.0f} seconds"
    return click.ClickException(
        f"the node behind {where} did not answer{bound}, or broke off. "
        "It is not known whether it did what was asked: look before you try again."
    )
