from __future__ import annotations

import sqlite3
from itertools import count

import pytest

from gateway.facts import facts_path
from gateway.facts.projection import FactChanges, Projection, ProjectionError
from gateway.facts.reader import FactsReader
from gateway.facts.values import DecisionFact, FactsState, FactsUnavailable, TokenFact

NOW = 1_795_000_000
STATE = FactsState(3, "a mark")


def token(identity=1, *, expires_at=None):
    return TokenFact(
        identity, f"{identity:064x}", f"name-{identity}", frozenset({"call:sign"}), None, expires_at
    )


def decision(identity, start, count=1, *, action="block", expires_at=None):
    return DecisionFact(identity, start, count, action, None, "forged", expires_at)


@pytest.fixture
def projection(tmp_path):
    opened = Projection(facts_path(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path):
    seconds = count()  # each look comes a second after the last: nothing is taken from memory unasked
    opened = FactsReader(facts_path(tmp_path), monotonic=lambda: float(next(seconds)))
    yield opened
    opened.close()


def fill(projection, *, tokens=(), decisions=(), state=STATE):
    with projection.rebuilding(state) as writer:
        writer.add_tokens(tokens)
        writer.add_decisions(decisions)


def ids(found):
    return [each.id for each in found]


def test_without_a_file_facts_are_unavailable_and_come_when_it_comes(tmp_path, reader):
    assert isinstance(reader.token("0" * 64, now=NOW), FactsUnavailable)
    projection = Projection(facts_path(tmp_path))
    fill(projection, tokens=[token()])
    assert reader.token(token().hash, now=NOW + 1) == token()
    projection.close()


def test_a_file_that_was_never_filled_has_no_state(projection, reader):
    assert isinstance(reader.state(now=NOW), FactsUnavailable)
    fill(projection)
    assert reader.state(now=NOW) == STATE


def test_a_commit_is_seen_by_the_next_look_up_in_the_same_second(projection, reader):
    fill(projection)
    assert reader.token(token().hash, now=NOW) is None
    projection.apply(FactChanges(token_ids=[1], tokens=[token()]), STATE)
    assert reader.token(token().hash, now=NOW) == token()
    projection.apply(FactChanges(token_ids=[1]), STATE)
    assert reader.token(token().hash, now=NOW) is None


def test_an_expired_token_or_decision_is_none(projection, reader):
    fill(
        projection,
        tokens=[token(expires_at=NOW)],
        decisions=[decision(1, "442079460000", 10, expires_at=NOW)],
    )
    assert reader.token(token().hash, now=NOW - 1) == token(expires_at=NOW)
    assert reader.token(token().hash, now=NOW) is None
    assert ids(reader.decisions("442079460003", now=NOW - 1)) == [1]
    assert reader.decisions("442079460003", now=NOW) == ()


def test_overlapping_decisions_come_narrowest_then_newest_first(projection, reader):
    wide = decision(1, "442079460000", 1_000)
    odd = decision(2, "442079460120", 7)
    one = decision(3, "442079460123", action="allow")
    again = decision(4, "442079460123")
    fill(projection, decisions=[wide, odd, one, again])
    assert reader.decisions("442079460123", now=NOW) == (again, one, odd, wide)
    assert ids(reader.decisions("442079460127", now=NOW)) == [1]
    assert reader.decisions("442079461000", now=NOW) == ()
    assert reader.decisions("44207946012", now=NOW) == ()


def test_a_rebuild_replaces_everything_and_a_failed_one_nothing(projection, reader):
    fill(projection, tokens=[token(1)], decisions=[decision(1, "999")])
    with pytest.raises(ValueError, match="do not exist"):
        fill(projection, tokens=[token(2)], decisions=[decision(2, "99", 5)])
    assert reader.token(token(1).hash, now=NOW) == token(1)
    fill(projection, tokens=[token(2)], state=FactsState(9, "a mark"))
    assert reader.token(token(1).hash, now=NOW) is None
    assert reader.decisions("999", now=NOW) == ()
    assert reader.state(now=NOW) == FactsState(9, "a mark")


def test_a_reader_never_waits_for_a_rebuild(projection, reader):
    fill(projection, tokens=[token(1)])
    with projection.rebuilding(STATE) as writer:
        writer.add_tokens([token(2)])
        assert reader.token(token(1).hash, now=NOW) == token(1)
        assert reader.token(token(2).hash, now=NOW) is None
    assert reader.token(token(2).hash, now=NOW) == token(2)


@pytest.mark.parametrize("damage", [b"", b"not a database, and long enough to be read as a header" * 40])
def test_a_damaged_file_is_unavailable_until_it_was_made_again(tmp_path, reader, damage):
    path = facts_path(tmp_path)
    path.write_bytes(damage)
    assert isinstance(reader.token(token().hash, now=NOW), FactsUnavailable)
    projection = Projection(path)
    fill(projection, tokens=[token()])
    assert reader.token(token().hash, now=NOW + 1) == token()
    projection.close()


def test_pages_damaged_under_an_open_reader_are_unavailable_never_an_exception(tmp_path, reader):
    path = facts_path(tmp_path)
    projection = Projection(path)
    fill(projection, tokens=[token(each) for each in range(5_000)])
    projection.close()
    assert reader.token(token(1).hash, now=NOW) == token(1)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (size - 4096))
    answers = [reader.token(token(each).hash, now=NOW) for each in range(4_000, 4_500)]
    assert any(isinstance(answer, FactsUnavailable) for answer in answers)
    healed = Projection(path)
    fill(healed, tokens=[token(1)])
    assert reader.token(token(1).hash, now=NOW + 1) == token(1)
    healed.close()


