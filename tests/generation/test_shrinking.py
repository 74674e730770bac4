"""A list that lost half of its entries is seen."""

from __future__ import annotations

import pytest

from gateway.generation.generation import PolicyPart, build_policy
from gateway.generation.shrinking import FEWEST, shrunk_lists
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
def test_less_than_half_is_a_problem_and_half_is_none(committed, name):
    before = policy_with(committed, **{name: 100})
    assert shrunk_lists(before, policy_with(committed, **{name: 50})) == []
    (problem,) = shrunk_lists(before, policy_with(committed, **{name: 49}))
    assert (problem.file, problem.message) == (
        f"{name}.csv",
        "has 49 entries where the list in force has 100: less than half",
    )


def test_a_short_list_may_change_as_it_likes(committed):
    before = policy_with(committed, dno=FEWEST - 1)
    assert shrunk_lists(before, policy_with(committed, dno=0)) == []
