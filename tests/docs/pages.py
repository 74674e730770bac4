"""The project's pages, and what the tests read out of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\|(.+)\|$")


def pages() -> list[Path]:
    """Every page of the project itself, not of what is installed into it."""
    folders = ("docs", "gateway", "certs", "tests", "bench", "docker")
    found = [*PROJECT.glob("*.md"), *(page for each in folders for page in (PROJECT / each).rglob("*.md"))]
    return sorted(page for page in found if "results" not in page.parts)


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of each fenced block, in order."""
    return [(found[1], found[2]) for found in _FENCE.finditer(text)]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    begin = text.index(f"\n{heading}\n") + len(heading) + 2
    end = re.search(rf"^#{{1,{level}}} ", text[begin:], re.MULTILINE)
    return text[begin : begin + end.start()] if end else text[begin:]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables in a text, headings and rulers left out."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _ROW.fullmatch(line.strip())
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if found and not set(line) <= set("|-: ") and not re.fullmatch(r"\|[-:| ]+\|", following.strip()):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", found[1])]
