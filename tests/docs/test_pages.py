"""What pages say of the code and of one another: links, files, reasons, differences."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import PROJECT, blocks, pages, rows

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_FILE = re.compile(r"`((?:gateway|docs|config|certs|docker|tests|bench)/[^\s`*{}<>…]+)`")
DIFFERS = re.compile(r"Differs from (ATIS-\d+|RFC \d+)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", h)).strip().lower().replace(" ", "-")
        for h in headings
    }


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    for name in CODE_FILE.findall(page.read_text()):
        made_at_first_start = name.startswith("certs/") and "dev" in name
        assert made_at_first_start or (PROJECT / name).exists(), name


def test_the_page_of_reasons_is_the_one_the_code_makes() -> None:
    made = subprocess.run(
        [sys.executable, "docs/make_reasons.py"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert (PROJECT / "docs" / "reasons.md").read_text() == made.stdout


def test_every_difference_from_a_standard_is_listed_and_no_other() -> None:
    marked = {
        (found, str(file.relative_to(PROJECT)))
        for file in (PROJECT / "gateway").rglob("*.py")
        for found in DIFFERS.findall(file.read_text())
    }
    listed = {
        (cells[0], cells[-1].strip("`")) for cells in rows((PROJECT / "docs" / "differs.md").read_text())
    }
    assert listed == marked


def test_every_page_of_documentation_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [PROJECT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    there = set((PROJECT / "docs").rglob("*.md"))
    assert there - reached == set()


def test_the_readme_shows_the_two_commands_first() -> None:
    text = (PROJECT / "README.md").read_text()
    assert text.count("\n") <= 150
    first = [line.partition("#")[0].strip() for line in blocks(text)[0][1].splitlines()]
    assert first == ["make run", "make test"]


def test_the_python_of_the_pages_is_python() -> None:
    for page in pages():
        for language, content in blocks(page.read_text()):
            if language == "python":
                ast.parse(content)
