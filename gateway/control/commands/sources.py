"""The sources of sightings, each with what became of its numbers and what it weighs by that."""

from __future__ import annotations

from gateway.record.engine import Record
from gateway.record.sources import read_feeds, read_sources
from gateway.reputation.precision import Source


async def sources_document(record: Record) -> dict[str, object]:
    """Every source as JSON: feeds, and those reporters that were contradicted."""
    async with record.read() as transaction:
        measured = await read_sources(transaction)
        feeds = await read_feeds(transaction)
    known = {(each.feed, each.reporter) for each in measured}
    sources = [*measured, *(Source(feed, "", 0, 0) for feed in feeds if (feed, "") not in known)]
    return {
        "sources": [
            {
                "feed": each.feed,
                "reporter": each.reporter,
                "corroborated": each.corroborated,
                "contradicted": each.contradicted,
                "weight": each.weight,
            }
            for each in sorted(sources, key=lambda each: (each.feed, each.reporter))
        ]
    }
