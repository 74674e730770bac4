"""The United Kingdom's numbering plan, with the Crown Dependencies that share +44, and its rules for CLI.

Sources: Ofcom, National Telephone Numbering Plan (designations of 01 to 09, service codes) and its
numbering files (lengths; which of 05 and 08 are in use); General Condition C6 and Ofcom's guidance on CLI
facilities: the numbers of a call are valid, and the presentation number can be called back without paying
more than for an ordinary call.

Lengths count digits after 44. Most numbers have ten; some geographic and old 0800 numbers have nine.
"""

from __future__ import annotations

from typing import Final

from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans.plan import CliUse, FromAbroad, NumberKind, Plan, prefix_rows

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
        *prefix_rows(("84", "87"), NumberKind.REVENUE_SHARE, 10),
        # 0870 shares no revenue since 2009: it costs what a call to 01 and 02 costs.
        *prefix_rows(("870",), NumberKind.SPECIAL, 10),
        # 0845 464x, of seven digits, as Ofcom's numbering file has it.
        *prefix_rows(("845464",), NumberKind.REVENUE_SHARE, 7, 10),
        *prefix_rows(("89",), NumberKind.NETWORK, 10),
        *prefix_rows(("8979",), NumberKind.INSERTED, 10),
        *prefix_rows(("9",), NumberKind.PREMIUM, 10),
        *prefix_rows(_ONE_DIGIT_ONLY, NumberKind.INVALID),
    ),
    version="2025-01-29",
    documents=(
        "General Conditions of Entitlement, C6 (C6.6 as in force since 15 May 2023)",
        "Ofcom, Guidance on the provision of CLI facilities (as in force on 29 January 2025)",
        "Ofcom, National Telephone Numbering Plan, and numbering files of September 2025",
        "Ofcom, consultation on calls from abroad that show UK mobile numbers (28 July 2025)",
    ),
    # A presentation number is no premium number, nor one of which the call back costs unexpectedly much;
    # whether 070, 084 and 087 do depends on their tariff.
    presentation={
        NumberKind.PREMIUM: CliUse.NEVER,
        NumberKind.NETWORK: CliUse.NEVER,
        NumberKind.INSERTED: CliUse.WITHHOLD,
        NumberKind.REVENUE_SHARE: CliUse.SUSPECT,
        NumberKind.PERSONAL: CliUse.SUSPECT,
    },
    # A network number need not be dialable. 080 was once held to be none; the guidance does not say so.
    network={
        NumberKind.PREMIUM: CliUse.NEVER,
        NumberKind.REVENUE_SHARE: CliUse.SUSPECT,
        NumberKind.PERSONAL: CliUse.SUSPECT,
    },
    from_abroad={
        NumberKind.MOBILE: FromAbroad.ROAMS,
        # The switch at the border may have put it in before it asks here.
        NumberKind.INSERTED: FromAbroad.FREE,
    },
)
