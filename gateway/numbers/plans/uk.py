"""The United Kingdom's numbering plan, with the Crown Dependencies that share +44.

Sources: Ofcom, National Telephone Numbering Plan (designations of 01 to 09, service codes) and its
numbering files (lengths; which of 05 and 08 are in use); General Condition B1 and C6 on what may be
a CLI are policy over these kinds, not stated here.

Lengths count digits after 44. Most numbers have ten; some geographic and old 0800 numbers have nine.
"""

from __future__ import annotations

from typing import Final, Literal

from gateway.numbers.canonical import DiallingRules, TelephoneNumber, is_international
from gateway.numbers.plans.plan import NumberKind, Plan, prefix_rows

CrownDependency = Literal["Guernsey", "Jersey", "Isle of Man"]

_EMERGENCY: Final = frozenset({"999", "112", "18000"})
"""18000 is the text relay's emergency code."""
_SERVICES: Final = frozenset(
    {
        "100",  # operator
        "101",  # police, not urgent
        "105",  # power cuts
        "111",  # NHS, not urgent
        "119",  # NHS Covid and vaccination services
        "123",  # speaking clock
        "141",  # withhold the number
        "150",  # the provider's own customer service
        "151",  # the provider's fault reports
        "155",  # international operator
        "159",  # one's own bank's fraud desk
        "195",  # directory enquiries for the blind
        "1470",
        "1471",
        "1475",
        "1477",
        "1571",
        "18001",  # text relay, text to voice
        "18002",  # text relay, voice to text
    }
)

_GEOGRAPHIC_TEN_ONLY: Final = ("11", "121", "131", "141", "151", "161", "191")
"""The cities' codes: their numbers were lengthened in 1995, so none has nine digits."""
_ONE_DIGIT_ONLY: Final = tuple(digit * 10 for digit in "1237")
"""Malformed as a CLI: test numbers and empty fields, not subscribers (09 and 055 are no CLI either way)."""

_CROWN_DEPENDENCIES: Final[dict[str, CrownDependency]] = {
    **dict.fromkeys(("1481", "7781", "7839", "79111", "79117"), "Guernsey"),
    **dict.fromkeys(("1534", "7509", "7797", "7829", "7937", "77003", "77007", "77008"), "Jersey"),
    **dict.fromkeys(("1624", "7624", "7524", "7924", "74576"), "Isle of Man"),
}
_CROWN_LENGTHS: Final = (5, 4)

UK: Final = Plan(
    name="uk",
    country_code="44",
    dialling=DiallingRules(service_numbers=_EMERGENCY | _SERVICES),
    emergency_numbers=_EMERGENCY,
    service_numbers=_EMERGENCY | _SERVICES,
    # 116: harmonised services of social value (116 123 is the Samaritans); 118: directory enquiries.
    service_prefixes={"116": 6, "118": 6},
    rows=(
        *prefix_rows(("1",), NumberKind.GEOGRAPHIC, 9, 10),
        *prefix_rows(_GEOGRAPHIC_TEN_ONLY, NumberKind.GEOGRAPHIC, 10),
        *prefix_rows(("2",), NumberKind.GEOGRAPHIC, 10),
        *prefix_rows(("3",), NumberKind.SPECIAL, 10),
        *prefix_rows(("55",), NumberKind.CORPORATE, 10),
        *prefix_rows(("56",), NumberKind.VOIP, 10),
        *prefix_rows(("70",), NumberKind.PERSONAL, 10),
        *prefix_rows(("71", "72", "73", "74", "75", "77", "78", "79"), NumberKind.MOBILE, 10),
        *prefix_rows(("76",), NumberKind.PAGER, 10),
        # Within the pagers' 076: mobiles of the Isle of Man.
        *prefix_rows(("7624",), NumberKind.MOBILE, 10),
        *prefix_rows(("80",), NumberKind.FREEPHONE, 10),
        *prefix_rows(("800",), NumberKind.FREEPHONE, 9, 10),
        # Childline, of seven digits.
        *prefix_rows(("8001111",), NumberKind.FREEPHONE, 7, 9, 10),
        *prefix_rows(("84", "87"), NumberKind.SPECIAL, 10),
        # 0845 464x, of seven digits, as Ofcom's numbering file has it.
        *prefix_rows(("845464",), NumberKind.SPECIAL, 7, 10),
        # For networks' own use; 08979 is the number a network puts in where a call from abroad has none.
        *prefix_rows(("89",), NumberKind.SPECIAL, 10),
        *prefix_rows(("9",), NumberKind.PREMIUM, 10),
        *prefix_rows(_ONE_DIGIT_ONLY, NumberKind.INVALID),
    ),
)


def crown_dependency(tn: TelephoneNumber) -> CrownDependency | None:
    """Name the island whose number this is, by prefix: it shares +44 but is no UK network's.

    Source: the ranges that public number metadata gives for GG, JE and IM. Whether a call comes from
    abroad is a matter of the trunk it came by, never of this.
    """
    if not is_international(tn) or not tn.startswith("44"):
        return None
    for length in _CROWN_LENGTHS:
        island = _CROWN_DEPENDENCIES.get(tn[2 : 2 + length])
        if island is not None:
            return island
    return None
