"""Who did what: the rows of the audit, newest first, and whether its chain holds."""

from __future__ import annotations

import json
import re
from typing import Final

from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE
from gateway.control.commands import verify_audit
from gateway.control.commands.documents import audit_document, render_time
from gateway.control.console.actors import names_of
from gateway.control.console.showing import console_page
from gateway.record.audit import AuditRow, latest_rows
from gateway.telemetry import redact

ROWS: Final = 100
KINDS: Final = (
    "decision",
    "configuration",
    "token",
    "person",
    "reputation",
    "dispute",
    "feed",
    "number",
    "proof",
    "owner",
)
"""How actions begin."""
_NUMBER: Final = re.compile(r"\+?[0-9]{7,15}")


async def get_audit(request: web.Request) -> web.Response:
    """A page of rows."""
    before, kind = request.query.get("before", ""), request.query.get("kind", "")
    is_number = before.isascii() and before.isdigit() and len(before) <= 15
    async with request.app[STATE].record.read() as transaction:
        rows = await latest_rows(
            transaction,
            before=int(before) if is_number else None,
            action=kind if kind in KINDS else None,
            limit=ROWS,
        )
    return console_page(
        request,
        "audit.html",
        rows=[_shown(row, in_full=request[IS_OPERATOR]) for row in rows],
        names=await names_of(request, (each for row in rows for each in (row.actor, row.subject))),
        kinds=KINDS,
        kind=kind,
        following=rows[-1].sequence if len(rows) == ROWS else None,
        report=None,
    )


async def get_verification(request: web.Request) -> web.Response:
    """Walk the whole chain."""
    report = audit_document(await verify_audit(request.app[STATE].record))
    return console_page(
        request, "audit.html", rows=[], names={}, kinds=KINDS, kind="", following=None, report=report
    )


def _shown(row: AuditRow, *, in_full: bool) -> dict[str, object]:
    detail: dict[str, object] = json.loads(row.detail)
    if not in_full:
        detail = {name: _without_numbers(value) for name, value in detail.items()}
    return {
        "sequence": row.sequence,
        "at": render_time(row.at),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject if in_full else _without_numbers(row.subject),
        "detail": {name: _said(value) for name, value in detail.items() if value not in (None, "", [], {})},
    }


def _said(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_said(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_numbers(value: object) -> object:
    """The same with whatever may be a telephone number as in the log; times and counts are no texts."""
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: redact(found[0].removeprefix("+")) or "", value)
    if isinstance(value, list):
        return [_without_numbers(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_numbers(each) for name, each in value.items()}
    return value
