"""`callmark generations`: what was in force, who changed what, and going back to an earlier policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.administration import run
from gateway.cli.control_client import NoNodeError, ask_control, exchange
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.reload import show_changed, show_phases, show_refused
from gateway.cli.wording import safe

_TIMEOUT_SECONDS: Final = 120.0
_LISTED_CHANGES: Final = 3
"""Of one generation in the list; `show` has them all."""


@click.group()
def generations() -> None:
    """Look at the generations of the configuration, and go back to the policy of one.

    \b
    What changed, and back to how it was before:
        callmark generations list
        callmark generations roll-back 41 --reason "blocks the bank's calls"

    Exit status: 0 done, 1 refused, no such generation or no node is running, 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters


@generations.command("list")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@click.option("--before", type=click.IntRange(1), help="Only those with a lower number.")
@data_directory_option
@json_option
def list_generations(*, limit: int, before: int | None, data_directory: Path, as_json: bool) -> None:
    """List what was in force, the newest first: who put it there, when, and what changed."""
    query = {"limit": str(limit)} | ({} if before is None else {"before": str(before)})
    found = _ask(data_directory, "/admin/v1/generations", query)
    if as_json:
        show_json(found)
        return
    for each in found["generations"]:
        _show_line(each)
        changed = each["differences"]
        show_changed(changed[:_LISTED_CHANGES], indent="      ")
        if len(changed) > _LISTED_CHANGES:
            click.echo(f"      and {len(changed) - _LISTED_CHANGES} more")
    if found["policy_rolled_back"]:
        click.echo("The policy was rolled back: the policy files on the disk are not what is in force.")


@generations.command()
@click.argument("number", type=click.IntRange(1))
@data_directory_option
@json_option
def show(*, number: int, data_directory: Path, as_json: bool) -> None:
    """Show one generation with everything that it changed."""
    found = _ask(data_directory, f"/admin/v1/generations/{number}", {})
    if as_json:
        show_json(found)
        return
    _show_line(found)
    show_changed(found["differences"], indent="      ")
    click.echo(f"      policy {found['policy'][:12]}, whole {found['digest'][:12]}")


@generations.command("roll-back")
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", default="", help="Why; it is what the next operator will read.")
@data_directory_option
@json_option
def roll_back(*, number: int, reason: str, data_directory: Path, as_json: bool) -> None:
    """Put the policy of generation NUMBER in force again, at once and on all workers or none.

    Certificates, revocation lists and keys stay those of now: they only go forward. The files on the disk are
    not changed; those of the policy are not taken any more until they are, also over a restart.
    """
    path = f"/admin/v1/generations/{number}/roll-back"
    _, answer = run(_exchange(data_directory, path, {"reason": reason} if reason else {}))
    result = cast("dict[str, Any]", answer)
    if "taken" not in result:
        detail = str(result.get("detail") or result.get("title")).removeprefix("/")
        raise click.ClickException(detail)
    if as_json:
        show_json(result)
    elif result["taken"]:
        click.echo(
            f"Rolled back to the policy of generation {number}: "
            f"generation {result['generation']} ({result['digest'][:12]}) is in force."
        )
        show_phases(result)
        show_changed(result["differences"])
        click.echo("The policy files on the disk are not taken any more until they change; mend them there.")
    else:
        show_refused(result)
    if not result["taken"]:
        raise click.exceptions.Exit(1)


async def _exchange(data_directory: Path, path: str, document: object) -> tuple[int, object]:
    try:
        return await exchange(
            data_directory, "POST", path, document=document, timeout_seconds=_TIMEOUT_SECONDS
        )
    except NoNodeError:
        raise _no_node(data_directory) from None


def _ask(data_directory: Path, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    async def asked() -> object:
        try:
            return await ask_control(data_directory, "GET", path, query=query)
        except NoNodeError:
            raise _no_node(data_directory) from None

    return cast("dict[str, Any]", run(asked()))


def _no_node(data_directory: Path) -> click.ClickException:
    return click.ClickException(
        f"no node is running on {data_directory}: only a running node has generations in force. To start it "
        "with another configuration, change the files."
    )


def _show_line(each: Mapping[str, Any]) -> None:
    mark = "*" if each["in_force"] else "-" if each["can_roll_back"] else " "
    why = f": {safe(each['why'])}" if each["why"] else ""
    click.echo(f"{mark}{each['number']:>5}  {each['time']}  {each['cause']} by {safe(each['actor'])}{why}")
    effect = each["effect"]
    if effect is not None and effect["calls"]:
        click.echo(
            f"      {effect['changed']:g} of {effect['calls']:g} recent calls would have been answered "
            f"otherwise, {effect['newly_blocked']:g} of them newly blocked"
        )
