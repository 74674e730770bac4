"""The facts over a restart: kept where they are this record's, made anew wherever that is not certain."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from gateway.control.commands import DecisionRequest, add_decision, remove_decision
from gateway.control.facts import FactsFollower
from gateway.facts import facts_path
from gateway.facts.projection import Projection
from gateway.facts.reader import FactsReader
from gateway.facts.seal import seal, seal_path
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record import open_record, record_path
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.owners import insert_owner
from gateway.record.registrations import insert_registrations
from gateway.record.schema import decisions, heads, outbox
from gateway.registry.registration import Brand, Registration, Use
from gateway.registry.states import State

NOW = 1_795_000_000


async def decide(record, tn="999"):
    request = DecisionRequest(action="block", reason="forged", tn=tn)
    return await add_decision(record, request, rules=DiallingRules(), actor="tests", now=NOW)


async def register(record, tn, brand="Example Bank"):
    """A number in force, as when its proofs had been given."""
    async with record.write() as transaction:
        owner = await insert_owner(transaction, name=brand, contact="-", created_at=NOW, created_by="tests")
        wanted = Registration(
            id=0,
            owner_id=owner.id,
            numbers=NumberRange(TelephoneNumber(tn)),
            use=Use.CALLING,
            brand=Brand(brand),
            state=State.VERIFIED,
            until=NOW + 86_400,
        )
        (registration_id,) = await insert_registrations(transaction, [wanted], now=NOW)
        await announce_change(transaction, ChangeKind.REGISTRATION, subject_id=registration_id, now=NOW)


async def process(record, path):
    """A control process's life as far as the facts are concerned: it starts, follows and ends."""
    projection = Projection(path)
    await FactsFollower(record, projection).follow(now=NOW)
    projection.close()


def content(path):
    """What the file says; which number a declaration has got is no part of it."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        return {
            "state": file.execute("SELECT * FROM state").fetchall(),
            "tokens": file.execute("SELECT * FROM tokens ORDER BY id").fetchall(),
            "decisions": file.execute("SELECT * FROM decisions ORDER BY id").fetchall(),
            "decision_blocks": file.execute("SELECT * FROM decision_blocks").fetchall(),
            "registrations": file.execute(
                "SELECT b.block, b.registration_id, b.count, b.expires_at, d.content, d.blocks"
                " FROM registration_blocks AS b LEFT JOIN declarations AS d ON d.id = b.declaration_id"
            ).fetchall(),
            "declarations": file.execute("SELECT content FROM declarations ORDER BY content").fetchall(),
            "widths": file.execute("SELECT * FROM widths").fetchall(),
        }


def makings(path):
    """How many declarations the file was ever given: more after everything was projected again."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'declarations'").fetchone()


async def assert_equal_to_a_new_one(record, path):
    new = path.with_name("new.sqlite")
    for each in (new, seal_path(new)):
        each.unlink(missing_ok=True)
    await process(record, new)
    assert content(path) == content(new)


@pytest.fixture
async def path(tmp_path, record):
    """Facts of a record with a decision and a registration, closed in order."""
    await decide(record)
    await register(record, "442079460123")
    await process(record, facts_path(tmp_path))
    return facts_path(tmp_path)


async def test_of_the_same_record_they_are_kept(record, path):
    before = makings(path)
    for _ in range(3):
        await process(record, path)
    assert makings(path) == before
    await assert_equal_to_a_new_one(record, path)


async def test_what_changed_meanwhile_is_followed_and_nothing_else_made_anew(record, path):
    decision = await decide(record, tn="112")
    await register(record, "442079460124", "Example Clinic")
    await process(record, path)
    assert makings(path) == (2,)
    await remove_decision(record, decision.id, actor="tests", now=NOW)
    await process(record, path)
    assert makings(path) == (2,)
    await assert_equal_to_a_new_one(record, path)


async def test_a_record_without_any_change_has_them_made_anew(tmp_path, record):
    path = facts_path(tmp_path)
    await process(record, path)
    async with record.write() as transaction:  # by no command, so that nothing tells of it
        await transaction.execute(decisions.insert().values(
            start="999", number_count=1, action="block", reason="-", created_at=NOW, created_by="tests"
        ))  # fmt: skip
    await process(record, path)
    await assert_equal_to_a_new_one(record, path)


async def test_changes_without_a_mark_prove_nothing(record, path):
    async with record.write() as transaction:  # as before there were marks
        await transaction.execute(update(outbox).values(mark="0" * 64))
        await transaction.execute(update(heads).where(heads.c.chain == "outbox").values(hash="0" * 64))
    await process(record, path)
    before = makings(path)
    await process(record, path)
    assert makings(path) > before
    await assert_equal_to_a_new_one(record, path)


async def test_a_record_that_kept_too_few_changes_has_them_made_anew(record, path):
    await decide(record, tn="112")
    await decide(record, tn="118")
    async with record.write() as transaction:
        await transaction.execute(delete(outbox).where(outbox.c.sequence < 4))
    await process(record, path)
    assert makings(path) == (2,)
    await assert_equal_to_a_new_one(record, path)


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_a_record_restored_from_a_backup_has_them_made_anew(
    request, tmp_path, record_location, record, path, after
):
    """Whether it has since had fewer changes than the facts had followed, as many, or more."""
    await record.close()
    backup = tmp_path / "backup.sqlite"
    if isinstance(record_location, Path):
        shutil.copy(record_location, backup)
    else:
        backup = request.getfixturevalue("postgresql").copy_of(record_location)
    lost = await open_record(record_location)
    await register(lost, "442079460999", "Lost Bank")
    await process(lost, path)
    await lost.close()
    restored = await open_record(backup)
    for number in range(after):
        await register(restored, f"44207946070{number}", "Found Bank")
    before = makings(path)
    await process(restored, path)
    assert makings(path) > before
    assert "Lost Bank" not in str(content(path))
    await assert_equal_to_a_new_one(restored, path)
    await restored.close()


