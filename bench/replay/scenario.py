"""The calls of a replay, made from a seed: honest traffic, and seven campaigns with their labels.

Everything here is invented: rates, answers and durations are round figures chosen to look like those that
operators publish (docs/traffic.md says which), not measured traffic. The gateway is told nothing of labels.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge

from bench.replay import callers


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a call that was put through."""

    answered: bool
    seconds: float
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One call."""

    at: float
    """Seconds from the beginning."""
    campaign: str
    trunk: str
    shown: str
    called: str
    ending: Ending
    is_signed: bool = False
    """Signed by the carrier itself before it is asked about."""
    roaming: str = "unknown"
    is_complained_of: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """One kind of calls: how many a second, made how, and whether they are scam."""

    name: str
    words: str
    share: float
    """Of the scam calls a second; for honest campaigns calls a second as they are."""
    make: Callable[[random.Random, int], dict[str, object]] = field(repr=False)
    is_scam: bool


def arrivals(
    campaigns: list[Campaign], rates: dict[str, float], *, seconds: float, seed: int
) -> Iterator[Arrival]:
    """Every call in the order of time; each campaign has a seed of its own."""
    return merge(
        *(_of(each, rates[each.name], seconds, random.Random(f"{seed}/{each.name}")) for each in campaigns),
        key=lambda call: call.at,
    )


def _of(campaign: Campaign, rate: float, seconds: float, rng: random.Random) -> Iterator[Arrival]:
    at, number = 0.0, 0
    while rate > 0 and (at := at + rng.expovariate(rate)) < seconds:
        yield Arrival(at=at, campaign=campaign.name, **campaign.make(rng, number))  # type: ignore[arg-type]
        number += 1


def _answered(seconds: float) -> Ending:
    return Ending(answered=True, seconds=seconds, cause=16)


def _rang(seconds: float, cause: int) -> Ending:
    """Q.850: 16 the caller gave up, 17 busy, 19 nobody answered."""
    return Ending(answered=False, seconds=seconds, cause=cause)


def _honest_ending(rng: random.Random) -> Ending:
    if rng.random() < 0.62:
        short = rng.random() < 0.06
        return _answered(rng.uniform(2, 9) if short else max(11.0, rng.lognormvariate(4.6, 1.0)))
    return _rang(rng.uniform(8, 35), rng.choice((16, 16, 17, 19)))


def _scam_ending(rng: random.Random) -> Ending:
    """Nine of ten are not answered or hung up on within seconds."""
    draw = rng.random()
    if draw < 0.45:
        return _rang(rng.uniform(7, 30), rng.choice((16, 19)))
    return _answered(rng.uniform(1, 9) if draw < 0.92 else rng.uniform(30, 900))


def _complains(rng: random.Random, ending: Ending) -> bool:
    return ending.answered and rng.random() < 0.1


def _scam(rng: random.Random, *, trunk: str, shown: str, called: str) -> dict[str, object]:
    ending = _scam_ending(rng)
    return {
        "trunk": trunk, "shown": shown, "called": called, "ending": ending,
        "is_complained_of": _complains(rng, ending),
    }  # fmt: skip


def _ordinary(rng: random.Random, _: int) -> dict[str, object]:
    draw, ending = rng.random(), _honest_ending(rng)
    if draw < 0.35:
        # Own customers; about one call in eight of theirs is met again as signed, at the other end.
        return {"trunk": "access-1", "shown": callers.own(rng), "called": callers.other_carrier(rng),
                "ending": ending, "is_signed": rng.random() < 0.12}  # fmt: skip
    if draw < 0.92:
        return {"trunk": "domestic-1", "shown": callers.other_carrier(rng), "called": callers.own(rng),
                "ending": ending}  # fmt: skip
    if draw < 0.99:
        return {"trunk": "international-1", "shown": callers.abroad(rng), "called": callers.own(rng),
                "ending": ending}  # fmt: skip
    return {"trunk": "international-1", "shown": rng.choice(callers.OWN_MOBILES),
            "called": callers.own(rng), "ending": ending, "roaming": "true"}  # fmt: skip


def _bank(rng: random.Random, _: int) -> dict[str, object]:
    """A reminder to every customer: less than half are reached, and some hang up."""
    draw = rng.random()
    ending = _rang(rng.uniform(12, 30), 19)
    if draw < 0.45:
        ending = _answered(rng.uniform(3, 9) if draw < 0.06 else rng.uniform(20, 180))
    return {"trunk": "bank", "shown": rng.choice(callers.BANK), "called": callers.own(rng),
            "ending": ending, "is_signed": True}  # fmt: skip


def _rival(rng: random.Random, _: int) -> dict[str, object]:
    return {"trunk": "plumber", "shown": callers.RIVAL, "called": callers.own(rng),
            "ending": _honest_ending(rng)}  # fmt: skip


def _owner(rng: random.Random, _: int) -> dict[str, object]:
    return {"trunk": "access-1", "shown": callers.FORGED_OWNER, "called": callers.other_carrier(rng),
            "ending": _honest_ending(rng)}  # fmt: skip


def _hmrc(rng: random.Random, _: int) -> dict[str, object]:
    shown = rng.choice(callers.NEVER_CALLS) if rng.random() < 0.7 else rng.choice(callers.OWN_LINES)
    return _scam(rng, trunk="international-1", shown=shown, called=callers.own(rng))


def _forged_owner(rng: random.Random, _: int) -> dict[str, object]:
    return _scam(rng, trunk="domestic-1", shown=callers.FORGED_OWNER, called=callers.own(rng))


def _neighbour(rng: random.Random, _: int) -> dict[str, object]:
    called = callers.own(rng)
    return _scam(rng, trunk="domestic-2", shown=callers.neighbour(rng, called), called=called)


def _snowshoe(rng: random.Random, _: int) -> dict[str, object]:
    shown = f"{callers.SNOWSHOE_BLOCK}{rng.randrange(600):03d}"
    called = rng.choice(callers.HONEYPOTS) if rng.random() < 0.02 else callers.own(rng)
    return _scam(rng, trunk="domestic-2", shown=shown, called=called)


def _wangiri(rng: random.Random, _: int) -> dict[str, object]:
    return {"trunk": "international-1", "shown": rng.choice(callers.WANGIRI), "called": callers.own(rng),
            "ending": _rang(rng.uniform(1, 4), 16), "is_complained_of": rng.random() < 0.02}  # fmt: skip


def _hijacked(rng: random.Random, number: int) -> dict[str, object]:
    """An autodialler on a customer's line, through the numbers of an area in order."""
    called = f"{callers.AREAS[3]}{number % 1000:03d}"
    return _scam(rng, trunk="workshop", shown=callers.HIJACKED, called=called)


