"""The node's own word on its state, its addresses, and the disk its data are on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Any, Final, cast

from gateway.doctor.looking.surroundings import Surroundings
from gateway.doctor.node import ListenerSeen, NodeSeen
from gateway.generation.settings import parse_listen_address
from gateway.node_settings import journal_retention

CONNECT_SECONDS: Final = 2.0


async def look_at_node(around: Surroundings) -> NodeSeen:
    """Ask the node, or try what it would need."""
    generation = await around.ask("/admin/v1/generation") if around.is_running else None
    ready = await around.ask("/readyz") if around.is_running else None
    workers = cast("list[Mapping[str, Any]]", (generation or {}).get("workers", []))
    in_force = (generation or {}).get("digest")
    listen = around.settings.listen
    found = await asyncio.gather(
        *(
            _listener(key, address, is_running=around.is_running)
            for key, address in (
                ("calls", listen.calls),
                ("control", listen.control),
                ("repository", listen.repository),
            )
            if address
        )
    )
    count = listen.workers or os.cpu_count() or 1
    on_disk = around.configuration.generation.digest if around.configuration is not None else None
    return NodeSeen(
        is_running=around.is_running,
        workers=len(workers),
        workers_ready=sum(each.get("state") == "ready" for each in workers),
        reasons=tuple(cast("list[str]", (ready or {}).get("reasons", []))),
        is_configuration_in_force=on_disk is None or in_force in (None, on_disk),
        listeners=tuple(found),
        data_directory=str(around.data_directory),
        free_bytes=_free_bytes(around),
        needed_bytes=2 * count * journal_retention(around.settings).bytes,
    )


async def _listener(key: str, address: str, *, is_running: bool) -> ListenerSeen:
    at = parse_listen_address(address)
    if not is_running:
        return ListenerSeen(key, address, _why_not_free(str(at.host), at.port))
    loopback = "127.0.0.1" if at.host.version == 4 else "::1"
    host = loopback if at.host.is_unspecified else str(at.host)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, at.port)
    except (OSError, TimeoutError):
        return ListenerSeen(key, address, "a node runs, and nobody answers there")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ListenerSeen(key, address, "")


def _why_not_free(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
            tried.listen(1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return f"it cannot be listened on: {reason[:1].lower()}{reason[1:]}"
    return ""


def _free_bytes(around: Surroundings) -> int | None:
    try:
        state = os.statvfs(around.data_directory)
    except OSError:
        return None
    return state.f_bavail * state.f_frsize
