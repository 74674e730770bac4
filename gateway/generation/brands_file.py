"""`brands.toml`: who callers pretend to be, and the real ones' numbers and rich call data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.attestation.extensions import RichGrant
from gateway.generation.days import end_of_day
from gateway.generation.numbers_read import check_protectable, read_range
from gateway.generation.problem import Problem, did_you_mean, quote
from gateway.generation.toml_file import List, Table, TomlFile, check_table, parse_toml
from gateway.generation.toml_lines import Place
from gateway.passport.fields import ClaimProblem
from gateway.passport.integrity import check_integrity
from gateway.passport.rich_call_data import read_rich_call_data
from gateway.verdicts.policy import Brand

BRANDS_FILE: Final = "brands.toml"
_NAME_LENGTH: Final = 80


def _check_name(text: str) -> str:
    if not 0 < len(text) <= _NAME_LENGTH or not text.isprintable() or text != text.strip():
        raise ValueError(f"is not a name of 1 to {_NAME_LENGTH} plain signs")
    return text


def _check_day(text: str) -> str:
    if text:
        end_of_day(text)
    return text


Name = Annotated[str, AfterValidator(_check_name)]
RangeText = Annotated[str, AfterValidator(check_protectable)]


class RichTable(Table):
    """`[brand.rcd]`: the claims of RFC 9795 that calls from the brand's numbers may have signed.

    `apn` is not among them: it shows another number than the one that is signed, which would need a right of
    its own. Nor is `jcd`, a card of some kilobytes in every call; `jcl` names one.
    """

    nam: str = Field(description="the name that telephones show")
    icn: str | None = None
    jcl: str | None = None
    rcdi: dict[str, str] = Field(default_factory=dict)
    crn: List[str] = ()


class BrandTable(Table):
    """`[[brand]]`."""

    name: Name = Field(description="whom callers pretend to be")
    sector: Name = Field(description="tax, bank, police, …: brands of one kind are counted together")
    numbers: List[RangeText] = Field(description="the numbers its own calls show")
    trunks: List[str] = ()
    source: str = ""
    expires: Annotated[str, AfterValidator(_check_day)] = ""
    rcd: RichTable | None = None


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
        stood: dict[str, int] = {}
        for index, text in enumerate(brand.numbers):
            if stood.setdefault(text, index) != index:
                message = f"{quote(text)} stands twice among the numbers of {quote(brand.name)}"
                problems.append(file.problem((*place, "numbers", index), message))
        for index, trunk in enumerate(brand.trunks):
            if trunks is not None and trunk not in trunks:
                message = f"{quote(trunk)} is not a trunk of trunks.toml"
                problems.append(file.problem((*place, "trunks", index), message, did_you_mean(trunk, trunks)))
        if brand.rcd is not None:
            problems += _unsignable(brand.rcd, file, (*place, "rcd"))
    return problems or tuple(
        Brand(
            name=brand.name,
            sector=brand.sector,
            numbers=tuple(read_range(text) for text in brand.numbers),
            trunks=frozenset(brand.trunks),
            source=brand.source,
            expires_at=end_of_day(brand.expires) if brand.expires else None,
            rich=None if brand.rcd is None else _grant(brand.rcd, brand.trunks),
        )
        for brand in table.brand
    )


def _claims(rich: RichTable) -> dict[str, object]:
    members = {"nam": rich.nam, "icn": rich.icn, "jcl": rich.jcl}
    return {member: value for member, value in members.items() if value is not None}


def _grant(rich: RichTable, trunks: Collection[str]) -> RichGrant:
    return RichGrant(
        rcd=_claims(rich),
        source="brands.toml",
        rcdi=rich.rcdi,
        call_reasons=frozenset(rich.crn),
        trunks=frozenset(trunks),
    )


def _unsignable(rich: RichTable, file: TomlFile, place: Place) -> list[Problem]:
    """What no verifier would believe: read as this gateway reads the claims of others."""
    claims: Mapping[str, object] = {"rcd": _claims(rich)} | ({"rcdi": rich.rcdi} if rich.rcdi else {})
    data = read_rich_call_data(claims)
    if isinstance(data, ClaimProblem):
        member = (data.claim.partition(".")[2],) if "." in data.claim else (data.claim,)
        return [file.problem((*place, *member), data.problem)]
    problems = []
    integrity = check_integrity(claims["rcd"], data)
    if integrity.problem is not None:
        problems.append(file.problem((*place, "rcdi"), integrity.problem))
    for pointer in data.references():
        if pointer not in rich.rcdi:
            message = f'is content by address without a digest in rcdi: add "{pointer}" = "sha256-…"'
            problems.append(file.problem((*place, pointer.removeprefix("/")), message))
    for index, reason in enumerate(rich.crn):
        read = read_rich_call_data({**claims, "crn": reason})
        if isinstance(read, ClaimProblem):
            problems.append(file.problem((*place, "crn", index), read.problem))
    return problems
