"""What the Redis of `[redis] url` says of itself; nothing is written to it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from gateway.doctor.evidence import EvidenceSeen
from gateway.doctor.looking.surroundings import Surroundings
from gateway.generation.problem import mask_secrets
from gateway.knowledge.connect import FOR_LOADING, RedisUrlError, connect, exposure
from gateway.knowledge.servers import Servers
from gateway.node.valkey import socket_path

ANSWER_SECONDS: Final = 5.0


async def look_at_evidence(around: Surroundings) -> EvidenceSeen:
    """Ask it for its INFO."""
    url = around.settings.redis.url
    where = "The embedded Valkey" if url == "embedded" else mask_secrets(url)
    socket = socket_path(around.data_directory / "valkey")
    if url == "embedded" and not (around.is_running and socket.exists()):
        return EvidenceSeen(where=where, waits_for_node=True)
    try:
        connected = connect(url, embedded_socket=socket, patience=FOR_LOADING)
    except RedisUrlError as error:
        return EvidenceSeen(where=where, problem=str(error))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return _seen(where, await _info(connected), exposure(url))
    except TimeoutError:
        return EvidenceSeen(where=where, problem=f"no answer within {ANSWER_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001 - redis-py raises ValueError, IndexError… on garbage replies
        return EvidenceSeen(where=where, problem=mask_secrets(str(error)) or type(error).__name__)
    finally:
        with contextlib.suppress(Exception):
            await connected.aclose()


async def _info(servers: Servers) -> dict[str, Any]:
    # Of a cluster one primary speaks for all here, `redis-cli --cluster check` for the rest.
    client = (await servers.look())[0].client
    found: dict[str, Any] = await client.execute_command("INFO")
    with contextlib.suppress(Exception):  # hosted servers forbid CONFIG
        answer = await client.execute_command("CONFIG GET", "save")
        found = {**found, "save": _text(answer)}
    return found


def _text(answer: object) -> str | None:
    """The value in CONFIG GET's answer, whichever of redis-py's forms it has."""
    values = list(answer.values()) if isinstance(answer, dict) else answer
    last = values[-1] if isinstance(values, list) and values else None
    return last.decode() if isinstance(last, bytes) else last if isinstance(last, str) else None


def _seen(where: str, info: dict[str, Any], exposed: tuple[str, ...]) -> EvidenceSeen:
    is_valkey = "valkey_version" in info
    save = info.get("save")
    appends = bool(info.get("aof_enabled"))
    return EvidenceSeen(
        where=where,
        server="valkey" if is_valkey else "redis",
        version=str(info.get("valkey_version" if is_valkey else "redis_version", "")),
        maxmemory_policy=str(info.get("maxmemory_policy", "")),
        is_persistent=True if appends else None if save is None else bool(save),
        exposure=exposed,
    )
