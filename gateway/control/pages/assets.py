"""Styles and scripts: read once, served by their hash, so that a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.web.problems import not_found

PATH: Final = "/assets/"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HASH_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """A file and the address that changes with it."""

    content: bytes
    type: str
    address: str


def _read() -> Mapping[str, Asset]:
    found = {}
    for file in sorted((Path(__file__).parent / "assets").iterdir()):
        if file.suffix in _TYPES:
            content = file.read_bytes()
            mark = hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]
            found[file.name] = Asset(content, _TYPES[file.suffix], f"{PATH}{mark}/{file.name}")
    return found


ASSETS: Final = _read()


def asset_address(name: str) -> str:
    """Where a page finds it. KeyError for what is not there."""
    return ASSETS[name].address


async def get_asset(request: web.Request) -> web.Response:
    """One file, at the address of its present content."""
    asset = ASSETS.get(request.match_info["name"])
    if asset is None or asset.address != request.path:
        raise not_found(request.path)
    return web.Response(
        body=asset.content,
        content_type=asset.type,
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


ROUTES = [web.get(PATH + "{mark:[0-9a-f]{16}}/{name:[a-z0-9.-]{1,64}}", get_asset)]
