"""The node: its workers, the generation in force, and each setting with the place it comes from."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from aiohttp import web

from gateway.control.api.asking import STATE
from gateway.control.console.showing import console_page
from gateway.control.reloading.configured_keys import configured_keys
from gateway.node_settings import CONFIGURATION_VARIABLE


async def get_node(request: web.Request) -> web.Response:
    """The page."""
    state = request.app[STATE]
    directory = Path(os.environ[CONFIGURATION_VARIABLE])
    keys, problems = await asyncio.to_thread(configured_keys, directory, os.environ)
    source = request.query.get("source", "")
    if source == "changed":
        keys = [key for key in keys if key.source != "default"]
    return console_page(
        request,
        "node.html",
        document=state.generation_document(),
        waiting=() if state.reloader.last is None else state.reloader.last.needs_restart,
        keys=keys,
        changed=source == "changed",
        problems=[str(each) for each in problems],
        directory=str(directory),
    )
