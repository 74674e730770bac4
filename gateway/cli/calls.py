"""`callmark calls`: the calls of the last while, and why one was answered as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import click
from rich.text import Text

from gateway.cli.control_client import NoNodeError, ask_control
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.tables import show_table
from gateway.cli.wording import safe

COLOURS: Final = {"block": "red", "challenge": "magenta", "label": "yellow", "allow": "green"}


@click.group()
def calls() -> None:
    """Look at the calls this node answered lately (the last 10,000).

    \b
    Why was a call blocked, and how is its number released:
        callmark calls list --action block
        callmark calls show CALL_ID
        callmark decision add +442079460123 --action allow --reason "a customer"

    Exit status: 0 shown, 1 no such call or no node is running, 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters


@calls.command("list")
@click.option("--number", metavar="TN", help="Calling, network or called number.")
@click.option(
    "--action", type=click.Choice(["allow", "label", "challenge", "block"]), help="What was answered."
)
@click.option("--reason", metavar="CODE", help="A code of docs/reasons.md, such as number.invalid.")
@click.option("--trunk", help="A trunk of trunks.toml.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@data_directory_option
@json_option
def list_calls(
    *,
    number: str | None,
    action: str | None,
    reason: str | None,
    trunk: str | None,
    limit: int,
    data_directory: Path,
    as_json: bool,
) -> None:
    """List calls, the newest first."""
    wanted = {"tn": number, "action": action, "reason": reason, "trunk": trunk, "limit": str(limit)}
    query = {name: value for name, value in wanted.items() if value is not None}
    found = _ask(data_directory, "/admin/v1/calls", query=query)
    if as_json:
        show_json(found)
        return
    show_table(
        dict.fromkeys(("time", "from", "to", "trunk", "answer", "why", "call id"), "left"),
        (
            (
                each["time"][:19].replace("T", " "),
                each["from"] or each["network"] or "-",
                ", ".join(str(dest) for dest in each["to"]) or "-",
                each["trunk"],
                _answer(each),
                each["deciding"] or each["reason"],
                each["call_id"],
            )
            for each in found["calls"]
        ),
    )
    shown = len(found["calls"])
    click.echo(f"{shown} call{'s' * (shown != 1)} shown of {found['kept']} kept.")


@calls.command("show")
@click.argument("call_id")
@data_directory_option
@json_option
def show_call(*, call_id: str, data_directory: Path, as_json: bool) -> None:
    """Explain one call rule by rule: what was known, what decided, and what would change the verdict."""
    found = _ask(data_directory, f"/admin/v1/calls/{quote(call_id, safe='')}")
    if as_json:
        show_json(found)
        return
    for each in found["calls"]:
        _explain(each)


def _explain(call: Mapping[str, Any]) -> None:
    to = ", ".join(str(dest) for dest in call["to"])
    click.echo(f"{call['time']}  {safe(call['operation'])} by trunk {safe(call['trunk'])}")
    click.echo(f"  {call['from'] or call['network'] or 'no number'} → {to}")
    click.echo(f"  {call['action'] or call['attest'] or 'not signed'}: {safe(call['words'])}")
    if call["verstat"]:
        click.echo(f"  {call['verstat']} ({call['reason']})")
    for rule in call.get("rules", ()):
        detail = f": {safe(rule['detail'])}" if rule["detail"] else ""
        click.echo(f"  · {rule['code']} → {rule['effect']} by {rule['source']}{detail}")
        click.echo(f"    {rule['words']}")
    if "what_would_change_it" in call:
        now = call["under_the_policy_in_force"]
        click.echo(f"  By the policy in force: {now['action']}. {call['what_would_change_it']}")
        if call["missing"]:
            click.echo(f"  Judged without: {', '.join(call['missing'])}.")
    for identity in call.get("identities", ()):
        click.echo(f"  Identity: {safe(identity)}")
        click.echo("  (`callmark verify --explain` reads it step by step)")


def _ask(data_directory: Path, path: str, *, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", asyncio.run(ask_control(data_directory, "GET", path, query=query)))
    except NoNodeError as error:
        raise click.ClickException(
            f"no node is running on {data_directory}: recent calls are known to a running node only. "
            "Say where it keeps its data with --data-directory."
        ) from error


def _answer(call: Mapping[str, Any]) -> Text:
    word = call["action"] or (f"signed {call['attest']}" if call["attest"] else "not signed")
    return Text(word, style=COLOURS.get(word, ""))
