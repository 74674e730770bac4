"""`callmark reload`: the running node takes the configuration on the disk, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.control_client import NoNodeError, exchange
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.wording import safe
from gateway.control_socket import CONTROL_SOCKET

_TIMEOUT_SECONDS: Final = 120.0
"""Reading large lists, and twice the time a silent supervisor is waited for."""


@click.command()
@data_directory_option
@click.option(
    "--accept-shrink",
    is_flag=True,
    help="Take files that lost more than a tenth of the entries (and more than two) of those in force.",
)
@click.option(
    "--override",
    is_flag=True,
    help="Take it though it would block more of the recent calls than [reload] in policy.toml allows.",
)
@json_option
def reload(*, data_directory: Path, accept_shrink: bool, override: bool, as_json: bool) -> None:
    """Have the running node take the configuration that is on the disk now.

    It is read and checked whole, then taken by every worker or by none; calls go on meanwhile. What is
    refused changes nothing: every problem is listed with its place, and the last good configuration stays.
    `callmark config preview` shows beforehand what it would do to the recent calls.

    Exit status: 0 taken (or nothing had changed), 1 refused or no node is running, 2 wrong usage.
    """
    try:
        status, answer = asyncio.run(
            exchange(
                data_directory,
                "POST",
                "/admin/v1/reload",
                query={
                    "accept_shrink": str(accept_shrink).lower(),
                    "override": str(override).lower(),
                },
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        )
    except NoNodeError as error:
        raise click.ClickException(
            f"no node is running on {data_directory} (nobody answers at {data_directory / CONTROL_SOCKET}). "
            "`callmark serve` starts one, and reads the configuration as it starts."
        ) from error
    result = cast("dict[str, Any]", answer)
    if "taken" not in result:
        raise click.ClickException(f"{result.get('detail') or result.get('title')} (status {status})")
    if as_json:
        show_json(result)
    elif result["taken"]:
        _show_taken(result)
    else:
        show_refused(result)
    if not result["taken"]:
        raise click.exceptions.Exit(1)


def _show_taken(result: Mapping[str, Any]) -> None:
    name = f"generation {result['generation']} ({result['digest'][:12]})"
    if result["unchanged"]:
        click.echo(f"Nothing has changed: {name} stays in force.")
    else:
        click.echo(f"Taken: {name} is in force.")
    show_phases(result)
    show_changed(result["differences"])
    if result["policy_rolled_back"]:
        click.echo(
            "  The policy was rolled back, and its files are still those of then: they are not taken until "
            "they change, or with --override."
        )
    for section in result["needs_restart"]:
        click.echo(f"  {section} of gateway.toml has changed too: that waits for the next start.")


def show_refused(result: Mapping[str, Any]) -> None:
    """Print every problem with its place, and what stays."""
    for each in result["problems"]:
        place = each["file"] if each["line"] is None else f"{each['file']}:{each['line']}"
        key = f" {each['key']}:" if each["key"] else ""
        hint = f" ({each['hint']})" if each["hint"] else ""
        click.echo(f"{place}:{key} {each['problem']}{hint}", err=True)
    count = len(result["problems"])
    click.echo(
        f"Refused for {count} problem{'s' * (count != 1)}. The last good one stays: generation "
        f"{result['generation']} ({result['digest'][:12]}).",
        err=True,
    )
    show_phases(result, err=True)


def show_changed(differences: Sequence[Mapping[str, str]], *, indent: str = "  ") -> None:
    """Print what is other than before, a line each."""
    for each in differences:
        place = ": ".join(part for part in (each["file"], each["key"]) if part)
        click.echo(f"{indent}{safe(place)}{' ' if place else ''}{safe(each['words'])}")


def show_phases(result: Mapping[str, Any], *, err: bool = False) -> None:
    """Print how long each phase took, and each worker's word."""
    phases = ", ".join(f"{phase} {ms} ms" for phase, ms in result["milliseconds"].items())
    click.echo(f"  {phases}", err=err)
    for worker in result["workers"]:
        took = f" in {worker['ms']} ms" if worker.get("ms") is not None else ""
        why = f": {worker['why']}" if worker.get("why") else ""
        click.echo(f"  worker {worker['slot']} (pid {worker['pid']})  {worker['state']}{took}{why}", err=err)
