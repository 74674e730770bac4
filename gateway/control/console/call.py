"""One call, explained: its headers and chain, what was known, rule by rule, what would change the verdict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import msgspec
from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE
from gateway.control.api.call_documents import explained_document
from gateway.control.console.chain import shown_chain
from gateway.control.console.identity import decode
from gateway.control.console.showing import console_page, shown_to
from gateway.journal import Record
from gateway.kept_chains import KeptChains
from gateway.reasons import REASONS
from gateway.web.problems import Problem


async def get_call(request: web.Request) -> web.Response:
    """The explanation; several, where the call was asked about at several resources."""
    state, call_id = request.app[STATE], request.match_info["call_id"]
    found = state.latest.named(call_id)
    if not found:
        raise Problem(
            404,
            "not-found",
            "This call is not kept any more.",
            "The last 10,000 calls of a node are explained; [journal] says how long their records are kept.",
        )
    generation = state.reloader.generation
    policy = None if generation is None else generation.policy.verdict
    shown, chains = shown_to(request), KeptChains(state.chains_directory)
    believed = await asyncio.to_thread(lambda: [shown_chain(record, chains) for record in found])
    return console_page(
        request,
        "call.html",
        call_id=call_id,
        calls=[
            {
                "document": explained_document(record, policy, shown),
                "identities": [decode(each) for each in record.identities] if request[IS_OPERATOR] else (),
                "has_identities": bool(record.identities),
                "chain": chain,
                "evidence": _evidence(record) if request[IS_OPERATOR] else "",
                "remedy": _remedy(record.deciding or record.reason),
                "number": record.orig or record.network_tn,
            }
            for record, chain in zip(found, believed, strict=True)
        ],
        neighbours=_around(state.latest.all(), found[0]),
    )


def _remedy(code: str) -> str:
    row = REASONS.get(code)
    return "" if row is None else row.remedy


def _evidence(record: Record) -> str:
    """What was looked up for the call, as it was answered."""
    if record.grounds is None:
        return ""
    return json.dumps(msgspec.to_builtins(record.grounds), indent=2, ensure_ascii=False)


def _around(records: Sequence[Record], record: Record) -> int:
    """How many of the calls that are kept showed the same number."""
    shown = record.orig or record.network_tn
    return sum(shown in (each.orig, each.network_tn) for each in records) if shown is not None else 0
