"""`callmark doctor`: what is wrong around this gateway, and the command that mends each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, cast

import click

from gateway.cli.config import configuration_option
from gateway.cli.control_client import NoNodeError, exchange
from gateway.cli.options import json_option, show_json
from gateway.cli.wording import CROSS, NOT_REACHED, TICK, safe, show
from gateway.doctor.diagnosis import Diagnosis, State
from gateway.doctor.examination import examine

_SIGNS: Final = {
    State.GOOD: (TICK, "green"),
    State.ATTENTION: ("!", "yellow"),
    State.WRONG: (CROSS, "red"),
    State.UNKNOWN: (NOT_REACHED, "blue"),
}


@click.command()
@configuration_option
@click.option(
    "--data-directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the node keeps its data, if not where the configuration says.",
)
@click.option(
    "--published",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The directory a web server publishes this gateway's certificates from: no key may lie there.",
)
@json_option
def doctor(*, directory: Path, data_directory: Path | None, published: Path | None, as_json: bool) -> None:
    """Look at clock, keys, trust, stores, files and node, and say what mends each.

    Works beside a running node and without one; nothing is changed. What could not be looked at is marked so,
    and does not count as wrong. Run it as the user of the node, with the node's environment.

    Exit status: 0 nothing is wrong, 1 something is (each with the command that mends it), 2 wrong usage.
    """
    environment = dict(os.environ)
    if data_directory is not None:
        environment["CALLMARK_DATA__DIRECTORY"] = str(data_directory)
    found = asyncio.run(examine(directory, environment, published=published, ask=_ask))
    is_well = all(each.state is not State.WRONG for each in found)
    if as_json:
        show_json({"ok": is_well, "findings": [_document(each) for each in found]})
    else:
        show("\n".join(_lines(found)))
    if not is_well:
        raise click.exceptions.Exit(1)


async def _ask(data_directory: Path, path: str) -> Mapping[str, object] | None:
    try:
        _, answer = await exchange(data_directory, "GET", path)
    except (NoNodeError, click.ClickException):
        return None
    return cast("Mapping[str, object]", answer)


def _lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    for check, group in groupby(found, key=lambda each: each.check):
        for place, each in enumerate(group):
            sign, colour = _SIGNS[each.state]
            yield f"{click.style(sign, fg=colour)} {check if place == 0 else '':<17} {safe(each.words)}"
            if each.command:
                yield f"{'':<20}{click.style(safe(each.command), bold=True)}"
    count = {state: sum(each.state is state for each in found) for state in State}
    yield (
        f"\n{count[State.WRONG]} wrong, {count[State.ATTENTION]} to be looked after, "
        f"{count[State.UNKNOWN]} not looked at, {count[State.GOOD]} good."
    )


def _document(each: Diagnosis) -> dict[str, str]:
    return {"check": each.check, "state": each.state.value, "words": each.words, "command": each.command}
