"""Registrations as facts: found by every number they cover, for as long as their proofs hold."""

from __future__ import annotations

from itertools import count

import pytest

from gateway.facts import facts_path
from gateway.facts.blocks import WIDEST
from gateway.facts.projection import FactChanges, Projection
from gateway.facts.reader import FactsReader
from gateway.facts.values import FactsState, RegistrationFact

NOW = 1_795_000_000


def registration(identity=1, start="442079460123", count=1, **changes):
    values = {
        "id": identity,
        "start": start,
        "count": count,
        "owner": "Example Bank",
        "never_calls_out": False,
        "trunks": frozenset({"access-1", "customer-1"}),
        "providers": frozenset({"1234"}),
        "brand": "Example",
        "logo_url": "https://example.org/logo.png",
        "logo_digest": "sha256-x",
        "call_reason": "your appointment",
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
    state = FactsState(sequence=sequence, updated_at=NOW)
    changes = FactChanges(registration_ids=[fact.id for fact in facts], registrations=facts)
    projection.apply(changes, state)


def found(reader, tn, now=NOW):
    return [fact.id for fact in reader.registrations(tn, now=now)]


def test_what_goes_in_comes_out(projection, reader):
    put(projection, registration())
    assert reader.registrations("442079460123", now=NOW) == (registration(),)


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
    projection.apply(FactChanges(registration_ids=[1]), FactsState(sequence=2, updated_at=NOW + 1))
    assert found(reader, "442079460123", now=NOW + 1) == [2]
    with projection.rebuilding(FactsState(sequence=3, updated_at=NOW + 2)):
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
    projection.apply(FactChanges(registration_ids=[2]), FactsState(sequence=2, updated_at=NOW))
    assert found(reader, "442079460123") == [1]
    projection.apply(FactChanges(registration_ids=[1]), FactsState(sequence=3, updated_at=NOW))
    assert found(reader, "442079460123") == []
    put(projection, registration(1), sequence=4)
    assert found(reader, "442079460123") == [1]
    reader.close()
