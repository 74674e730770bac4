from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.generation.generation import Generation, build
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings, build_settings
from gateway.generation.texts import POLICY_FILES
from gateway.numbers.canonical import TelephoneNumber
from gateway.verdicts.policy import Effect
from tests.generation.conftest import COMMITTED, texts_of


def built(files: Mapping[str, bytes], **variables: str) -> Generation:
    generation = build(texts_of(files, **variables))
    assert isinstance(generation, Generation), generation
    return generation


def test_the_committed_policy_says_what_its_comments_say(committed: Mapping[str, bytes]) -> None:
    policy = built(committed).policy
    assert [trunk.kind for trunk in policy.trunks] == ["access", "customer", "domestic", "international"]
    assert policy.inventory.trunks(TelephoneNumber("442079460123")) == ("access-1",)
    assert policy.inventory.trunks(TelephoneNumber("447700900999")) == ("access-1",)
    assert policy.inventory.trunks(TelephoneNumber("442079461000")) == ()
    assert policy.verdict.dno_entries.find(TelephoneNumber("442079460999"))[0].label == "HMRC (example)"
    assert policy.verdict.brands.find(TelephoneNumber("442079460902"))[0].sector == "tax"
    assert policy.by_name["domestic-1"].dialling.portability_prefixes == ("600",)


def test_only_one_trunk_has_no_prefix_so_that_a_plain_request_speaks_for_the_access_trunk(
    committed: Mapping[str, bytes],
) -> None:
    assert [t.name for t in built(committed).policy.trunks if not t.url_prefix] == ["access-1"]


def test_the_same_texts_give_the_same_digests_and_a_comment_another_policy(
    committed: Mapping[str, bytes],
) -> None:
    first, again = built(committed), built(dict(reversed(committed.items())))
    changed = built({**committed, POLICY_FILE: committed[POLICY_FILE] + b"# note\n"})
    assert (first.digest, first.policy_digest) == (again.digest, again.policy_digest)
    assert first.policy_digest != changed.policy_digest
    assert first.digest != changed.digest
    assert first.trust_digest == changed.trust_digest


def test_a_variable_wins_over_the_file_and_changes_the_digest(committed: Mapping[str, bytes]) -> None:
    plain, changed = built(committed), built(committed, CALLMARK_VERDICT__DNO="label")
    assert changed.policy.verdict.dno is Effect.LABEL
    assert plain.policy_digest != changed.policy_digest


@pytest.mark.parametrize("name", POLICY_FILES)
def test_a_missing_file_is_named(name: str, committed: Mapping[str, bytes]) -> None:
    problems = build(texts_of({each: data for each, data in committed.items() if each != name}))
    assert problems[0] == Problem(name, None, "", "is missing")  # type: ignore[index]


def test_no_anchors_is_a_problem_and_not_a_permission(committed: Mapping[str, bytes]) -> None:
    problems = build(texts_of({name: data for name, data in committed.items() if name in POLICY_FILES}))
    assert [problem.file for problem in problems] == ["anchors/"]  # type: ignore[union-attr]


def test_a_private_key_among_the_texts_is_refused(committed: Mapping[str, bytes]) -> None:
    key = b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
    problems = build(texts_of({**committed, "anchors/key.pem": key}))
    assert isinstance(problems, list)
    assert all(problem.file == "anchors/key.pem" for problem in problems)


def test_lists_without_rows_are_allowed(committed: Mapping[str, bytes]) -> None:
    empty = {
        "dno.csv": b"number_or_range,label,source,note,expires\n",
        "inventory.csv": b"start,count,trunk\n",
        "brands.toml": b"",
    }
    assert len(built({**committed, **empty}).policy.inventory) == 0


def test_one_range_may_stand_on_two_trunks(committed: Mapping[str, bytes]) -> None:
    rows = b"start,count,trunk\n+442079460000,10,access-1\n+442079460000,10,customer-1\n"
    inventory = built({**committed, "inventory.csv": rows}).policy.inventory
    assert set(inventory.trunks(TelephoneNumber("442079460001"))) == {"access-1", "customer-1"}


def test_a_hundred_problems_of_a_list_are_listed_and_the_rest_counted(
    committed: Mapping[str, bytes],
) -> None:
    rows = b"start,count,trunk\n" + b"x,1,access-1\n" * 250
    problems = build(texts_of({**committed, "inventory.csv": rows}))
    assert isinstance(problems, list)
    assert len(problems) == 101
    assert problems[-1].message == "has 150 more problems, not listed"


WORDS = (
    "[verdict] [[trunk]] [trunk.numbers] dno name kind credentials = \" ''' { } [ ] , # . access-1 block 0x "
    "nan 1979-05-27 \\u start,count,trunk number_or_range,label,source,note,expires +442079460000 -0999 /"
)
FRAGMENTS = st.lists(st.sampled_from([*WORDS.split(" "), " ", "\n", "9" * 5000, "0x" + "f" * 9000])).map(
    lambda parts: "".join(parts).encode()
)
ANYTHING = st.binary() | FRAGMENTS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from([*POLICY_FILES, "anchors/a.pem", "crls/a.crl", "signing/certificate.pem"]),
    data=ANYTHING,
)
def test_any_bytes_give_a_generation_or_problems(
    name: str, data: bytes, committed: Mapping[str, bytes]
) -> None:
    result = build(texts_of({**committed, name: data}))
    assert isinstance(result, Generation) or (result and all(isinstance(each, Problem) for each in result))


@settings(deadline=None)
@given(ANYTHING)
def test_any_bytes_give_settings_or_problems(data: bytes) -> None:
    result = build_settings(data, {})
    assert isinstance(result, Settings) or (result and all(isinstance(each, Problem) for each in result))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(POLICY_FILES),
    cut=st.integers(min_value=0, max_value=6000),
    put=st.binary(max_size=3),
)
def test_a_damaged_file_never_raises(name: str, cut: int, put: bytes, committed: Mapping[str, bytes]) -> None:
    whole = committed[name]
    build(texts_of({**committed, name: whole[:cut] + put + whole[cut + len(put) :]}))
    build_settings(put + (COMMITTED / "gateway.toml").read_bytes()[:cut], {})
