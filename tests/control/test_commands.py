from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime
from itertools import count

import pytest

from gateway.control.commands import (
    CommandError,
    DecisionRequest,
    TokenRequest,
    Trouble,
    add_decision,
    create_token,
    list_decisions,
    list_tokens,
    remove_decision,
    revoke_token,
    verify_audit,
)
from gateway.control.facts import FactsFollower
from gateway.facts import facts_path
from gateway.facts.projection import Projection
from gateway.facts.reader import FactsReader
from gateway.facts.tokens import hash_token
from gateway.numbers.canonical import DiallingRules
from gateway.record.scorecards import Counted, add_to_scorecards

NOW = 1_795_000_000
RULES = DiallingRules()


@pytest.fixture
def facts(tmp_path, record):
    seconds = count(1)  # each look comes a second after the last: nothing is taken from memory unasked
    projection = Projection(facts_path(tmp_path))
    reader = FactsReader(facts_path(tmp_path), monotonic=lambda: float(next(seconds)))
    yield FactsFollower(record, projection), reader
    reader.close()
    projection.close()


async def create(record, name="sw-1", **request):
    request = TokenRequest(name=name, **{"scopes": ("call:verify",), **request})
    return await create_token(record, request, actor="tests", now=NOW)


async def decide(record, **request):
    request = DecisionRequest(**{"action": "block", "reason": "forged", **request})
    return await add_decision(record, request, rules=RULES, actor="tests", now=NOW)


async def refusal(command):
    with pytest.raises(CommandError) as refused:
        await command
    return refused.value


async def test_a_token_is_stored_as_its_hash_and_shown_once(tmp_path, record):
    created = await create(record)
    assert created.secret not in repr(created)
    assert (await list_tokens(record))[0].hash == hash_token(created.secret)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert created.secret.encode() not in stored


async def test_a_name_is_free_again_once_revoked(record):
    first = (await create(record)).token
    error = await refusal(create(record))
    assert (error.trouble, error.pointer) == (Trouble.CONFLICT, "/name")
    assert await revoke_token(record, "sw-1", actor="tests", now=NOW) == first
    second = (await create(record)).token
    assert second.id != first.id
    assert await list_tokens(record) == (second,)
    assert len(await list_tokens(record, include_revoked=True)) == 2
    assert (await refusal(revoke_token(record, first.id, actor="tests", now=NOW))).trouble is Trouble.MISSING


async def test_of_many_creations_at_once_one_gets_the_name(record):
    answers = await asyncio.gather(*(create(record) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, CommandError) for answer in answers) == 19
    assert (await verify_audit(record)).rows == 1


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"name": "7"}, "/name"),
        ({"name": "x" * 65}, "/name"),
        ({"scopes": ()}, "/scopes"),
        ({"scopes": ("call:sign", "root")}, "/scopes/1"),
        ({"trunk": "a b"}, "/trunk"),
        ({"expires_at": NOW}, "/expires"),
        ({"expires_at": NOW * 1_000}, "/expires"),
    ],
)
async def test_a_bad_token_request_names_its_part_and_changes_nothing(record, request_, pointer):
    assert (await refusal(create(record, **request_))).pointer == pointer
    assert await list_tokens(record) == ()
    assert (await verify_audit(record)).rows == 0


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        ({}, ""),
        ({"tn": "999", "range": "999"}, ""),
        ({"tn": "nobody"}, "/tn"),
        ({"range": "+442079460999-0000"}, "/range"),
        ({"range": "+44000000000/99999999"}, "/range"),
        ({"tn": "999", "action": "explode"}, "/action"),
        ({"tn": "999", "reason": " "}, "/reason"),
        ({"tn": "999", "reason": "\x1b[2J"}, "/reason"),
        ({"tn": "999", "trunk_kind": "sideways"}, "/trunk_kind"),
        ({"tn": "999", "expires_at": NOW - 1}, "/expires"),
    ],
)
async def test_a_bad_decision_names_its_part_and_changes_nothing(record, request_, pointer):
    assert (await refusal(decide(record, **request_))).pointer == pointer
    assert await list_decisions(record, now=NOW) == ()


