"""What a call asks of Redis and what it hears back.

Three answers about a number are told apart: an entry, None (the store is whole and knows nothing), and
UNKNOWN (the store could not say). Only the caller's own code decides what follows from each.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal

import msgspec

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.blocks import BlockEvidence
from gateway.reputation.entry import ReputationEntry
from gateway.reputation.traffic import Traffic


class Unknown(Enum):
    """The store could not say: neither clean nor suspicious."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
Around = tuple[BlockEvidence | None, ...]
"""What is known of the blocks around a number, from its area to its ten."""
Known = ReputationEntry | None | Literal[Unknown.UNKNOWN]

REPLAY_MARGIN_SECONDS: Final = 60
"""Clocks of nodes differ; a PASSporT's key outlives its freshness by this much."""


class ReplayClaim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One PASSporT used by one call.

    To be made only of a PASSporT whose signature passed: anything else would let a stranger spend
    another's token beforehand.
    """

    orig: TelephoneNumber
    dest: tuple[str, ...]
    iat: int
    origid: str
    freshness_seconds: int
    """The window used for this call, so that key and window cannot drift apart at a reload."""

    @property
    def keep_seconds(self) -> int:
        """How long the claim is remembered.

        Fresh is from `iat` - window to `iat` + window: the first claim may come at the one end and the last
        at the other.
        """
        return 2 * self.freshness_seconds + REPLAY_MARGIN_SECONDS


class Passage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call as traffic: noted when it is asked about, and answered with what came before it."""

    path: str
    """`gateway.reputation.path`."""
    tn: TelephoneNumber
    """The number shown; international."""
    called: TelephoneNumber | None
    is_honeypot: bool
    """Whether the called number is one that nobody has."""
    window_seconds: int


class Question(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one call wants to know."""

    call_id: str
    tns: tuple[TelephoneNumber, ...]
    """Presentation and network number, each once."""
    replay: ReplayClaim | None = None
    called: tuple[TelephoneNumber, ...] = ()
    """Called numbers of which one may have called for help lately."""
    passage: Passage | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What Redis knew in time."""

    reputation: Mapping[TelephoneNumber, Known]
    """An answer for each number asked about."""
    replay_distinct_calls: int | None = None
    """How many call ids, this one among them, used the PASSporT within its window (256 is the most that
    is counted); None where no claim was made or it could not be."""
    recent_emergency_caller: bool | None = False
    """Whether one of the called numbers called for help within the last half hour; None: not known. Such
    notes are short-lived by declaration: an emptied Redis has forgotten them, as it has the replays."""
    traffic: Traffic | None = None
    """What number and block did lately, this call included; None where nobody could say. Short-lived by
    declaration too."""
    blocks: Mapping[TelephoneNumber, Around] = {}
    """Of the numbers around which anything was seen; a store that could not say has no entry here."""
    degraded: tuple[str, ...] = ()
    """`reputation`, `replay`: what could not be answered."""


def nothing_known(question: Question) -> Evidence:
    """Return the answer when the store gave none."""
    degraded = ("reputation",) if question.tns else ()
    return Evidence(
        reputation=dict.fromkeys(question.tns, UNKNOWN),
        recent_emergency_caller=None if question.called else False,
        degraded=(*degraded, "replay") if question.replay is not None else degraded,
    )
