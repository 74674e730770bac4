"""Providers' scorecards in SQL: what their signatures did, a row for each provider and day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import scorecards
from gateway.reputation.scorecard import DOUBTED, Scorecard, weight_of

KEPT_DAYS: Final = 90


@dataclass(slots=True)
class Counted:
    """What is to be added to one provider's day."""

    calls: int = 0
    attested_a: int = 0
    failures: int = 0
    skew_sum: float = 0.0
    skew_low: float = 0.0
    skew_high: float = 0.0
    complaints: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return any(astuple(self))

    def add(self, other: Counted) -> None:
        """Count what the other counted too."""
        self.calls += other.calls
        self.attested_a += other.attested_a
        self.failures += other.failures
        self.skew_sum += other.skew_sum
        self.skew_low = min(self.skew_low, other.skew_low)
        self.skew_high = max(self.skew_high, other.skew_high)
        self.complaints += other.complaints


async def add_to_scorecards(transaction: AsyncConnection, counted: Mapping[tuple[str, str], Counted]) -> None:
    """Add counts to the days of providers; keys are provider and ISO day."""
    if not counted:
        return
    rows = [
        {
            "provider": provider, "day": day, "calls": each.calls, "attested_a": each.attested_a,
            "failures": each.failures, "skew_sum": each.skew_sum, "skew_low": each.skew_low,
            "skew_high": each.skew_high, "complaints": each.complaints,
        }
        for (provider, day), each in sorted(counted.items())
    ]  # fmt: skip
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(scorecards)
    new, old = statement.excluded, scorecards.c
    added = ("calls", "attested_a", "failures", "skew_sum", "complaints")
    sums = {name: old[name] + new[name] for name in added}
    await transaction.execute(
        statement.on_conflict_do_update(
            index_elements=[old.provider, old.day],
            set_={
                **sums,
                "skew_low": case((new.skew_low < old.skew_low, new.skew_low), else_=old.skew_low),
                "skew_high": case((new.skew_high > old.skew_high, new.skew_high), else_=old.skew_high),
            },
        ),
        rows,
    )


async def read_scorecards(
    transaction: AsyncConnection, *, since: str, provider: str | None = None
) -> tuple[Scorecard, ...]:
    """Return the scorecards over the days from `since` (ISO) on, those with most calls first."""
    c = scorecards.c
    query = (
        select(
            c.provider,
            *(func.sum(each).label(each.name) for each in (c.calls, c.attested_a, c.failures, c.skew_sum)),
            func.min(c.skew_low).label("skew_low"),
            func.max(c.skew_high).label("skew_high"),
            func.sum(c.complaints).label("complaints"),
        )
        .where(c.day >= since)
        .group_by(c.provider)
        .order_by(func.sum(c.calls).desc(), c.provider)
        .limit(1000)
    )
    if provider is not None:
        query = query.where(c.provider == provider)
    return tuple(
        Scorecard(
            provider=row.provider,
            calls=int(row.calls),
            attested_a=int(row.attested_a),
            failures=int(row.failures),
            skew_seconds=round(row.skew_sum / int(row.calls), 2) if row.calls else 0.0,
            worst_skew_seconds=round(row.skew_low if -row.skew_low > row.skew_high else row.skew_high, 2),
            complaints=int(row.complaints),
        )
        for row in await transaction.execute(query)
    )


async def doubted_providers(transaction: AsyncConnection, *, since: str) -> dict[str, float]:
    """Return the providers whose word is worth less than `DOUBTED` by the days from `since` on, and what."""
    c = scorecards.c
    query = (
        select(c.provider, func.sum(c.calls).label("calls"), func.sum(c.complaints).label("complaints"))
        .where(c.day >= since)
        .group_by(c.provider)
        .having(func.sum(c.complaints) > 0)
    )
    weights = {
        row.provider: weight_of(calls=int(row.calls), complaints=int(row.complaints))
        for row in await transaction.execute(query)
    }
    return {provider: weight for provider, weight in weights.items() if weight < DOUBTED}


async def forget_scorecards(transaction: AsyncConnection, *, before: str) -> None:
    """Remove the days before this one (ISO)."""
    await transaction.execute(delete(scorecards).where(scorecards.c.day < before))
