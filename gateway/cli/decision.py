"""`callmark decision`: what an operator decides on a number or a range, before any score."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.commands import add_decision, list_decisions, remove_decision
from gateway.control.commands.decisions import ACTIONS, TRUNK_KINDS
from gateway.control.commands.documents import decision_document, parse_decision_request
from gateway.numbers.canonical import DiallingRules, NumberError
from gateway.numbers.ranges import NumberRange
from gateway.record import Record

_PAGE: Final = 1_000
_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


@click.group()
def decision() -> None:
    """Add, list and remove decisions: allow, label, challenge or block a number or range.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


@decision.command()
@click.argument("number_or_range")
@click.option("--action", required=True, type=click.Choice(ACTIONS), help="What becomes of its calls.")
@click.option("--reason", required=True, help="Why, for whoever reads it next.")
@click.option("--trunk-kind", type=click.Choice(TRUNK_KINDS), help="Only calls that arrive this way.")
@click.option("--expires", metavar="TIME", help="12h, 30d, 8w, or a time such as 2027-01-31T12:00:00Z.")
@data_directory_option
@json_option
def add(
    *,
    number_or_range: str,
    action: str,
    reason: str,
    trunk_kind: str | None,
    expires: str | None,
    data_directory: Path,
    as_json: bool,
) -> None:
    """Decide on NUMBER_OR_RANGE: +442079460123, 02079460123, +442079460000-0999, +442079460000/1000."""
    document: dict[str, object] = {
        "range" if _is_range(number_or_range) else "tn": number_or_range,
        "action": action,
        "reason": reason,
    }
    if trunk_kind is not None:
        document["trunk_kind"] = trunk_kind
    if expires is not None:
        document["expires"] = _expiry(expires)

    async def locally(record: Record, actor: str, now: int) -> object:
        request = parse_decision_request(document)
        return decision_document(
            await add_decision(record, request, rules=DiallingRules(), actor=actor, now=now)
        )

    errand = Errand(method="POST", path="/admin/v1/decisions", document=document, locally=locally)
    added = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(added)
        return
    click.echo(f"Decision {added['id']}: {_terms(added)}.")


@decision.command(name="list")
@click.option("--past", is_flag=True, help="Show removed and expired ones too.")
@data_directory_option
@json_option
def list_(*, past: bool, data_directory: Path, as_json: bool) -> None:
    """List decisions, oldest first."""
    found: list[dict[str, Any]] = []
    while True:
        page = _page(data_directory, past=past, after_id=found[-1]["id"] if found else 0)
        found += page
        if len(page) < _PAGE:
            break
    if as_json:
        show_json({"decisions": found})
        return
    if not found:
        click.echo("No decisions. `callmark decision add` makes one.")
    for each in found:
        click.echo(
            f"{each['id']:>6}  {_terms(each)}; {each['created']} by {each['created_by']}: {each['reason']}"
        )


@decision.command()
@click.argument("decision_id", type=click.IntRange(1, 2**53))
@data_directory_option
@json_option
def remove(*, decision_id: int, data_directory: Path, as_json: bool) -> None:
    """Take the decision of this id back; calls see it within a second."""

    async def locally(record: Record, actor: str, now: int) -> object:
        return decision_document(await remove_decision(record, decision_id, actor=actor, now=now))

    errand = Errand(method="DELETE", path=f"/admin/v1/decisions/{decision_id}", locally=locally)
    gone = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(gone)
        return
    click.echo(f"Decision {decision_id} is removed ({_terms(gone)}).")


def _page(data_directory: Path, *, past: bool, after_id: int) -> list[dict[str, Any]]:
    async def locally(record: Record, _actor: str, now: int) -> object:
        found = await list_decisions(record, now=now, include_past=past, after_id=after_id, limit=_PAGE)
        return {"decisions": [decision_document(each) for each in found]}

    query = {"after": str(after_id), "limit": str(_PAGE)} | ({"past": "true"} if past else {})
    errand = Errand(method="GET", path="/admin/v1/decisions", query=query, locally=locally)
    answer = cast("dict[str, Any]", run_errand(data_directory, errand))
    return cast("list[dict[str, Any]]", answer["decisions"])


def _is_range(text: str) -> bool:
    """Tell a range from a number, in which a hyphen is a mere separator (+44-20-7946-0123)."""
    if "/" in text:
        return True
    try:
        return NumberRange.parse(text).count > 1
    except NumberError:
        return False


def _expiry(text: str) -> str:
    span = _SPAN.fullmatch(text)
    if span is None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise click.ClickException(
                f"expires: must be a span such as 12h, 30d or 8w, or a time such as 2027-01-31T12:00:00Z;"
                f" {text!r} is neither"
            ) from None
        return text
    ahead = timedelta(**{_UNITS[span[2]]: int(span[1])})
    return (datetime.now(UTC) + ahead).isoformat(timespec="seconds")


def _terms(each: dict[str, Any]) -> str:
    numbers = each["start"] if each["count"] == 1 else f"{each['start']} and the {each['count'] - 1} after it"
    by = f" from {each['trunk_kind']} trunks" if each["trunk_kind"] else ""
    until = f", until {each['expires']}" if each["expires"] else ""
    removed = f", removed {each['removed']}" if each["removed"] else ""
    return f"{each['action']} {numbers}{by}{until}{removed}"
