"""The North American Numbering Plan: the United States, Canada and the Caribbean behind +1.

Sources: NANPA, "About the NANP" (number form NPA-NXX-XXXX, N = 2-9, X = 0-9; easily recognisable and
reserved area codes) and ATIS-0300051, Central Office Code Assignment Guidelines (N11 is no central
office code; 555 and 976). 47 CFR 64.1200(k)(2) on which numbers may be refused: those a subscriber never
calls from, those that are not valid, not allocated or not in use. A toll-free number is none of these by
itself: many businesses show theirs, from wherever their agents sit.

Mobile and fixed numbers look alike here: GEOGRAPHIC means either.
"""

from __future__ import annotations

from typing import Final

from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans.plan import CliUse, FromAbroad, NumberKind, Plan, prefix_rows

_EMERGENCY: Final = frozenset({"911", "933"})
"""933 reads back the address an emergency call would give; blocked, nobody could test theirs."""
_SERVICES: Final = frozenset({"211", "311", "411", "511", "611", "711", "811", "988"})

_FREEPHONE: Final = ("800", "833", "844", "855", "866", "877", "888")
_FREEPHONE_RESERVED: Final = ("822", "880", "881", "882", "883", "884", "885", "886", "887", "889")
"""Set aside for freephone and not opened; that they are not in use is for an allocation file to say."""
_PERSONAL: Final = ("500", *(f"52{digit}" for digit in range(1, 10)), "533", "544", "566", "577", "588")
"""Non-geographic 5XX codes: personal communication and machines."""
_SPECIAL: Final = ("600", "622", "700", "710")
"""Canada's non-geographic codes, carriers' own services, the US government."""
_OTHER: Final = (*_FREEPHONE, *_FREEPHONE_RESERVED, *_PERSONAL, *_SPECIAL, "900")

_UNASSIGNABLE: Final = tuple(
    code
    for code in (f"{number}" for number in range(200, 1000))
    # N11 are service codes; N9X waits for longer numbers; 37X and 96X are kept for blocks of ten.
    if code.endswith("11") or code[1] == "9" or code[:2] in {"37", "96"}
)
_GEOGRAPHIC: Final = tuple(
    code
    for code in (f"{number}" for number in range(200, 1000))
    if code not in _OTHER and code not in _UNASSIGNABLE
)
_NON_GEOGRAPHIC_EXCHANGE: Final = tuple(
    f"{code}{digit}" for code in (*_OTHER, *_GEOGRAPHIC) for digit in "01"
)
"""A central office code begins with 2 to 9."""

NANP: Final = Plan(
    name="nanp",
    country_code="1",
    dialling=DiallingRules(
        country_code="1",
        international_prefix="011",
        trunk_prefix="1",
        national_lengths=frozenset({10}),
        service_numbers=_EMERGENCY | _SERVICES,
    ),
    emergency_numbers=_EMERGENCY,
    service_numbers=_EMERGENCY | _SERVICES,
    service_prefixes={},
    rows=(
        *prefix_rows(_GEOGRAPHIC, NumberKind.GEOGRAPHIC, 10),
        *prefix_rows((*_FREEPHONE, *_FREEPHONE_RESERVED), NumberKind.FREEPHONE, 10),
        *prefix_rows(_PERSONAL, NumberKind.PERSONAL, 10),
        *prefix_rows(_SPECIAL, NumberKind.SPECIAL, 10),
        *prefix_rows(("900",), NumberKind.PREMIUM, 10),
        *prefix_rows(_NON_GEOGRAPHIC_EXCHANGE, NumberKind.INVALID),
        *prefix_rows((f"{code}976" for code in _GEOGRAPHIC), NumberKind.PREMIUM, 10),
        # In geographic codes only: 1-800-411-xxxx and its like are in use.
        *prefix_rows(
            (f"{code}{digit}11" for code in _GEOGRAPHIC for digit in range(2, 10)), NumberKind.INVALID
        ),
    ),
    version="2026-03-25",
    documents=(
        "47 CFR 64.1200(k) and (o) (as in force on 25 March 2026), 47 CFR 52.7",
        "ATIS-0300051, Central Office Code (NXX) Assignment Guidelines",
        "NANPA, About the North American Numbering Plan",
    ),
    # Pay-per-call services are called, they do not call (47 CFR 64.1501).
    presentation={NumberKind.PREMIUM: CliUse.NEVER},
    network={NumberKind.PREMIUM: CliUse.NEVER},
    from_abroad={NumberKind.GEOGRAPHIC: FromAbroad.ROAMS, NumberKind.FREEPHONE: FromAbroad.FREE},
)
