"""Complaints: what called people say of calls, held against what is known of the call.

A complaint names the number that was shown, which may be its victim's, and costs nothing to make. So it
counts as what it is: a word about one call. Where the call is found (`call_paths`, or by its id among those
whose end was told) the complaint is its called number's, once a day, and evidence for calls by the same path.
Where no such call is known, all that a token says of a number in a day is one sighting of small weight, so
that neither a loud reporter nor a thousand invented ones get a number labelled; and all that a token says
weighs by how much of it was about calls that were (`reporters`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from gateway.control.evidence.call_paths import CallPaths, RecentCall, pair_key
from gateway.control.evidence.reporters import Reporters
from gateway.generation.generation import PolicyPart
from gateway.numbers.canonical import (
    DiallingRules,
    NumberError,
    TelephoneNumber,
    canonical,
    is_international,
)
from gateway.record import Record
from gateway.record.call_events import find_call_event
from gateway.record.sightings import add_sightings
from gateway.reputation.path import UNKNOWN_PATH, SignatureState, path_of
from gateway.reputation.sighting import Sighting
from gateway.web.shape import ShapeError, read_shape

FEED: Final = "reports"
OLDEST_SECONDS: Final = 7 * 86_400
AHEAD_SECONDS: Final = 60
APART_SECONDS: Final = 15 * 60
"""By how much a complaint's time may miss its call's: people look at a clock, not at a log."""
UNMATCHED_WEIGHT: Final = 0.1

_Text = Annotated[str, msgspec.Meta(max_length=512)]


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename={"caller": "from"}):
    caller: _Text
    to: _Text
    time: Annotated[float, msgspec.Meta(gt=0, lt=2**53)]
    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    trunk: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    label: Annotated[str, msgspec.Meta(max_length=64)] = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One complaint about one call."""

    orig: TelephoneNumber
    """The number that was shown."""
    dest: TelephoneNumber
    """The number that was called."""
    time: float
    """Epoch seconds of the call."""
    call_id: str | None
    trunk: str | None
    label: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    accepted: int
    matched: int
    """Complaints whose call is known."""
    new: int
    """Complaints that were not there already."""
    numbers: frozenset[TelephoneNumber]
    fingerprints: tuple[str, ...]
    """For each new complaint about a signed call, the first 16 digits of its certificate's fingerprint."""


def line_reader(*, rules: DiallingRules, now: float) -> Callable[[bytes], Report]:
    """What reads the lines of one batch: a complaint, or ShapeError. `now` in epoch seconds."""

    def read(line: bytes) -> Report:
        said = read_shape(line, _Line)
        if said.time > now + AHEAD_SECONDS:
            raise ShapeError("/time", f"is more than {AHEAD_SECONDS} s ahead of the gateway's clock")
        if said.time < now - OLDEST_SECONDS:
            raise ShapeError("/time", f"is more than {OLDEST_SECONDS // 86_400} days ago")
        if not said.label.isprintable():
            raise ShapeError("/label", "is not plain text")
        orig = _tn(said.caller, "/from", rules)
        if not is_international(orig):
            raise ShapeError("/from", "is a short code: nobody's number")
        dest = _tn(said.to, "/to", rules)
        return Report(orig, dest, said.time, said.call_id, said.trunk, said.label)

    return read


def _tn(text: str, pointer: str, rules: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, rules)
    except NumberError as error:
        raise ShapeError(pointer, error.problem) from None


async def take_reports(
    record: Record,
    recent: CallPaths,
    policy: PolicyPart | None,
    reports: Sequence[Report],
    *,
    reporter: str,
    reporters: Reporters,
) -> Taken:
    """Put a batch into the record, all of it or none; `reporter` names the token. Raises RecordError."""
    async with record.write() as transaction:
        calls: list[RecentCall | None] = []
        for report in reports:
            call = _recent(recent, report)
            if call is None and report.call_id is not None and report.trunk is not None:
                known = await find_call_event(transaction, report.trunk, report.call_id)
                trunk = None if policy is None else policy.by_name.get(report.trunk)
                if known is not None and trunk is not None and (known.orig, known.dest) == _pair(report):
                    call = RecentCall(int(known.time), path_of(trunk.kind, SignatureState.UNSIGNED), None)
            calls.append(call)
        weight = reporters.weight(reporter, [call is not None for call in calls])
        seen = [
            (_sighting(report, call, reporter, weight), call)
            for report, call in zip(reports, calls, strict=True)
        ]
        new = 0
        fingerprints: list[str] = []
        for sighting, call in {each.identity: (each, call) for each, call in seen}.values():
            inserted = (await add_sightings(transaction, [sighting])).inserted
            new += inserted
            if inserted and call is not None and call.fingerprint_start is not None:
                fingerprints.append(call.fingerprint_start)
    return Taken(
        accepted=len(reports),
        matched=sum(call is not None for _, call in seen),
        new=new,
        numbers=frozenset(each.tn for each, _ in seen),
        fingerprints=tuple(fingerprints),
    )


def _pair(report: Report) -> tuple[str, str]:
    return report.orig, report.dest


def _recent(recent: CallPaths, report: Report) -> RecentCall | None:
    found = recent.find(pair_key(*_pair(report)))
    if found is None or not found.path or abs(found.at - report.time) > APART_SECONDS:
        return None
    return found


def _sighting(report: Report, call: RecentCall | None, reporter: str, weight: float) -> Sighting:
    day = datetime.fromtimestamp(report.time, UTC).date()
    if call is None:
        return Sighting(
            tn=report.orig, day=day, feed=FEED, reporter=f"token-{reporter}"[:64],
            weight=UNMATCHED_WEIGHT * weight, label=report.label, path=UNKNOWN_PATH,
        )  # fmt: skip
    # The record is not to say who complained: the called number stands in it as its hash.
    name = hashlib.blake2b(report.dest.encode(), digest_size=12).hexdigest()
    return Sighting(
        tn=report.orig,
        day=day,
        feed=FEED,
        reporter=f"called-{name}",
        weight=weight,
        label=report.label,
        path=call.path,
    )