async def test_decisions_are_canonical_paged_and_taken_back(record):
    one = await decide(record, tn="020 7946 0123".replace(" ", ""))
    many = await decide(record, range="+442079460000-0999", expires_at=NOW + 10)
    assert (one.start, one.count, many.start, many.count) == ("442079460123", 1, "442079460000", 1_000)
    assert await list_decisions(record, now=NOW, after_id=one.id) == (many,)
    assert await list_decisions(record, now=NOW + 10) == (one,)
    assert len(await list_decisions(record, now=NOW + 10, include_past=True)) == 2
    await remove_decision(record, one.id, actor="tests", now=NOW)
    assert (await refusal(remove_decision(record, one.id, actor="tests", now=NOW))).trouble is Trouble.MISSING


async def test_every_command_leaves_one_row_in_an_intact_audit(record):
    await create(record)
    await revoke_token(record, "sw-1", actor="tests", now=NOW)
    decision = await decide(record, tn="999")
    await remove_decision(record, decision.id, actor="tests", now=NOW)
    report = await verify_audit(record)
    assert (report.is_intact, report.rows) == (True, 4)


async def test_facts_follow_each_command(record, facts):
    follower, reader = facts
    created = await create(record, scopes=("operator", "call:sign"), trunk="intl-1")
    await follower.follow(now=NOW)
    found = reader.token(hash_token(created.secret), now=NOW)
    assert (found.name, found.scopes, found.trunk) == ("sw-1", {"operator", "call:sign"}, "intl-1")
    decision = await decide(record, range="+442079460000-0999", trunk_kind="international")
    await revoke_token(record, created.token.id, actor="tests", now=NOW)
    await follower.follow(now=NOW + 1)
    assert reader.state(now=NOW).sequence == 3
    assert reader.token(hash_token(created.secret), now=NOW) is None
    assert reader.decisions("442079460500", now=NOW)[0].trunk_kind == "international"
    await remove_decision(record, decision.id, actor="tests", now=NOW)
    await follower.follow(now=NOW + 2)
    assert reader.decisions("442079460500", now=NOW) == ()
    assert reader.state(now=NOW).sequence == 4


async def test_nothing_is_written_where_nothing_changed(tmp_path, record, facts):
    follower, _ = facts
    await decide(record, tn="999")
    await follower.follow(now=NOW)
    with contextlib.closing(sqlite3.connect(facts_path(tmp_path))) as reader:
        before = reader.execute("PRAGMA data_version").fetchone()
        await follower.follow(now=NOW + 9)
        assert follower.followed_at == NOW + 9
        assert reader.execute("PRAGMA data_version").fetchone() == before
        await decide(record, tn="112")
        await follower.follow(now=NOW + 10)
        assert reader.execute("PRAGMA data_version").fetchone() != before


async def test_a_provider_comes_to_be_doubted_without_any_command(record, facts):
    follower, reader = facts
    await follower.follow(now=NOW)
    day = datetime.fromtimestamp(NOW, UTC).date().isoformat()
    async with record.write() as transaction:
        await add_to_scorecards(transaction, {("bad", day): Counted(calls=100, complaints=30)})
    await follower.follow(now=NOW + 1)
    weight = reader.weight_of_provider("bad", now=NOW + 1)
    assert weight < 1
    await follower.rebuild(now=NOW + 2)
    assert reader.weight_of_provider("bad", now=NOW + 2) == weight
    await follower.follow(now=NOW + 60 * 86_400)
    assert reader.weight_of_provider("bad", now=NOW + 60 * 86_400) == 1


async def test_a_follower_that_starts_projects_everything_again(tmp_path, record, facts):
    follower, reader = facts
    decision = await decide(record, tn="999")
    await follower.follow(now=NOW)
    await remove_decision(record, decision.id, actor="tests", now=NOW)
    projection = Projection(facts_path(tmp_path))
    await FactsFollower(record, projection).follow(now=NOW)
    projection.close()
    assert reader.decisions("999", now=NOW) == ()


async def test_a_cancelled_rebuild_leaves_the_facts_as_they_were(record, facts):
    follower, reader = facts
    await decide(record, tn="999")
    await follower.follow(now=NOW)
    await decide(record, tn="112")
    rebuild = asyncio.create_task(follower.rebuild(now=NOW + 1))
    while not follower._projection._connection.in_transaction:  # noqa: ASYNC110 - SQLite tells nobody
        await asyncio.sleep(0)
    rebuild.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rebuild
    assert (follower.followed_at, reader.state(now=NOW).sequence) == (NOW, 1)
    await follower.rebuild(now=NOW + 2)
    assert reader.decisions("112", now=NOW) != ()
