"""A file that lost more than a tenth of its entries is seen."""

from __future__ import annotations

import pytest

from gateway.generation.generation import PolicyPart, build_policy
from gateway.generation.shrinking import shrunk_lists, shrunk_policy
from tests.generation.conftest import texts_of


def policy_with(committed, **lists: int) -> PolicyPart:
    files = dict(committed)
    for name, count in lists.items():
        match name:
            case "dno":
                rows = [f"+44207946{row:04},X,feed,," for row in range(count)]
                header = "number_or_range,label,source,note,expires"
            case "inventory":
                rows = [f"+44207946{row:04},1,access-1" for row in range(count)]
                header = "start,count,trunk"
            case _:
                rows = [f"+44207946{row:04},1,allocated,X,ofcom" for row in range(count)]
                header = "start,count,status,holder,source"
        files[f"{name}.csv"] = "\n".join([header, *rows, ""]).encode()
    policy = build_policy(texts_of(files))
    assert isinstance(policy, PolicyPart), policy
    return policy


@pytest.mark.parametrize("name", ["dno", "inventory", "allocations"])
def test_more_than_a_tenth_is_a_problem_and_a_tenth_is_none(committed, name):
    before = policy_with(committed, **{name: 100})
    assert shrunk_lists(before, policy_with(committed, **{name: 90})) == []
    (problem,) = shrunk_lists(before, policy_with(committed, **{name: 89}))
    assert (problem.file, problem.message) == (
        f"{name}.csv",
        "has 89 entries where the list in force has 100: more than a tenth of them are gone",
    )


@pytest.mark.parametrize(
    ("there", "found", "is_seen"), [(3, 2, False), (3, 1, False), (3, 0, True), (25, 22, True)]
)
def test_a_short_list_may_lose_two(committed, there, found, is_seen):
    before = policy_with(committed, dno=there)
    assert bool(shrunk_lists(before, policy_with(committed, dno=found))) is is_seen


def test_a_policy_that_was_cut_off_is_a_problem_and_one_with_a_few_keys_less_is_none(committed):
    whole = committed["policy.toml"]
    (problem,) = shrunk_policy(whole, b"")
    assert problem.file == "policy.toml"
    assert problem.message.startswith("sets 0 keys where the one in force sets ")
    assert shrunk_policy(whole, whole[: whole.index(b"[registry]")]) != []
    assert shrunk_policy(whole, whole.replace(b'\nscreening_uri = ""', b"")) == []
    assert shrunk_policy(b"", whole) == []


def test_trunks_that_were_cut_off_are_a_problem(committed):
    more = "".join(
        f'\n[[trunk]]\nname = "more-{place}"\nkind = "domestic"\ncountry = "GB"\n'
        'credentials = [{ token_name = "more" }]\n'
        f'url_prefix = "/more-{place}"\n'
        for place in range(3)
    )
    longer = dict(committed) | {"trunks.toml": committed["trunks.toml"] + more.encode()}
    before, after = build_policy(texts_of(longer)), build_policy(texts_of(dict(committed)))
    (problem,) = shrunk_lists(before, after)
    assert (problem.file, problem.message.split(":")[0]) == (
        "trunks.toml",
        "has 4 entries where the list in force has 7",
    )
