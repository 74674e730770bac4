"""Registrations as facts: found by every number they cover, for as long as their proofs hold."""

from __future__ import annotations

import sqlite3
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts import facts_path
from gateway.facts.blocks import WIDEST
from gateway.facts.projection import FactChanges, Projection
from gateway.facts.reader import FactsReader
from gateway.facts.values import (
    Declaration,
    FactsState,
    FactsUnavailable,
    RegistrationFact,
    StandingRegistration,
)
from gateway.registry.registration import Brand

NOW = 1_795_000_000

LOGO = Brand(
    "Example",
    logo_url="https://example.org/logo.png",
    logo_digest="sha256-x",
    call_reason="your appointment",
)


def declaration(**changes):
    values = {
        "owner": "Example Bank",
        "never_calls_out": False,
        "trunks": frozenset({"access-1", "customer-1"}),
        "providers": frozenset({"1234"}),
        "brand": LOGO,
    }
    return Declaration(**(values | changes))


def registration(identity=1, start="442079460123", count=1, **changes):
    values = {
        "id": identity,
        "start": start,
        "count": count,
        "declared": declaration(),
        "expires_at": NOW + 10,
    }
    return RegistrationFact(**(values | changes))


@pytest.fixture
def projection(tmp_path):
    opened = Projection(facts_path(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path, projection):
    opened = FactsReader(facts_path(tmp_path))
    yield opened
    opened.close()


def put(projection, *facts, sequence=1):
    state = FactsState(sequence, "a mark")
    changes = FactChanges(registration_ids=[fact.id for fact in facts], registrations=facts)
    projection.apply(changes, state)


def found(reader, tn, now=NOW):
    return [fact.id for fact in reader.registrations(tn, now=now)]


def test_what_goes_in_comes_out(projection, reader):
    silent = declaration(never_calls_out=True, trunks=frozenset(), providers=frozenset(), brand=None)
    put(projection, registration(), registration(2, "999", declared=silent))
    for _ in range(2):  # read, then remembered
        assert reader.registrations("442079460123", now=NOW) == (StandingRegistration(1, declaration()),)
        assert reader.registrations("999", now=NOW) == (StandingRegistration(2, silent),)


def test_the_narrowest_range_comes_first(projection, reader):
    put(projection, registration(1, "442079460000", 1_000), registration(2))
    assert found(reader, "442079460123") == [2, 1]
    assert found(reader, "442079460999") == [1]
    assert found(reader, "442079461000") == found(reader, "44207946012") == []


def test_it_ends_with_its_proofs_though_nobody_has_looked_since(projection, reader):
    put(projection, registration(expires_at=NOW + 10))
    assert found(reader, "442079460123", now=NOW + 9) == [1]
    assert found(reader, "442079460123", now=NOW + 10) == []


def test_one_that_is_gone_is_forgotten(projection, reader):
    put(projection, registration(), registration(2, "442079460000", 1_000))
    projection.apply(FactChanges(registration_ids=[1]), FactsState(2, "a mark"))
    assert found(reader, "442079460123", now=NOW + 1) == [2]
    with projection.rebuilding(FactsState(3, "a mark")):
        pass
    assert found(reader, "442079460123", now=NOW + 2) == []


def test_a_width_that_was_not_there_before_is_asked_for_from_then_on(tmp_path, projection):
    seconds = count()
    reader = FactsReader(facts_path(tmp_path), monotonic=lambda: float(next(seconds)))
    put(projection, registration(1))
    assert found(reader, "442079460999") == []
    put(projection, registration(2, "442079460000", 10**WIDEST // 10), sequence=2)
    put(projection, registration(3, "442079460000", 2_000), sequence=3)
    assert found(reader, "442079460999") == [3, 2]
    assert found(reader, "442079460123") == [1, 3, 2]
    reader.close()


def test_a_width_that_nothing_has_any_more_takes_nothing_else_away(tmp_path, projection):
    seconds = count()
    reader = FactsReader(facts_path(tmp_path), monotonic=lambda: float(next(seconds)))
    put(projection, registration(1), registration(2, "442079460000", 1_000))
    projection.apply(FactChanges(registration_ids=[2]), FactsState(2, "a mark"))
    assert found(reader, "442079460123") == [1]
    projection.apply(FactChanges(registration_ids=[1]), FactsState(3, "a mark"))
    assert found(reader, "442079460123") == []
    put(projection, registration(1), sequence=4)
    assert found(reader, "442079460123") == [1]
    reader.close()


def test_a_reader_that_remembers_what_was_declared_sees_it_changed(projection, reader):
    put(projection, registration(1), registration(2, "999"))
    assert reader.registrations("999", now=NOW)[0].declared == declaration()
    changed = declaration(brand=Brand("Example Bank plc"))
    put(projection, registration(2, "999", declared=changed), sequence=2)
    assert reader.registrations("999", now=NOW)[0].declared == changed
    assert reader.registrations("442079460123", now=NOW)[0].declared == declaration()
    with projection.rebuilding(FactsState(3, "a mark")) as writer:
        writer.add_registrations([registration(2, "999"), registration(1, declared=changed)])
    assert reader.registrations("999", now=NOW)[0].declared == declaration()
    assert reader.registrations("442079460123", now=NOW)[0].declared == changed


def test_a_declaration_that_cannot_be_read_is_unavailable(tmp_path, projection, reader):
    put(projection, registration())
    with sqlite3.connect(facts_path(tmp_path)) as other:
        other.execute("UPDATE declarations SET content = '{}'")
    other.close()
    assert isinstance(reader.registrations("442079460123", now=NOW), FactsUnavailable)


declarations = st.builds(
    declaration,
    owner=st.sampled_from(["Example Bank", "Example Clinic"]),
    trunks=st.sampled_from([frozenset(), frozenset({"access-1", "customer-1"})]),
    brand=st.sampled_from([None, LOGO, Brand("Example")]),
)
# Of few numbers, so that they overlap, and of few ids, so that they are changed and taken away.
some_registrations = st.dictionaries(
    st.integers(1, 4),
    st.none() | st.tuples(st.integers(0, 30), st.integers(1, 30), declarations),
    min_size=1,
)


@given(changes=st.lists(some_registrations, min_size=1, max_size=6))
def test_whatever_changes_numbers_have_their_declarations_and_none_is_left_over(tmp_path_factory, changes):
    path = facts_path(tmp_path_factory.mktemp("facts"))
    seconds = count()
    projection, reader = Projection(path), FactsReader(path, monotonic=lambda: float(next(seconds)))
    standing: dict[int, tuple[int, int, Declaration]] = {}
    for sequence, change in enumerate(changes, start=1):
        standing = {key: value for key, value in {**standing, **change}.items() if value is not None}
        facts = [
            registration(key, f"9990{first:02d}", many, declared=declared)
            for key, (first, many, declared) in standing.items()
            if key in change
        ]
        projection.apply(
            FactChanges(registration_ids=list(change), registrations=facts),
            FactsState(sequence, "a mark"),
        )
        for number in range(0, 60, 3):
            covering = [key for key, (first, many, _) in standing.items() if first <= number < first + many]
            covering.sort(key=lambda key: (standing[key][1], key))
            answer = reader.registrations(f"9990{number:02d}", now=NOW)
            assert [(each.id, each.declared) for each in answer] == [
                (key, standing[key][2]) for key in covering
            ]
        with sqlite3.connect(path) as other:
            (kept,) = other.execute("SELECT count(*) FROM declarations").fetchone()
        other.close()
        assert kept == len({declared for *_, declared in standing.values()})
    reader.close()
    projection.close()
