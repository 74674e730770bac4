"""Options that commands have in common, and their answer in JSON: apart from what needs the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click


def data_directory_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--data-directory`."""
    return click.option(
        "--data-directory",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="CALLMARK_DATA__DIRECTORY",
        default=Path("data"),
        show_default=True,
        help="Where the node keeps its data.",
    )(command)


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")(command)


def show_json(document: object) -> None:
    """Print the answer for a program."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
