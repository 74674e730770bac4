"""France's numbering plan (metropolitan France, +33).

Sources: Arcep, plan national de numérotation (decision 2018-0881 as changed by 2022-1583, annex 1):
01-05 geographic, 06 and 07 mobile, 0700 mobile of extended length (14 digits with the 0), 08 special
numbers, 09 polyvalent; section 2.5.6 routing prefixes. Emergency numbers: Arcep's list of numbers to be
carried free of charge to a public service.

Lengths count digits after 33: nine, but for 0700. Overseas departments have codes of their own (+262,
+590, +594, +596) and no plan here.
"""

from __future__ import annotations

from typing import Final

from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans.plan import CliUse, FromAbroad, NumberKind, Plan, prefix_rows

_EMERGENCY: Final = frozenset(
    {
        "15",  # ambulance
        "17",  # police
        "18",  # fire
        "112",
        "114",  # for the deaf
        "115",  # shelter
        "119",  # children in danger
        "191",  # aircraft in distress
        "196",  # ships in distress
        "197",  # terrorism and kidnapping
        "116000",  # missing children
        "116117",  # doctor on duty
    }
)

_ROUTING: Final = (
    "509",
    *(f"51{digit}" for digit in range(6)),
    *(f"5{code}" for code in range(26, 31)),
    "600",
)
"""Prefixes that carry ported numbers between networks; no subscriber's number begins with one."""

FR: Final = Plan(
    name="fr",
    country_code="33",
    dialling=DiallingRules(country_code="33", service_numbers=_EMERGENCY),
    emergency_numbers=_EMERGENCY,
    service_numbers=_EMERGENCY,
    # 10YT providers' services, 3BPQ services, 116 social value, 118 directory enquiries.
    service_prefixes={"10": 4, "3": 4, "116": 6, "118": 6},
    rows=(
        *prefix_rows("12345", NumberKind.GEOGRAPHIC, 9),
        *prefix_rows(("6", "7"), NumberKind.MOBILE, 9),
        *prefix_rows(("700",), NumberKind.MOBILE, 13),
        *prefix_rows(_ROUTING, NumberKind.INVALID),
        *prefix_rows((f"80{digit}" for digit in range(6)), NumberKind.FREEPHONE, 9),
        # Numbers at the price of a local call (0806-0809), data services and the rest of 08.
        *prefix_rows(("8",), NumberKind.SPECIAL, 9),
        *prefix_rows(("81", "82", "89"), NumberKind.PREMIUM, 9),
        *prefix_rows(("9",), NumberKind.VOIP, 9),
    ),
    version="2024-10-01",
    documents=(
        "Arcep, decision 2018-0881 as changed by 2022-1583, annex 1 (1 January 2023)",
        "Code des postes et des communications electroniques, L44 (law 2020-901)",
        "APNF, MAN v1.7, rule P59; calls without authentication are cut since 1 October 2024",
    ),
    # Annex 1, 2.2.2: a number that costs extra to call back is no caller's number.
    presentation={NumberKind.PREMIUM: CliUse.NEVER},
    network={NumberKind.PREMIUM: CliUse.NEVER},
    from_abroad={NumberKind.MOBILE: FromAbroad.ROAMS},
    # What Arcep has masked is a mobile number from abroad that is not authenticated.
    signature_shows_roamer=True,
)
