"""Measuring the sources of sightings, once a day: what became of the numbers each named."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.record.engine import Record
from gateway.record.sources import (
    answered_numbers,
    feeds_seen,
    named_by,
    named_by_several,
    numbers_of_reporter,
    read_sources,
    replace_sources,
)
from gateway.reputation.dispute import DisputeState
from gateway.reputation.precision import Source, SourceName, is_corroborated

ANSWERS_COUNT_SECONDS: Final = 365 * 86_400
"""An answered dispute says something of who named the number for a year."""
MOST_REPORTERS: Final = 1_000
"""Of those contradicted, the ones most often."""


async def measure_sources(record: Record, *, now: int) -> bool:
    """Measure every source anew; whether any now weighs otherwise than before. Raises RecordError."""
    async with record.read() as transaction:
        before = {(each.feed, each.reporter): each.weight for each in await read_sources(transaction)}
        right: Counter[SourceName] = Counter()
        wrong: Counter[SourceName] = Counter()
        # By number, so that a number which two answers or two feeds speak of counts once for a source.
        judged: defaultdict[SourceName, set[TelephoneNumber]] = defaultdict(set)
        released: set[TelephoneNumber] = set()
        for tn, state, day in await answered_numbers(transaction, since=now - ANSWERS_COUNT_SECONDS):
            if state is DisputeState.UPHELD:
                released.add(tn)
            tally = wrong if state is DisputeState.UPHELD else right
            for named in await named_by(transaction, tn):
                if named.first > day:
                    continue
                for source in {(named.feed, ""), (named.feed, _known(named.reporter))}:
                    if tn not in judged[source]:
                        judged[source].add(tn)
                        tally[source] += 1
        async for tn, feeds in named_by_several(transaction):
            for named in feeds:
                source = (named.feed, "")
                if tn not in released and tn not in judged[source] and is_corroborated(named, feeds):
                    right[source] += 1
        reporters = [source for source, _ in wrong.most_common() if source[1]][:MOST_REPORTERS]
        for source in reporters:
            for tn, naming in await numbers_of_reporter(transaction, *source):
                own = next(each for each in naming if (each.feed, each.reporter) == source)
                if tn not in released and tn not in judged[source] and is_corroborated(own, naming):
                    right[source] += 1
        all_feeds = {source for source in (*right, *wrong) if not source[1]}
        all_feeds |= {(feed, "") for feed in await feeds_seen(transaction)}
    measured = [Source(*source, right[source], wrong[source]) for source in sorted({*all_feeds, *reporters})]
    async with record.write() as transaction:
        await replace_sources(transaction, measured, now=now)
    after = {(each.feed, each.reporter): each.weight for each in measured}
    return any(before.get(source, 1.0) != after.get(source, 1.0) for source in {*before, *after})


def _known(reporter: str) -> str:
    return "" if reporter.isdecimal() else reporter
