from __future__ import annotations

from gateway.control.api.call_documents import in_full, redacted
from gateway.control.figures.document import Wanted, calls_document
from gateway.control.figures.figures import Figures
from gateway.control.journal.tail import JournalTail
from gateway.journal import JournalWriter
from gateway.verdicts.policy import VerdictPolicy
from tests.control.figures.calls import NOON, a_call

POLICY = VerdictPolicy()


def figures_at(now: float) -> Figures:
    return Figures(lambda: POLICY, clock=lambda: now)


async def test_after_a_restart_the_figures_are_those_of_the_journal(tmp_path):
    writer = JournalWriter(tmp_path, slot="0")
    before, tail = figures_at(NOON + 600), JournalTail(tmp_path)
    for number in range(500):
        writer.append([a_call(NOON + number, action="block", deciding="dno.exact")])
    writer.flush()
    before.take(list(tail.read()))
    tail.save()
    writer.append([a_call(NOON + 590)])
    writer.close()

    after, next_tail = figures_at(NOON + 600), JournalTail(tmp_path)
    recalled = JournalTail(tmp_path)
    after.take(list(next_tail.read()))
    await after.recall(recalled)
    wanted = Wanted(minutes=60)
    document = calls_document(after, wanted, now=NOON + 600, shown=in_full)
    assert document["totals"]["calls"] == 501
    assert document["totals"]["actions"] == {"block": 500, "allow": 1}
    assert document["forged"]["numbers"][0] | {"reason": None} == {
        "number": "+442079460123",
        "path": "international/unsigned",
        "reason": None,
        "calls": 500,
    }
    expected = calls_document(before, wanted, now=NOON + 600, shown=in_full)
    assert expected["totals"]["calls"] == 500
    assert expected["forged"] == document["forged"]


def test_a_series_has_each_call_once_whatever_its_step():
    figures = figures_at(NOON + 86_400)
    figures.take([a_call(NOON + 60 * minute) for minute in range(1440)])
    for minutes in (1, 60, 97, 600, 1440):
        document = calls_document(figures, Wanted(minutes=minutes), now=NOON + 86_399, shown=in_full)
        assert document["totals"]["calls"] == minutes
        assert sum(point["calls"] for point in document["series"]) == minutes
        assert len(document["series"]) <= 98
        assert [each["calls"] for each in document["trunks"]] == [minutes]


def test_one_trunk_can_be_looked_at_alone():
    figures = figures_at(NOON + 60)
    figures.take([a_call(), a_call(trunk="access-1"), a_call(trunk="access-1")])
    document = calls_document(figures, Wanted(minutes=5, trunk="access-1"), now=NOON + 60, shown=in_full)
    assert document["totals"]["calls"] == 2
    assert [each["trunk"] for each in document["trunks"]] == ["access-1", "international-1"]


def test_who_may_see_no_numbers_sees_none():
    figures = figures_at(NOON + 60)
    figures.take([a_call(deciding="abroad.home-number", action="block")])
    document = calls_document(figures, Wanted(minutes=5), now=NOON + 60, shown=redacted)
    (forged,) = document["forged"]["numbers"]
    assert forged["number"].startswith("~")
    assert forged["number"].endswith("23")
    assert "442079460123" not in str(document)


def test_a_call_from_a_clock_that_is_wrong_pushes_nothing_out():
    figures = figures_at(NOON + 60)
    figures.take([a_call(NOON)])
    figures.take([a_call(NOON + 9e8), a_call(NOON + 30)])
    document = calls_document(figures, Wanted(minutes=5), now=NOON + 60, shown=in_full)
    assert document["totals"]["calls"] == 2
