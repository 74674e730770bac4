from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.bundle import BundleError, bundle_digest, parse_bundle, render_bundle
from gateway.generation.texts import DomainRules, Texts

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
RULES = st.builds(
    DomainRules,
    name=TEXT,
    policy_oids=st.lists(TEXT, max_size=2).map(tuple),
    x5u_prefixes=st.lists(TEXT, max_size=2).map(tuple),
    allow_delegate_shaken=st.booleans(),
    overdue_grace_seconds=st.integers(0, 10**9),
    wait_for_missing=st.booleans(),
    refuse_unobtainable=st.booleans(),
    has_trust_list=st.booleans(),
)
TEXTS = st.builds(
    Texts,
    files=st.dictionaries(TEXT, st.binary(max_size=50), max_size=4),
    domains=st.lists(RULES, max_size=2).map(tuple),
    x5u=st.none() | TEXT,
    variables=st.dictionaries(TEXT, TEXT, max_size=2),
)


@given(TEXTS)
def test_a_bundle_reads_back_as_it_was(texts: Texts) -> None:
    assert parse_bundle(render_bundle(texts)) == texts


def test_order_of_the_files_does_not_change_the_name() -> None:
    one = Texts(files={"a": b"1", "b": b"2"}, domains=())
    other = Texts(files={"b": b"2", "a": b"1"}, domains=())
    assert bundle_digest(render_bundle(one)) == bundle_digest(render_bundle(other))


@given(TEXTS, st.data())
def test_a_bundle_cut_off_or_altered_is_refused(texts: Texts, data: st.DataObject) -> None:
    whole = render_bundle(texts)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    with pytest.raises(BundleError):
        parse_bundle(whole[:cut])
    with pytest.raises(BundleError):
        parse_bundle(whole + b"x")


@given(st.binary() | st.binary().map(lambda rest: b"callmark bundle 1\n" + rest))
def test_any_bytes_are_a_bundle_or_that_error(bundle: bytes) -> None:
    with suppress(BundleError):
        parse_bundle(bundle)
