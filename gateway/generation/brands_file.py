"""`brands.toml`: who callers pretend to be, and the numbers the real ones call from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.generation.numbers_read import check_range, read_range
from gateway.generation.problem import Problem, did_you_mean, quote
from gateway.generation.toml_file import List, Table, check_table, parse_toml
from gateway.verdicts.policy import Brand

BRANDS_FILE: Final = "brands.toml"
_NAME_LENGTH: Final = 80


def _check_name(text: str) -> str:
    if not 0 < len(text) <= _NAME_LENGTH or not text.isprintable() or text != text.strip():
        raise ValueError(f"is not a name of 1 to {_NAME_LENGTH} plain signs")
    return text


Name = Annotated[str, AfterValidator(_check_name)]
RangeText = Annotated[str, AfterValidator(check_range)]


class BrandTable(Table):
    """`[[brand]]`."""

    name: Name = Field(description="whom callers pretend to be")
    sector: Name = Field(description="tax, bank, police, …: brands of one kind are counted together")
    numbers: List[RangeText] = Field(description="the numbers its own calls show")
    trunks: List[str] = ()


class BrandsFile(Table):
    """The file: brands and nothing else. It may hold none."""

    brand: List[BrandTable] = ()


def read_brands(data: bytes, trunks: Collection[str] | None) -> tuple[Brand, ...] | list[Problem]:
    """Read the file; `trunks` are the names a brand may list, None where they could not be read."""
    file = parse_toml(BRANDS_FILE, data)
    if isinstance(file, Problem):
        return [file]
    table = check_table(BrandsFile, file, {})
    if isinstance(table, list):
        return table
    problems: list[Problem] = []
    lines: dict[str, int | None] = {}
    for position, brand in enumerate(table.brand):
        place = ("brand", position)
        if brand.name.casefold() in lines:
            message = f"{quote(brand.name)} stands twice; first in line {lines[brand.name.casefold()]}"
            problems.append(file.problem((*place, "name"), message))
        lines[brand.name.casefold()] = file.line_of((*place, "name"))
        if not brand.numbers:
            problems.append(
                file.problem((*place, "numbers"), "is empty: a brand is protected by its numbers")
            )
        for index, trunk in enumerate(brand.trunks):
            if trunks is not None and trunk not in trunks:
                message = f"{quote(trunk)} is not a trunk of trunks.toml"
                problems.append(file.problem((*place, "trunks", index), message, did_you_mean(trunk, trunks)))
    return problems or tuple(
        Brand(
            name=brand.name,
            sector=brand.sector,
            numbers=tuple(read_range(text) for text in brand.numbers),
            trunks=frozenset(brand.trunks),
        )
        for brand in table.brand
    )