def test_a_file_that_lost_its_name_still_answers(tmp_path, projection, reader):
    fill(projection, tokens=[token()])
    assert reader.token(token().hash, now=NOW) == token()
    facts_path(tmp_path).unlink()
    assert reader.token(token().hash, now=NOW + 1) == token()


def test_a_locked_file_is_unavailable_and_returns(tmp_path, reader):
    path = facts_path(tmp_path)
    projection = Projection(path)
    fill(projection, tokens=[token()])
    projection.close()
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
    locker.execute("BEGIN EXCLUSIVE")
    assert isinstance(reader.token(token().hash, now=NOW), FactsUnavailable)
    locker.close()
    assert reader.token(token().hash, now=NOW + 1) == token()


def test_a_file_of_another_format_is_unavailable_and_is_made_again(tmp_path, reader):
    path = facts_path(tmp_path)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    answer = reader.token(token().hash, now=NOW)
    assert isinstance(answer, FactsUnavailable)
    assert "format 99" in answer.problem
    projection = Projection(path)
    fill(projection, tokens=[token()])
    assert reader.token(token().hash, now=NOW + 1) == token()
    projection.close()


def test_a_directory_that_is_not_there_is_a_projection_error(tmp_path):
    with pytest.raises(ProjectionError, match="cannot be opened for writing"):
        Projection(facts_path(tmp_path / "absent"))


def test_nobody_else_can_read_the_file(tmp_path, projection):
    assert facts_path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_readers_know_when_the_facts_were_last_found_to_be_what_the_record_says(tmp_path, projection, reader):
    fill(projection)
    projection.confirm(now=NOW)
    assert reader.age_seconds(now=NOW + 7) == 7
    projection.confirm(now=NOW + 5)
    assert reader.age_seconds(now=NOW + 8) == 3
    assert reader.age_seconds(now=NOW) == 0
    facts_path(tmp_path).unlink()
    assert reader.age_seconds(now=NOW + 100) == 95


def test_nothing_of_what_a_reader_holds_is_read_again_for_a_confirmation(projection, reader):
    fill(projection, decisions=[decision(1, "441")])
    for _ in range(2):
        assert ids(reader.decisions("441", now=NOW)) == [1]
    before = reader._version
    projection.confirm(now=NOW)
    assert ids(reader.decisions("441", now=NOW + 1)) == [1]
    assert reader._version == before is not None


def test_facts_that_were_never_seen_are_as_old_as_can_be(tmp_path):
    assert FactsReader(tmp_path / "nothing").age_seconds(now=NOW) == NOW


def test_a_file_that_is_gone_cannot_be_confirmed(tmp_path, projection):
    facts_path(tmp_path).unlink()
    with pytest.raises(ProjectionError, match="takes no time"):
        projection.confirm(now=NOW)


def test_closing_the_file_confirms_nothing(tmp_path, reader):
    projection = Projection(facts_path(tmp_path))
    fill(projection)
    projection.confirm(now=NOW)
    assert reader.token(token().hash, now=NOW) is None  # keeps the file open, so that its log stays
    projection.apply(FactChanges(token_ids=[1], tokens=[token()]), STATE)
    projection.close()
    assert reader.age_seconds(now=NOW + 60) == 60
