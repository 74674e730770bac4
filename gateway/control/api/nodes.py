"""The nodes that share the record, by HTTP."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.control.api.asking import STATE, answer

SILENT_SECONDS: Final = 10.0
"""Five beats: a node that has been silent longer is held for gone."""


async def nodes(request: web.Request) -> web.Response:
    """Every node: plane, version, generation, what is wrong with it, and who leads."""
    state = request.app[STATE]
    own = state.node_state()
    found = await state.leadership.nodes(own)
    return answer(
        {
            "nodes": [
                {
                    "id": each.state.id,
                    "name": each.state.name,
                    "plane": each.state.plane,
                    "version": each.state.version,
                    "generation": each.state.generation,
                    "digest": each.state.digest,
                    "leads": each.state.leads,
                    "problems": list(each.state.problems),
                    "is_gone": each.silent_seconds > SILENT_SECONDS,
                    "silent_seconds": round(each.silent_seconds, 1),
                    "is_this": each.state.id == own.id,
                }
                for each in found
            ]
        }
    )


ROUTES = [web.get("/admin/v1/nodes", nodes)]
