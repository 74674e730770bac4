"""Writes the tables of docs/operators.md that the code knows by itself: commands and metrics.

`python docs/make_tables.py` after a command or a metric was added; a test finds out when it was forgotten.
"""  # noqa: INP001 - a script beside the pages, not a part of the package

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
from prometheus_client.metrics import MetricWrapperBase

from gateway import telemetry
from gateway.cli import COMMANDS

PAGE = Path(__file__).parent / "operators.md"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(page: str) -> str:
    """The page, with what stands between the marks of each table made anew."""
    for mark, lines in (("commands", commands()), ("metrics", metrics())):
        table = "\n".join((f"<!-- {mark} -->", *lines, f"<!-- end of {mark} -->"))
        pattern = re.compile(rf"<!-- {mark} -->.*?<!-- end of {mark} -->", re.DOTALL)
        page = pattern.sub(lambda _, table=table: table, page)
    return page


def commands() -> Iterator[str]:
    """Each command with the first sentence of its help."""
    yield from ("| Command | |", "|---|---|")
    for name, (module, attribute) in COMMANDS.items():
        for path, command in _leaves(f"callmark {name}", getattr(importlib.import_module(module), attribute)):
            words = " ".join((command.help or "").split("\n\n")[0].split())
            yield f"| `{path}` | {words} |"


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _leaves(f"{path} {name}", inner)
    else:
        yield path, command


def metrics() -> Iterator[str]:
    """Each metric with its labels."""
    yield from ("| Metric | Labels | |", "|---|---|---|")
    for each in vars(telemetry).values():
        if isinstance(each, MetricWrapperBase):
            name = each._name + ("_total" if each._type == "counter" else "")  # noqa: SLF001 - no public name
            labels = ", ".join(f"`{label}`" for label in each._labelnames)  # noqa: SLF001
            yield f"| `{name}` | {labels} | {each._documentation} |"  # noqa: SLF001


if __name__ == "__main__":
    main()