async def test_facts_of_another_record_are_made_anew(tmp_path, record, path):
    other = await open_record(tmp_path / "other.sqlite")
    await register(other, "442079460700", "Other Bank")
    await register(other, "442079460701", "Other Bank")
    await process(other, path)
    assert "Example Bank" not in str(content(path))
    await assert_equal_to_a_new_one(other, path)
    await other.close()
    await process(record, path)
    await assert_equal_to_a_new_one(record, path)


async def test_facts_of_another_version_or_format_are_made_anew(record, path):
    before = makings(path)
    text = seal_path(path).read_text(encoding="ascii")
    seal_path(path).write_text(text.replace("callmark ", "callmark 0."), encoding="ascii")
    await process(record, path)
    assert makings(path) > before
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")
    seal(path)
    await process(record, path)
    await assert_equal_to_a_new_one(record, path)


async def test_a_log_beside_the_closed_file_has_them_made_anew(record, path):
    before = makings(path)
    kept = seal_path(path).read_bytes()
    whole = path.read_bytes()
    projection = Projection(path)
    await decide(record, tn="112")
    await FactsFollower(record, projection).follow(now=NOW)
    log = path.with_name(path.name + "-wal").read_bytes()
    projection.close()
    # As if the seal had not been broken on the disk before the power went.
    path.write_bytes(whole)
    path.with_name(path.name + "-wal").write_bytes(log)
    seal_path(path).write_bytes(kept)
    await process(record, path)
    assert makings(path) > before
    await assert_equal_to_a_new_one(record, path)


async def test_a_file_put_in_its_place_while_it_was_open_is_not_sealed(record, path):
    projection = Projection(path)
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)
    projection.close()
    assert not seal_path(path).exists()
    await process(record, path)
    await assert_equal_to_a_new_one(record, path)


async def test_facts_that_were_never_whole_are_not_sealed(tmp_path, record):
    path = facts_path(tmp_path)
    Projection(path).close()
    assert not seal_path(path).exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from gateway.facts.projection import FactChanges, Projection
from gateway.facts.values import DecisionFact, FactsState

projection = Projection(Path(sys.argv[1]))
wrong = [DecisionFact(each, str(each), 1, "block", None, "wrong", None) for each in range(1000, 30_000)]
state = FactsState(99, "f" * 64)
if sys.argv[2] == "rebuild":
    with projection.rebuilding(state) as writer:
        writer.add_decisions(wrong)
        os.kill(os.getpid(), signal.SIGKILL)
elif sys.argv[2] == "after":
    projection.apply(FactChanges(decisions=wrong), state)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["opened", "rebuild", "after"])
async def test_after_a_process_was_killed_they_are_made_anew(record, path, moment):
    before = makings(path)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(path), moment)
    assert await killed.wait() == -signal.SIGKILL
    await process(record, path)
    assert makings(path) > before
    await assert_equal_to_a_new_one(record, path)


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """Facts of a record in a file, closed in order."""
    directory = tmp_path_factory.mktemp("closed")

    async def make():
        record = await open_record(record_path(directory))
        await decide(record)
        for number in range(40):
            await register(record, f"4420794601{number:02d}")
        await process(record, facts_path(directory))
        await record.close()

    asyncio.run(make())
    return facts_path(directory)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_file_that_was_cut_or_altered_anywhere_is_not_relied_on(closed, tmp_path_factory, data):
    path = facts_path(tmp_path_factory.mktemp("cut"))
    whole = closed.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1), label="place")
    if data.draw(st.booleans(), label="cut"):
        path.write_bytes(whole[:place])
    else:
        other = whole[place] ^ data.draw(st.integers(1, 255), label="bits")
        path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    shutil.copy(seal_path(closed), seal_path(path))
    for _ in range(2):  # nor after a process that found it ended before it had made it anew
        projection = Projection(path)
        assert projection.kept() is None
        projection.close()
    shutil.copy(closed, path)
    shutil.copy(seal_path(closed), seal_path(path))
    projection = Projection(path)
    assert projection.kept() is not None
    projection.close()


async def test_a_reader_that_has_just_asked_sees_a_change_when_it_was_followed(tmp_path, record):
    projection = Projection(facts_path(tmp_path))
    follower, reader = FactsFollower(record, projection), FactsReader(facts_path(tmp_path))
    await follower.follow(now=NOW)
    for tn in ("998", "999"):
        asking = asyncio.create_task(_asked_all_the_time(reader, tn))
        await decide(record, tn)
        await follower.follow(now=NOW)
        assert reader.decisions(tn, now=NOW)
        asking.cancel()
    reader.close()
    projection.close()


async def _asked_all_the_time(reader: FactsReader, tn: str) -> None:
    while True:
        reader.decisions(tn, now=NOW)
        await asyncio.sleep(0)
