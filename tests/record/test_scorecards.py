from __future__ import annotations

from gateway.record.scorecards import (
    Counted,
    add_to_scorecards,
    doubted_providers,
    forget_scorecards,
    read_scorecards,
)


async def test_counts_are_added_by_provider_and_day_and_read_over_days(record):
    first = Counted(calls=10, attested_a=9, skew_sum=5.0, skew_low=-2.0, skew_high=1.0)
    async with record.write() as transaction:
        for _ in range(2):
            await add_to_scorecards(transaction, {("1234", "2026-11-20"): first})
        await add_to_scorecards(
            transaction,
            {("1234", "2026-11-21"): Counted(calls=1, failures=4, complaints=1, skew_high=3.5),
             ("5678", "2026-11-21"): Counted(calls=2)},
        )  # fmt: skip
        await add_to_scorecards(transaction, {})
        one, other = await read_scorecards(transaction, since="2026-11-20")
        assert (one.provider, one.calls, one.attested_a, one.failures, one.complaints) == (
            "1234",
            21,
            18,
            4,
            1,
        )
        assert (one.skew_seconds, one.worst_skew_seconds) == (0.48, 3.5)
        assert other.provider == "5678"
        (late,) = await read_scorecards(transaction, since="2026-11-21", provider="1234")
        assert late.calls == 1
        await forget_scorecards(transaction, before="2026-11-21")
        assert [each.calls for each in await read_scorecards(transaction, since="2026-01-01")] == [2, 1]


async def test_only_those_complained_of_far_too_often_are_doubted(record):
    day = "2026-11-21"
    async with record.write() as transaction:
        await add_to_scorecards(
            transaction,
            {
                ("good", day): Counted(calls=10_000, complaints=5),
                ("bad", day): Counted(calls=100, complaints=30),
            },
        )
        assert set(await doubted_providers(transaction, since=day)) == {"bad"}
        assert await doubted_providers(transaction, since="2026-11-22") == {}
