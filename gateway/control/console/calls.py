"""The query log: one row a call, filtered, sorted, paged, and the same rows as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE, refuse_number
from gateway.control.api.call_documents import call_document
from gateway.control.console.query import OF_NUMBERS, ROWS, CallsQuery
from gateway.control.console.showing import console_page, shown_to
from gateway.control.journal.latest_calls import Sought
from gateway.control.pages.forms import Form
from gateway.control.spreadsheet import spreadsheet
from gateway.journal import Record
from gateway.web.problems import Problem, forbidden, not_found

COLUMNS: Final = (
    "time",
    "operation",
    "call_id",
    "trunk",
    "from",
    "network",
    "to",
    "action",
    "deciding",
    "verstat",
    "attest",
    "reason",
    "elapsed_ms",
    "generation",
)


async def get_calls(request: web.Request) -> web.Response:
    """The list."""
    query, form = _query(request), Form({k: [v] for k, v in request.query.items()})
    latest = request.app[STATE].latest
    sought = query.sought(request.app[STATE].dialling(), form)
    found = () if sought is None else latest.find(sought, limit=len(latest))
    everything = latest.all()
    return console_page(
        request,
        "calls.html",
        status=200 if form.is_good else 400,
        query=query,
        form=form,
        rows=_documents(request, query.rows(found)),
        found=len(found),
        kept=len(everything),
        pages=-(-len(found) // ROWS),
        trunks=sorted({record.trunk for record in everything}),
        reasons=sorted({code for record in everything for code in (record.deciding, record.reason) if code}),
    )


async def get_export(request: web.Request) -> web.Response:
    """Exactly the rows that are on the screen, as CSV or as lines of JSON."""
    query, form = _query(request), Form()
    latest = request.app[STATE].latest
    sought: Sought | None = query.sought(request.app[STATE].dialling(), form)
    rows = () if sought is None else query.rows(latest.find(sought, limit=len(latest)))
    if not rows:
        raise Problem(404, "not-found", "There is nothing to export.", "No call fits, or none does any more.")
    documents = _documents(request, rows)
    match request.match_info["form"]:
        case "csv":
            return _file(_csv(documents), "text/csv", "calls.csv")
        case "jsonl":
            lines = b"".join(msgspec.json.encode(each) + b"\n" for each in documents)
            return _file(lines, "application/x-ndjson", "calls.jsonl")
    raise not_found(request.path)


def _query(request: web.Request) -> CallsQuery:
    """Which calls are asked for. Raises Problem: whoever sees no number neither seeks nor sorts by one."""
    refuse_number(request)
    query = CallsQuery.read(request.query)
    if not request[IS_OPERATOR] and query.sort.removeprefix("-") in OF_NUMBERS:
        raise forbidden("sort: only operators sort by numbers; auditors see calls without them.")
    return query


def _documents(request: web.Request, rows: Sequence[Record]) -> list[dict[str, object]]:
    shown = shown_to(request)
    return [call_document(record, shown) for record in rows]


def _csv(documents: Sequence[dict[str, object]]) -> bytes:
    rows = ([document[name] for name in COLUMNS] for document in documents)
    return spreadsheet(COLUMNS, rows).encode("utf-8", "replace")


def _file(body: bytes, content_type: str, name: str) -> web.Response:
    return web.Response(
        body=body,
        content_type=content_type,
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
