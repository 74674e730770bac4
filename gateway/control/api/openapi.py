"""`/openapi.json`: the owners' API in OpenAPI 3.1, made from the types its handlers read and answer.

What a handler does is its docstring, what a member means stands in `docs/api.md`; a test holds the operations
to the routes and the document to the specification.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from aiohttp import web

from gateway import __version__
from gateway.control.api import disputes, numbers, owners, proofs
from gateway.control.api.asking import answer
from gateway.control.api.dispute_shapes import DisputeAnswer, DisputeShape, DisputesPage, NewDispute
from gateway.control.api.registry_shapes import (
    Completion,
    LetterCheck,
    NewNumbers,
    NewOwner,
    NewProof,
    NoticesPage,
    NumberDecision,
    NumbersPage,
    NumbersShape,
    OwnerShape,
    OwnersPage,
    OwnerToken,
    ProofShape,
    ProofsPage,
    UsePage,
)

ROOMS: Final = (owners, numbers, proofs, disputes)
_REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\})?[^{}]*)?\}")
_PROBLEM: Final[Mapping[str, object]] = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


@dataclass(frozen=True, slots=True)
class Described:
    """What a handler reads and answers."""

    answers: type[msgspec.Struct] | None
    """None: nothing, or lines of JSON."""
    status: int = 200
    reads: type[msgspec.Struct] | None = None
    query: tuple[str, ...] = ()


_PAGE: Final = ("after", "limit")
DESCRIBED: Final[Mapping[Any, Described]] = {
    owners.post_owner: Described(OwnerShape, 201, NewOwner),
    owners.get_owners: Described(OwnersPage, query=_PAGE),
    owners.get_owner: Described(OwnerShape),
    owners.delete_owner: Described(None, 204),
    owners.post_token: Described(OwnerToken, 201),
    owners.get_notices: Described(NoticesPage, query=("limit",)),
    owners.get_export: Described(None),
    numbers.post_numbers: Described(NumbersShape, 201, NewNumbers),
    numbers.get_numbers: Described(NumbersPage, query=("state", *_PAGE)),
    numbers.post_bulk: Described(None, query=("owner",)),
    numbers.get_one: Described(NumbersShape),
    numbers.put_one: Described(NumbersShape, 200, NewNumbers),
    numbers.delete_one: Described(NumbersShape),
    numbers.get_use: Described(UsePage, query=("days",)),
    numbers.post_decision: Described(NumbersShape, 200, NumberDecision),
    proofs.post_proof: Described(ProofShape, 201, NewProof),
    proofs.get_proofs: Described(ProofsPage, query=_PAGE),
    proofs.get_proof: Described(ProofShape),
    proofs.post_completion: Described(ProofShape, 200, Completion),
    proofs.post_check: Described(ProofShape, 200, LetterCheck),
    disputes.post_dispute: Described(DisputeShape, 201, NewDispute),
    disputes.get_disputes: Described(DisputesPage, query=("state", *_PAGE)),
    disputes.get_dispute: Described(DisputeShape),
    disputes.post_answer: Described(DisputeShape, 200, DisputeAnswer),
}


async def openapi(request: web.Request) -> web.Response:
    """The description of the owners' API."""
    del request
    return answer(openapi_document())


@cache
def openapi_document() -> Mapping[str, object]:
    """The whole document."""
    types = {each for how in DESCRIBED.values() for each in (how.answers, how.reads) if each is not None}
    _, schemas = msgspec.json.schema_components(
        sorted(types, key=lambda each: each.__name__), ref_template=_REFERENCE
    )
    paths: dict[str, dict[str, object]] = {}
    for room in ROOMS:
        for route in room.ROUTES:
            path = _PARAMETER.sub(r"{\1}", route.path)
            paths.setdefault(path, {})[route.method.lower()] = _operation(route, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Callmark, for number owners", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, "Problem": _PROBLEM},
        },
    }


def _operation(route: web.RouteDef, path: str) -> dict[str, object]:
    how = DESCRIBED[route.handler]
    summary = (route.handler.__doc__ or "").strip().partition("\n")[0]
    parameters: list[dict[str, object]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string" if name == "state" else "integer"}}
        for name in how.query
    ]
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation: dict[str, object] = {
        "operationId": route.handler.__name__,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            str(how.status): {"description": summary} | _content(how.answers),
            "default": {
                "description": "Why it cannot be carried out.",
                "content": {"application/problem+json": problem},
            },
        },
    }
    if how.reads is not None:
        operation["requestBody"] = {"required": True} | _content(how.reads)
    return operation


def _content(of: type[msgspec.Struct] | None) -> dict[str, object]:
    if of is None:
        return {}
    return {"content": {"application/json": {"schema": {"$ref": _REFERENCE.format(name=of.__name__)}}}}


ROUTES = [web.get("/openapi.json", openapi)]
