"""Providers' scorecards as documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.record.engine import Record
from gateway.record.scorecards import read_scorecards


async def scorecards_document(
    record: Record, *, provider: str | None, days: int, now: int
) -> dict[str, object]:
    """The scorecards over the last days, of one provider or of all."""
    since = (datetime.fromtimestamp(now, UTC).date() - timedelta(days=days - 1)).isoformat()
    async with record.read() as transaction:
        cards = await read_scorecards(transaction, since=since, provider=provider)
    return {
        "days": days,
        "providers": [
            {
                "provider": card.provider,
                "calls": card.calls,
                "attested_a": card.attested_a,
                "failures": card.failures,
                "pass_rate": card.pass_rate,
                "skew_seconds": card.skew_seconds,
                "worst_skew_seconds": card.worst_skew_seconds,
                "complaints": card.complaints,
                "complaint_share": card.complaint_share,
                "weight": card.weight,
            }
            for card in cards
        ],
    }
