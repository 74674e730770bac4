"""A list that lost more than a tenth of its entries is seen."""

from __future__ import annotations

import pytest

from gateway.generation.generation import PolicyPart, build_policy
from gateway.generation.shrinking import shrunk_lists
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
