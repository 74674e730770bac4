"""docs/operators.md against the code: every key with its default, every command, every metric."""

from __future__ import annotations

import importlib
import json
import re
from enum import Enum
from typing import Any

import click
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gateway.cli import callmark
from gateway.generation import dno_file, honeypots_file, inventory_file
from gateway.generation.brands_file import BrandTable, RichTable
from gateway.generation.policy_file import PolicyFile
from gateway.generation.settings import Settings, sections
from gateway.generation.trunks_file import CredentialTable, NumbersTable, TrunkTable
from gateway.generation.trust_settings import TrustDomainTable
from tests.docs.pages import PROJECT, rows, section

PAGE = (PROJECT / "docs" / "operators.md").read_text()
SECTIONS = {**sections(Settings), **sections(PolicyFile)}


def keys_of(heading: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by the key they begin with."""
    table = section(PAGE, heading).split("\n\n### ")[0]
    return {cells[0].strip("`"): cells[1:] for cells in rows(table) if cells[0].startswith("`")}


def default_of(model: type[BaseModel], key: str) -> str:
    """A key's default as the page prints it."""
    default: Any = model.model_fields[key].default
    if default is PydanticUndefined:
        return "needed"
    if default is None:
        return "`none`"
    if isinstance(default, BaseModel):
        return "`{}`"
    if isinstance(default, Enum):
        default = default.value
    return f"`{json.dumps(list(default) if isinstance(default, tuple) else default)}`"


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_has_its_keys_and_their_defaults(name: str) -> None:
    table = keys_of(f"#### [{name}]")
    assert list(table) == list(SECTIONS[name].model_fields)
    assert {key: cells[0] for key, cells in table.items()} == {
        key: default_of(SECTIONS[name], key) for key in SECTIONS[name].model_fields
    }


@pytest.mark.parametrize(
    ("heading", "model"),
    [("[[trunk]]", TrunkTable), ("[[brand]]", BrandTable), ("[[trust_domain]]", TrustDomainTable)],
)
def test_each_list_of_tables_has_its_keys_and_their_defaults(heading: str, model: type[BaseModel]) -> None:
    table = keys_of(f"#### {heading}")
    assert {key: cells[0] for key, cells in table.items()} == {
        key: default_of(model, key) for key in model.model_fields
    }


@pytest.mark.parametrize(
    ("heading", "model"),
    [("credentials", CredentialTable), ("[trunk.numbers]", NumbersTable), ("[brand.rcd]", RichTable)],
)
def test_each_inner_table_has_its_keys(heading: str, model: type[BaseModel]) -> None:
    assert list(keys_of(f"#### {heading}")) == list(model.model_fields)


def test_the_lists_have_the_columns_that_are_read() -> None:
    columns = {cells[0]: cells[1] for cells in rows(section(PAGE, "### The lists")) if ".csv" in cells[0]}
    assert columns == {
        "`inventory.csv`": f"`{','.join(inventory_file.HEADER)}`",
        "`dno.csv`": f"`{','.join(dno_file.HEADER)}`",
        "`honeypots.csv`": f"`{','.join(honeypots_file.HEADER)}`",
    }


def test_the_tables_of_commands_and_metrics_are_those_the_code_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    assert importlib.import_module("make_tables").with_tables(PAGE) == PAGE, "run python docs/make_tables.py"


def test_no_page_shows_a_command_that_is_not_there() -> None:
    context = click.Context(callmark)
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        for found in re.finditer(
            r"(?:^\$ |`)callmark ([a-z-]+)(?: ([a-z-]+))?", page.read_text(), re.MULTILINE
        ):
            command = callmark.get_command(context, found[1])
            assert command is not None, f"{page.name}: {found[0]}"
            if isinstance(command, click.Group) and found[2]:
                assert found[2] in command.commands, f"{page.name}: {found[0]}"
