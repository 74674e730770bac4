"""`callmark switch-test`: a gateway asked as switches ask it, and a report in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from gateway.cli.demo import read_token
from gateway.cli.switch_answers import Failed, Skipped
from gateway.cli.switch_checks import CHECKS, Check, Numbers
from gateway.cli.switch_end import NoAnswer, SwitchEnd, SwitchTestError

_SECONDS: Final = 5.0
_MARKS: Final = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[yellow]-[/]"}


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one check."""

    check: str
    tried: str
    outcome: Literal["passed", "failed", "skipped"]
    seen: str


@click.command("switch-test")
@click.argument("url", default="http://127.0.0.1:8080")
@click.option(
    "--token",
    metavar="TOKEN|FILE",
    envvar="CALLMARK_TOKEN",
    show_envvar=True,
    help="The switch's token or the file that holds it. Without one the gateway has to know this machine's "
    "address (trunks.toml).",
)
@click.option("--orig", default="+442079460123", show_default=True, help="A number this switch may sign.")
@click.option("--dest", default="+441614960000", show_default=True, help="The number called.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Authorities for https, instead of the system's.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def switch_test(
    *, url: str, token: str | None, orig: str, dest: str, ca_file: Path | None, as_json: bool
) -> None:
    """Ask a gateway as switches do, and say what they would meet.

    Run it on the machine of a switch, against the URL the switch is to have: with a trunk's prefix if it
    has one. It asks in every dialect (ATIS-1000082, 3GPP, verdicts, dialplan, secsipidx), sends a
    heartbeat, many calls on one connection, several at once, a slow one and broken ones. It places some
    hundred and fifty questions, one after another; they are counted and logged as calls.

    \b
        callmark switch-test http://127.0.0.1:8080 --token data/token
        callmark switch-test http://192.0.2.20:8080/international --orig +442079460123
        callmark switch-test https://gateway.example.org:8443 --ca-file ca.pem --json

    A check is skipped when this credential may not do what it tries; the report says what would help.

    Exit status: 0 nothing failed, 1 something failed or nobody answers, 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise click.BadParameter(f"{url!r} is no address such as http://127.0.0.1:8080.", param_hint="URL")
    secret = None if token is None else read_token(token)[0]
    try:
        end = SwitchEnd(url.rstrip("/"), secret, seconds=_SECONDS, ca_file=ca_file)
        with end.connection():
            pass
    except (SwitchTestError, NoAnswer) as error:
        raise click.ClickException(
            f"nobody answers at {url}: {error}. Is the gateway running, and is this the address of [listen] "
            "calls?"
        ) from error
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as progress:
        task = progress.add_task("Asking as a switch does", total=len(CHECKS))
        rows = []
        for row in _rows(end, Numbers(orig, dest)):
            rows.append(row)
            progress.advance(task)
    failed = [row for row in rows if row.outcome == "failed"]
    if as_json:
        document = {"url": url, "passed": not failed, "checks": [asdict(row) for row in rows]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show(url, rows)
    raise click.exceptions.Exit(1 if failed else 0)


def _rows(end: SwitchEnd, numbers: Numbers) -> Iterator[Row]:
    for name, check in CHECKS:
        yield _row(name, check, end, numbers)


def _row(name: str, check: Check, end: SwitchEnd, numbers: Numbers) -> Row:
    tried = (check.__doc__ or "").strip()
    try:
        return Row(name, tried, "passed", check(end, numbers))
    except Skipped as reason:
        return Row(name, tried, "skipped", str(reason))
    except (Failed, NoAnswer) as reason:
        return Row(name, tried, "failed", str(reason))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Row(name, tried, "failed", "the answer is not of the form this version of callmark knows")


def _show(url: str, rows: list[Row]) -> None:
    table = Table(title=f"A switch's view of {url}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("Check", no_wrap=True)
    table.add_column("What was seen", overflow="fold")
    for row in rows:
        table.add_row(_MARKS[row.outcome], row.check, Text(row.seen))
    console = Console(highlight=False)
    console.print(table)
    failed = sum(row.outcome == "failed" for row in rows)
    skipped = sum(row.outcome == "skipped" for row in rows)
    if failed:
        console.print(f"\n{failed} of {len(rows)} checks failed: a switch would meet this in service.")
    else:
        left = f" {skipped} could not be made with this credential." if skipped else ""
        console.print(f"\nNothing failed.{left} A switch can be pointed here.")
