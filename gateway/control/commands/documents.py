"""Commands as JSON, one form for the admin API, `control.sock` and `--json`.

Requests are read from what `gateway.passport.strict.read_json` returned; times are RFC 3339 with an
offset, numbers leave in E.164 form. This checks types and members; the commands check meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, cast

from gateway.control.commands.decisions import DecisionRequest
from gateway.control.commands.problems import CommandError
from gateway.control.commands.tokens import CreatedToken, TokenRequest
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.record.audit import AuditReport
from gateway.record.decisions import Decision
from gateway.record.tokens import Token
from gateway.telemetry import redact

_MOST_SCOPES: Final = 20


def parse_token_request(document: object) -> TokenRequest:
    """Read `{"name", "scopes": […], "trunk"?, "expires"?}`. Raises CommandError."""
    members = read_members(document, required=("name", "scopes"), optional=("trunk", "expires"))
    scopes = members["scopes"]
    if not isinstance(scopes, list) or len(scopes) > _MOST_SCOPES:
        raise CommandError("must be a list of scopes", "/scopes")
    for position, scope in enumerate(scopes):
        if not isinstance(scope, str):
            raise CommandError("must be a text", f"/scopes/{position}")
    return TokenRequest(
        name=read_text(members, "name"),
        scopes=tuple(cast("list[str]", scopes)),
        trunk=optional_text(members, "trunk"),
        expires_at=_time(members, "expires"),
    )


def parse_decision_request(document: object) -> DecisionRequest:
    """Read `{"tn" or "range", "action", "trunk_kind"?, "reason", "expires"?}`. Raises CommandError."""
    members = read_members(
        document, required=("action", "reason"), optional=("tn", "range", "trunk_kind", "expires")
    )
    return DecisionRequest(
        action=read_text(members, "action"),
        reason=read_text(members, "reason"),
        tn=optional_text(members, "tn"),
        range=optional_text(members, "range"),
        trunk_kind=optional_text(members, "trunk_kind"),
        expires_at=_time(members, "expires"),
    )


def token_document(token: Token) -> dict[str, object]:
    """Return a token as listed: without anything that opens a door, its hash included."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "trunk": token.trunk,
        "created": render_time(token.created_at),
        "created_by": token.created_by,
        "expires": _optional_time(token.expires_at),
        "revoked": _optional_time(token.revoked_at),
    }


def created_token_document(created: CreatedToken) -> dict[str, object]:
    """Return a new token with its secret (`token`), for the one answer that shows it."""
    return {**token_document(created.token), "token": created.secret}


def decision_document(decision: Decision) -> dict[str, object]:
    """Return a decision."""
    return {
        "id": decision.id,
        "start": to_e164(TelephoneNumber(decision.start)),
        "count": decision.count,
        "action": decision.action,
        "trunk_kind": decision.trunk_kind,
        "reason": decision.reason,
        "created": render_time(decision.created_at),
        "created_by": decision.created_by,
        "expires": _optional_time(decision.expires_at),
        "removed": _optional_time(decision.removed_at),
    }


def redacted_decision_document(decision: Decision) -> dict[str, object]:
    """Return a decision for who may see no number; its reason may name one."""
    return decision_document(decision) | {"start": redact(decision.start), "reason": "…"}


def audit_document(report: AuditReport) -> dict[str, object]:
    """Return what a walk of the audit found."""
    return {
        "intact": report.is_intact,
        "rows": report.rows,
        "head": {"sequence": report.head.sequence, "hash": report.head.hash},
        "breaks": [{"sequence": each.sequence, "problem": each.problem} for each in report.breaks],
    }


def parse_time(text: str, pointer: str) -> int:
    """Read an RFC 3339 time as epoch seconds. Raises CommandError."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return int(moment.timestamp())
    except (ValueError, OverflowError):
        pass
    raise CommandError("must be a time with its offset, such as 2027-01-31T12:00:00Z", pointer)


def render_time(seconds: int) -> str:
    """Return epoch seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _optional_time(seconds: int | None) -> str | None:
    return None if seconds is None else render_time(seconds)


def read_members(
    document: object, *, required: Collection[str], optional: Collection[str]
) -> Mapping[str, object]:
    """A JSON object with these members and no others. Raises CommandError with the place."""
    if not isinstance(document, dict):
        raise CommandError("must be a JSON object")
    for name in document:
        if name not in required and name not in optional:
            known = ", ".join((*required, *optional))
            # RFC 6901 section 3: ~ and / inside a name are escaped.
            escaped = str(name)[:40].replace("~", "~0").replace("/", "~1")
            raise CommandError(f"is not known here; known are {known}", f"/{escaped}")
    for name in required:
        if name not in document:
            raise CommandError("is missing", f"/{name}")
    return document


def read_text(members: Mapping[str, object], name: str) -> str:
    """A member that is a text. Raises CommandError."""
    value = members[name]
    if not isinstance(value, str):
        raise CommandError("must be a text", f"/{name}")
    return value


def optional_text(members: Mapping[str, object], name: str) -> str | None:
    """The same, or None where it is missing or null. Raises CommandError."""
    return None if members.get(name) is None else read_text(members, name)


def _time(members: Mapping[str, object], name: str) -> int | None:
    text = optional_text(members, name)
    return None if text is None else parse_time(text, f"/{name}")
