"""What may be claimed: numbers that somebody can own, and words that can be shown and signed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from gateway.control.commands.problems import CommandError
from gateway.facts.blocks import MOST_NUMBERS
from gateway.generation.numbers_read import describe, read_range
from gateway.numbers.canonical import NumberError, is_international
from gateway.numbers.plans import NumberKind, plan_for
from gateway.numbers.ranges import NumberRange
from gateway.passport.fields import ClaimProblem
from gateway.passport.rich_call_data import read_rich_call_data
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.states import State

MOST_WAYS: Final = 50
_NOBODYS: Final = frozenset(
    {NumberKind.INVALID, NumberKind.SERVICE, NumberKind.PREMIUM, NumberKind.INSERTED, NumberKind.NETWORK}
)
_SPC: Final = re.compile(r"[A-Za-z0-9]{1,16}")
_LONGEST_TEXT: Final = 80


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner says of some numbers, as it was written."""

    numbers: str
    use: Use
    trunks: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    brand: Brand | None = None


def check_claim(claim: Claim, place: str, *, owner_id: int, trunks: Collection[str]) -> Registration:
    """The registration a claim asks for. Raises CommandError with the place."""
    numbers = check_numbers(claim.numbers, f"{place}/numbers")
    registration = Registration(id=0, owner_id=owner_id, numbers=numbers, use=claim.use, state=State.CLAIMED)
    return with_claim(registration, claim, place, trunks)


def check_numbers(text: str, pointer: str) -> NumberRange:
    """Numbers that somebody can own, as people write them. Raises CommandError."""
    try:
        numbers = read_range(text.strip())
    except NumberError as error:
        raise CommandError(error.problem, pointer) from error
    if numbers.count > MOST_NUMBERS:
        raise CommandError(f"a registration covers at most {MOST_NUMBERS} numbers", pointer)
    for tn in (numbers.start, numbers.last):
        plan = plan_for(tn) if is_international(tn) else None
        if not is_international(tn) or (plan is not None and plan.classify(tn) in _NOBODYS):
            raise CommandError(
                f"{describe(NumberRange(tn))} is nobody's number to register; see whether a digit is missing "
                "or one too many",
                pointer,
            )
    return numbers


def with_claim(registration: Registration, claim: Claim, place: str, trunks: Collection[str]) -> Registration:
    """The same with trunks, providers and brand, if they are in order."""
    if registration.use is Use.NEVER_CALLS_OUT:
        if claim.trunks or claim.providers or claim.brand is not None:
            raise CommandError(
                "numbers that never call out have no trunks, providers or brand", f"{place}/use"
            )
        return registration
    if not claim.trunks and not claim.providers:
        raise CommandError(
            "say by which trunks of this network, or through which providers, it calls", f"{place}/trunks"
        )
    if len(claim.trunks) > MOST_WAYS or len(claim.providers) > MOST_WAYS:
        raise CommandError(f"names more than {MOST_WAYS}", f"{place}/trunks")
    for index, trunk in enumerate(claim.trunks):
        if trunk not in trunks:
            raise CommandError(
                "is not a trunk that customers of this network call by", f"{place}/trunks/{index}"
            )
    for index, provider in enumerate(claim.providers):
        if _SPC.fullmatch(provider) is None:
            raise CommandError("is not a service provider code", f"{place}/providers/{index}")
    if claim.brand is not None:
        check_brand(claim.brand, f"{place}/brand")
    return replace(
        registration,
        trunks=frozenset(claim.trunks),
        providers=frozenset(claim.providers),
        brand=claim.brand,
    )


def check_brand(brand: Brand, place: str) -> None:
    """Refuse what could not be signed as rich call data (RFC 9795). Raises CommandError."""
    for member, text in (("name", brand.name), ("call_reason", brand.call_reason)):
        if text is not None and not (
            0 < len(text) <= _LONGEST_TEXT and text.isprintable() and text.strip() == text
        ):
            raise CommandError(f"is 1 to {_LONGEST_TEXT} printable characters", f"{place}/{member}")
    if (brand.logo_url is None) != (brand.logo_digest is None):
        raise CommandError(
            "a logo is given with its digest, sha256-…, and not without", f"{place}/logo_digest"
        )
    claims: dict[str, object] = {"rcd": {"nam": brand.name}}
    if brand.logo_url is not None:
        claims = {"rcd": {"nam": brand.name, "icn": brand.logo_url}, "rcdi": {"/icn": brand.logo_digest}}
    if brand.call_reason is not None:
        claims["crn"] = brand.call_reason
    read = read_rich_call_data(claims)
    if isinstance(read, ClaimProblem):
        member = {"rcdi": "logo_digest", "crn": "call_reason"}.get(read.claim, "logo_url")
        raise CommandError(read.problem, f"{place}/{member}")
