"""Who calls whom: the numbers of the replay, all from ranges that no real person has.

British numbers are Ofcom's for drama (https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama),
a thousand in each of sixteen areas; foreign ones are the NANP's 555-01xx.
"""

from __future__ import annotations

import random

OWN_MOBILES = [f"+447700900{number:03d}" for number in range(1000)]
"""Access customers of the carrier under test."""
OWN_LINES = [f"+442079460{number:03d}" for number in range(1000) if not 900 <= number < 1000]
AREAS = (
    "+441134960", "+441144960", "+441154960", "+441164960", "+441174960", "+441184960", "+441214960",
    "+441314960", "+441414960", "+441514960", "+441614960", "+441914980", "+442890180", "+442920180",
)  # fmt: skip
"""Customers of other carriers."""
SNOWSHOE_BLOCK = "+441632960"
FOREIGN_AREAS = ("212", "312", "415", "617", "702", "818")
WANGIRI = [f"+18765550{number}" for number in (110, 123, 137, 151, 168)]
BANK = ["+443069990200", "+443069990201", "+443069990202"]
RIVAL = "+443069990310"
"""A plumber's one number, against whom somebody complains."""
HIJACKED = "+443069990400"
"""A small firm's line, whose switchboard was broken into."""
NEVER_CALLS = ["+442079460999", "+442079460990", "+442079460995"]
"""HMRC's and a bank's, on the do-not-originate list of config/."""
FORGED_OWNER = "+442079460120"
"""A customer of ours whose number scammers show."""
HONEYPOTS = [f"+441134960{number:03d}" for number in range(900, 1000)]


def other_carrier(rng: random.Random) -> str:
    """A number of another British carrier; none of the honeypots."""
    area = rng.choice(AREAS)
    return f"{area}{rng.randrange(900 if area == AREAS[0] else 1000):03d}"


def own(rng: random.Random) -> str:
    """A number of an access customer."""
    return rng.choice(OWN_MOBILES if rng.random() < 0.6 else OWN_LINES)


def abroad(rng: random.Random) -> str:
    return f"+1{rng.choice(FOREIGN_AREAS)}55501{rng.randrange(100):02d}"


def neighbour(rng: random.Random, called: str) -> str:
    """A number that looks like the called one's neighbour: the last three digits are others."""
    return f"{called[:-3]}{rng.randrange(1000):03d}"
