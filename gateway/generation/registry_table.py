"""`[registry]` of `policy.toml`: which proofs verify which kind of number, and for how long."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.generation.numbers_read import check_range, read_number, read_range
from gateway.generation.problem import Problem
from gateway.generation.toml_file import List, Table, TomlFile
from gateway.numbers.canonical import NumberError, is_international
from gateway.numbers.ranges import RangeMap
from gateway.registry.policy import Combination, NumberClass, RegistryPolicy
from gateway.registry.proofs import ProofKind

_SPC: Final = re.compile(r"[A-Za-z0-9]{1,16}")
_KINDS: Final = ", ".join(ProofKind)


def _check_combination(text: str) -> str:
    _combination(text)
    return text


def _combination(text: str) -> Combination:
    kinds = text.split("+")
    if len(set(kinds)) < len(kinds) or not set(kinds) <= set(ProofKind):
        raise ValueError(f'is not a proof or several joined by "+", such as "code+call"; they are {_KINDS}')
    return frozenset(ProofKind(kind) for kind in kinds)


def _check_full_number(text: str) -> str:
    try:
        if is_international(read_number(text)):
            return text
    except NumberError as error:
        raise ValueError(f"is not a number: {error.problem}") from None
    raise ValueError('is not a full number, such as "+442079460900"')


def _check_spc(text: str) -> str:
    if _SPC.fullmatch(text) is None:
        raise ValueError('is not a service provider code, such as "1234"')
    return text


Combinations = List[Annotated[str, AfterValidator(_check_combination)]]
Days = Annotated[int, Field(ge=1, le=3660)]


class RegistryTable(Table):
    """`[registry]`."""

    open_sign_up: bool = False
    single: Combinations = ("code+call", "certificate", "letter")
    never_calls_out: Combinations = ("code", "certificate", "letter")
    range: Combinations = ("certificate", "letter")
    protected: Combinations = ("letter",)
    protected_numbers: List[Annotated[str, AfterValidator(check_range)]] = ()
    code_days: Days = 180
    call_days: Days = 180
    certificate_days: Days = 365
    letter_days: Days = 365
    renewal_days: Days = 30
    call_destinations: List[Annotated[str, AfterValidator(_check_full_number)]] = ()
    trusted_providers: List[Annotated[str, AfterValidator(_check_spc)]] = ()


def registry_problems(table: RegistryTable, file: TomlFile) -> list[Problem]:
    """What no single key can know."""
    problems = [
        file.problem(("registry", number_class), "is empty, so that no such number could be verified")
        for number_class in NumberClass
        if not getattr(table, number_class)
    ]
    for kind in ProofKind:
        if getattr(table, f"{kind}_days") <= table.renewal_days:
            message = (
                f"is not longer than renewal_days = {table.renewal_days}: it would be asked for again at once"
            )
            problems.append(file.problem(("registry", f"{kind}_days"), message))
    return problems


def registry_policy(table: RegistryTable) -> RegistryPolicy:
    """The slice of the registry, still without the protected numbers of other files."""
    return RegistryPolicy(
        sufficient={
            number_class: tuple(_combination(text) for text in getattr(table, number_class))
            for number_class in NumberClass
        },
        proof_days={kind: getattr(table, f"{kind}_days") for kind in ProofKind},
        renewal_days=table.renewal_days,
        protected=(RangeMap((read_range(text), None) for text in table.protected_numbers),),
        call_destinations=tuple(read_number(text) for text in table.call_destinations),
        trusted_providers=frozenset(table.trusted_providers),
        open_sign_up=table.open_sign_up,
    )
