"""`callmark candidate`: a policy that runs beside the one in force, without effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.administration import run
from gateway.cli.config import show_problems
from gateway.cli.control_client import NoNodeError, exchange
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.preview_words import show_preview
from gateway.cli.reload import show_changed
from gateway.cli.wording import safe

_TIMEOUT_SECONDS: Final = 120.0


@click.group()
def candidate() -> None:
    """Try a policy on live calls, without effect, before it is taken.

    \b
        callmark candidate start ./next
        callmark candidate show
        callmark candidate stop

    Exit status: 0 done, 1 refused, none runs or no node is running, 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters


@candidate.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_directory_option
@json_option
def start(*, directory: Path, data_directory: Path, as_json: bool) -> None:
    """Have the policy files in DIRECTORY judge live calls beside those in force.

    Files that are not there are as in force. Nothing is answered by it. One that ran before is replaced.
    """
    _show(_ask(data_directory, "POST", {"directory": str(directory.resolve())}), as_json=as_json)


@candidate.command()
@data_directory_option
@json_option
def show(*, data_directory: Path, as_json: bool) -> None:
    """Show which calls it would have answered otherwise, by reason and with examples."""
    _show(_ask(data_directory, "GET", None), as_json=as_json)


@candidate.command()
@data_directory_option
@json_option
def stop(*, data_directory: Path, as_json: bool) -> None:
    """End it, and show what it found."""
    _show(_ask(data_directory, "DELETE", None), as_json=as_json)


def _ask(data_directory: Path, method: str, document: object) -> dict[str, Any]:
    async def asked() -> tuple[int, object]:
        try:
            return await exchange(
                data_directory,
                method,
                "/admin/v1/candidate",
                document=document,
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        except NoNodeError:
            raise click.ClickException(
                f"no node is running on {data_directory}: only a running node has calls to judge"
            ) from None

    status, answer = run(asked())
    found = cast("dict[str, Any]", answer)
    if status == 404:
        raise click.ClickException("no candidate runs; `callmark candidate start DIRECTORY` has one run")
    if "problems" in found:
        show_problems(found["problems"])
        raise click.exceptions.Exit(1)
    if status >= 400:
        raise click.ClickException(str(found.get("detail") or found.get("title")))
    return found


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    click.echo(f"Candidate {found['policy'][:12]}, since {found['started']} by {safe(found['actor'])}:")
    show_changed(found["differences"])
    show_preview(found)
