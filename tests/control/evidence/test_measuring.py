from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from gateway.control.commands.disputes import answer_dispute, open_dispute, release_number
from gateway.control.commands.reputation import explain_number, explanation_document
from gateway.control.commands.sources import sources_document
from gateway.control.evidence.importing import ImportRequest, import_file
from gateway.control.evidence.measuring import measure_sources
from gateway.numbers.canonical import DiallingRules
from gateway.record.sightings import add_sightings
from gateway.reputation.dispute import DisputeState
from gateway.reputation.sighting import Sighting
from tests.record_on_both import record, record_location

__all__ = ["record", "record_location"]

NOW = 1_800_000_000
TODAY = datetime.fromtimestamp(NOW, UTC).date()
RULES = DiallingRules()


def tn(place):
    return f"1202555{place:04d}"


def seen(place, *, feed="a", days=5, reporter=""):
    return Sighting(tn=tn(place), day=TODAY - timedelta(days=days), feed=feed, reporter=reporter)


async def add(record, *sightings):
    async with record.write() as transaction:
        await add_sightings(transaction, sightings)


async def release(record, place):
    await release_number(record, f"+{tn(place)}", "forged", rules=RULES, actor="test", now=NOW)


async def measured(record):
    await measure_sources(record, now=NOW)
    found = (await sources_document(record))["sources"]
    return {(each["feed"], each["reporter"]): (each["corroborated"], each["contradicted"]) for each in found}


async def test_who_named_a_number_first_is_corroborated_and_who_repeats_it_is_not(record):
    await add(record, *(seen(place) for place in range(9)))
    await add(record, *(seen(place, feed="b", days=3) for place in range(4)))
    await add(record, seen(5, feed="c", days=5), seen(6, feed="c", days=6))
    assert await measured(record) == {("a", ""): (4, 0), ("b", ""): (0, 0), ("c", ""): (1, 0)}


async def test_a_released_number_contradicts_whoever_named_it_before(record):
    await add(record, seen(1), seen(1, feed="b", days=3), seen(2, feed="c"))
    await release(record, 1)
    assert await measured(record) == {("a", ""): (0, 1), ("b", ""): (0, 1), ("c", ""): (0, 0)}


async def test_a_rejected_dispute_speaks_for_whoever_named_the_number(record):
    await add(record, seen(1))
    opened = await open_dispute(
        record, f"+{tn(1)}", "not ours", owner_id=None, rules=RULES, actor="test", now=NOW
    )
    await answer_dispute(record, opened.id, DisputeState.REJECTED, "it was", actor="test", now=NOW)
    assert await measured(record) == {("a", ""): (1, 0)}


async def test_a_loud_reporter_counts_once_for_a_number_and_is_known_by_name(record):
    await add(record, *(seen(1, days=days, reporter="rival") for days in range(9)))
    await add(record, *(seen(place, reporter="rival") for place in (2, 3)), seen(2, feed="b", days=1))
    await add(record, *(seen(1, reporter=str(ordinal)) for ordinal in range(9)))
    await release(record, 1)
    assert await measured(record) == {("a", ""): (1, 1), ("a", "rival"): (1, 1), ("b", ""): (0, 0)}


async def test_feeds_without_files_are_listed_too(record):
    await add(record, seen(1, feed="honeypot"), seen(2, feed="reports", reporter="shop-7"))
    assert await measured(record) == {("honeypot", ""): (0, 0), ("reports", ""): (0, 0)}


async def test_a_source_does_not_raise_itself_by_naming_more(record):
    await add(record, seen(1, reporter="rival"))
    await release(record, 1)
    before = await measured(record)
    await add(record, *(seen(place, reporter="rival", days=place % 9) for place in range(2, 500)))
    assert await measured(record) == before


async def test_it_is_told_when_a_weight_changed_and_only_then(record):
    await add(record, seen(1))
    assert not await measure_sources(record, now=NOW)
    await release(record, 1)
    assert await measure_sources(record, now=NOW)
    assert not await measure_sources(record, now=NOW)
    assert await measure_sources(record, now=NOW + 400 * 86_400), "an answer speaks for a year"


async def test_the_score_of_a_number_follows_the_weight_of_who_named_it(record):
    await add(record, *(seen(place, reporter="rival") for place in range(1, 7)), seen(9, reporter="7"))

    async def explained(place):
        found = await explain_number(record, f"+{tn(place)}", rules=RULES, generation=None, now=NOW)
        return found.score, found.neighbours, explanation_document(found)["evidence"][0]["source_weight"]

    score, neighbours, weight = await explained(6)
    assert weight == 1
    for place in range(1, 6):
        await release(record, place)
    await measure_sources(record, now=NOW)
    doubted, less, weight = await explained(6)
    assert doubted < score / 1.8
    assert less < neighbours
    assert weight == 0.9524
    assert (await explained(9))[0] > 0.9 * score, "others of that feed hardly pay for it"


async def test_a_feed_that_was_never_judged_stands_there_with_its_full_weight(record, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"tn,day\n+{tn(1)},{date(2026, 11, 20)}\n")
    await import_file(record, ImportRequest(path=path, format="csv", feed="partner"), actor="test", now=NOW)
    assert (await sources_document(record))["sources"] == [
        {"feed": "partner", "reporter": "", "corroborated": 0, "contradicted": 0, "weight": 1.0}
    ]


async def test_a_reporter_earns_nothing_by_a_released_number(record):
    await add(record, seen(1, reporter="rival"), seen(1, feed="b", days=1))
    await release(record, 1)
    assert await measured(record) == {("a", ""): (0, 1), ("a", "rival"): (0, 1), ("b", ""): (0, 1)}


async def test_a_feed_that_copies_and_is_repeated_later_earns_nothing(record):
    await add(record, seen(1, days=9), seen(1, feed="copy", days=5), seen(1, days=1))
    assert await measured(record) == {("a", ""): (1, 0), ("copy", ""): (0, 0)}
