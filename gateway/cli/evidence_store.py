"""Redis for a command that met no node: which one, and whether it can be reached without it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from gateway.control.reloading.files import read_settings
from gateway.generation.generation import Generation
from gateway.generation.settings import Settings
from gateway.generations import BundleStore, GenerationLoadError
from gateway.knowledge.connect import FOR_LOADING, RedisUrlError, connect
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.importers.room import Room
from gateway.node_settings import CONFIGURATION_VARIABLE
from gateway.numbers.allocations import Allocations

EMBEDDED: Final = "embedded"


def redis_url() -> str:
    """`[redis] url` as a node started here would have it; "embedded" where no configuration is found."""
    configured = read_settings(Path(os.environ.get(CONFIGURATION_VARIABLE, "config")), os.environ)
    if isinstance(configured, Settings):
        return configured.redis.url
    return os.environ.get("CALLMARK_REDIS__URL", EMBEDDED)


async def room_of(url: str) -> Room | None:
    """What a Redis that is there without a node has for an import; None where nobody can say."""
    if url == EMBEDDED:
        return None
    try:
        async with open_loader(url) as loader:
            return await loader.room()
    except (LoadError, RedisUrlError):
        return None


def last_generation(data_directory: Path) -> Generation | None:
    """The one the last node worked by; None where there is none."""
    store = BundleStore(data_directory)
    try:
        current = store.read_current()
        return None if current is None else store.load(current.digest)
    except GenerationLoadError:
        return None


def last_allocations(data_directory: Path) -> Allocations | None:
    """What the plan files told the last node."""
    generation = last_generation(data_directory)
    return None if generation is None else generation.policy.verdict.allocations


@asynccontextmanager
async def open_loader(url: str) -> AsyncIterator[ReputationLoader]:
    """Connect to a Redis that is there without a node. Raises RedisUrlError."""
    connected = connect(url, patience=FOR_LOADING)
    try:
        yield ReputationLoader(connected)
    finally:
        await connected.aclose()