CAMPAIGNS = [
    Campaign("ordinary", "a national carrier's calls, nearly all unsigned", 0, _ordinary, is_scam=False),
    Campaign("bank", "a bank's reminders to its customers, signed A", 2.0, _bank, is_scam=False),
    Campaign("rival", "a plumber's, about whom somebody makes up complaints", 0.5, _rival, is_scam=False),
    Campaign("owner", "the calls of a customer whose number scammers show", 0.5, _owner, is_scam=False),
    Campaign("hmrc", "HMRC, a bank and British numbers forged from abroad", 0.25, _hmrc, is_scam=True),
    Campaign(
        "forged owner",
        "a customer's number, forged on another carrier",
        0.15,
        _forged_owner,
        is_scam=True,
    ),
    Campaign(
        "neighbour", "another number for each call, near the called one", 0.15, _neighbour, is_scam=True
    ),
    Campaign("snow-shoe", "600 numbers of one block, few calls each", 0.2, _snowshoe, is_scam=True),
    Campaign("wangiri", "one ring from abroad, to be called back", 0.15, _wangiri, is_scam=True),
    Campaign("hijacked line", "an autodialler on a customer's own line", 0.1, _hijacked, is_scam=True),
]


def rates(*, ordinary: float, scam: float) -> dict[str, float]:
    """Calls a second of each campaign."""
    return {
        each.name: ordinary if each.name == "ordinary" else each.share * (scam if each.is_scam else 1)
        for each in CAMPAIGNS
    }
