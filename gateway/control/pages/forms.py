"""Forms: what was typed, kept for the page that is shown again, and what is wrong with it, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.control.commands.problems import CommandError
from gateway.web.problems import Problem

TYPE: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 300
"""A letter for two hundred numbers, and the rest of its page."""
_PREDICATES: Final = frozenset(
    {"is", "has", "must", "covers", "names", "belongs", "goes", "cannot", "holds", "does"}
)


@dataclass(slots=True)
class Form:
    """The fields of a page, by name. A new one is empty."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """A sentence for each field that cannot be used, in the order of the page; "" is for none of them."""

    def text(self, name: str) -> str:
        """What was typed there, without outer blanks; empty where there was no such field."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The same with its blanks, as passwords have them."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> Sequence[str]:
        """Every box that was ticked under this name."""
        return self.values.get(name, ())

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.problems

    def refuse(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field; the first thing said stays."""
        self.problems.setdefault(name, sentence)

    def take(self, error: CommandError, labels: Mapping[str, str]) -> None:
        """Put what a command refused beside the field it is about; `labels` names the page's fields.

        A part of the request is a field by the longest beginning of its path: `/trunks/0` is `trunks`.
        """
        parts = error.pointer.strip("/").replace("-", "_").split("/")
        for length in range(len(parts), 0, -1):
            name = "_".join(parts[:length])
            if name in labels:
                self.refuse(name, _sentence(_about(labels[name], error.problem)))
                return
        self.refuse("", _sentence(error.problem))


def _about(label: str, problem: str) -> str:
    """What commands say of a part either goes on after its name, or stands alone."""
    return f"{label} {problem}" if problem.partition(" ")[0] in _PREDICATES else problem


def _sentence(words: str) -> str:
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "?", "!")) else f"{words}."


async def read_form(request: web.Request) -> Form:
    """The form that a page sends. Raises Problem for what no page of ours sends."""
    if request.content_type != TYPE:
        raise Problem(415, "unsupported-type", "This address takes the form of its page.", f"Send {TYPE}.")
    try:
        text = (await request.read()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise _unreadable() from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\x00" in value or "\x00" in name:
            raise _unreadable()
        values.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return Form(values)


def _unreadable() -> Problem:
    return Problem(400, "invalid-request", "What was sent cannot be read.", "Open the page again.")
