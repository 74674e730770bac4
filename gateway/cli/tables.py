"""Tables of the command line: a row is a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from gateway.cli.wording import safe

_WIDEST: Final = 10_000
"""Columns; no row is longer."""


def show_table(titles: Mapping[str, JustifyMethod], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a table whose rows are never folded: a call id can be copied, and `grep` finds whole rows.

    What is too wide for a terminal it folds by itself. A cell that is a `str` is shown as it is, whoever
    wrote it: nothing in it is markup, and nothing steers the terminal.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in titles.items():
        table.add_column(title, justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(safe(cell)) if isinstance(cell, str) else cell for cell in row))
    Console(highlight=False, width=_WIDEST).print(table)
