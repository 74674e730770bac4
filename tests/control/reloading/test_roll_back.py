"""Going back to an earlier policy with the trust part of now, and what the files on the disk mean then."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.cli.development_pki import make_development_pki
from gateway.control.reloading.policy_parts import POLICIES_KEPT, PolicyParts
from tests.control.reloading.test_reload import COMMITTED, Node, anchor_pem, node

__all__ = ["anchor_pem", "node"]


def policy_of(node: Node) -> str:
    return node.reloader.generation.policy_digest


def trust_another(tmp_path: Path) -> None:
    other = make_development_pki(tmp_path / "other", now=int(time.time()))
    (tmp_path / "trust" / "another.pem").write_bytes(other.root.read_bytes())


def earlier(node: Node, digest: str):
    policy = node.reloader.policies.read(digest)
    assert policy is not None
    return policy


async def changed(node: Node, text: str) -> str:
    node.change(text)
    assert (await node.reloader.reload()).taken
    return policy_of(node)


async def test_the_policy_goes_back_and_the_trust_part_stays(node, tmp_path):
    node.reloader.begin()
    first = policy_of(node)
    second = await changed(node, "# second\n")
    trust_another(tmp_path)
    assert (await node.reloader.reload()).taken
    trust = node.reloader.generation.trust_digest
    result = await node.reloader.roll_back(earlier(node, first))
    assert (result.taken, result.number, node.supervisor.announced) == (True, 4, [2, 3, 4])
    assert (policy_of(node), node.reloader.generation.trust_digest) == (first, trust)
    assert [str(each) for each in result.differences] == [
        "policy.toml: was changed in comments or spacing alone"
    ]
    assert (node.reloader.is_rolled_back, node.reloader.current.set_aside) == (True, (second,))


async def test_files_that_were_rolled_back_from_are_not_taken_but_trust_is(node, tmp_path):
    node.reloader.begin()
    first = policy_of(node)
    await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    again = await node.reloader.reload()
    assert (again.taken, again.unchanged, again.held_back) == (True, True, True)
    before = node.reloader.generation.trust_digest
    trust_another(tmp_path)
    taken = await node.reloader.reload()
    assert (taken.taken, taken.unchanged, taken.held_back) == (True, False, True)
    assert policy_of(node) == first
    assert node.reloader.generation.trust_digest != before


async def test_files_that_change_are_taken_and_end_it(node):
    node.reloader.begin()
    first = policy_of(node)
    await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    third = await changed(node, "# third\n")
    assert not node.reloader.is_rolled_back
    assert policy_of(node) == third


async def test_an_explicit_word_takes_the_files_that_were_rolled_back_from(node):
    node.reloader.begin()
    first = policy_of(node)
    second = await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    assert (await node.reloader.reload(override=True)).taken
    assert (policy_of(node), node.reloader.is_rolled_back) == (second, False)


async def test_putting_the_old_files_back_ends_it_without_another_generation(node):
    node.reloader.begin()
    first = policy_of(node)
    await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    (node.directory / "policy.toml").write_bytes((COMMITTED / "policy.toml").read_bytes())
    result = await node.reloader.reload()
    assert (result.unchanged, result.number) == (True, 3)
    assert not node.reloader.is_rolled_back


async def test_a_restart_stays_on_the_policy_that_was_rolled_back_to(node):
    node.reloader.begin()
    first = policy_of(node)
    await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    node.reloader.generation = None
    node.reloader.begin()
    assert (policy_of(node), node.reloader.is_rolled_back) == (first, True)
    assert node.reloader.last.held_back
    node.change("# third\n")
    node.reloader.begin()
    assert not node.reloader.is_rolled_back
    assert policy_of(node) != first


async def test_rolling_back_twice_sets_both_aside(node):
    node.reloader.begin()
    first = policy_of(node)
    second = await changed(node, "# second\n")
    third = await changed(node, "# third\n")
    await node.reloader.roll_back(earlier(node, second))
    await node.reloader.roll_back(earlier(node, first))
    assert set(node.reloader.current.set_aside) == {second, third}
    await node.reloader.roll_back(earlier(node, third))
    assert third not in node.reloader.current.set_aside


async def test_a_roll_back_that_a_worker_refuses_changes_nothing(node):
    node.reloader.begin()
    first = policy_of(node)
    second = await changed(node, "# second\n")
    node.supervisor.states = ["confirmed", "refused"]
    result = await node.reloader.roll_back(earlier(node, first))
    assert (result.taken, result.number) == (False, 2)
    assert (policy_of(node), node.reloader.is_rolled_back) == (second, False)


async def test_the_last_twenty_policies_are_kept_for_their_owner_only(node, tmp_path):
    node.reloader.begin()
    first = policy_of(node)
    for turn in range(POLICIES_KEPT):
        await changed(node, f"# {turn}\n")
    kept = PolicyParts(tmp_path / "data")
    assert len(kept.digests()) == POLICIES_KEPT
    assert policy_of(node) in kept.digests()
    assert kept.read(first) is None
    folder = tmp_path / "data" / "generations" / "policies"
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


async def test_a_policy_that_was_refused_is_not_among_them(node):
    node.reloader.begin()
    before = node.reloader.policies.digests()
    node.change()
    node.supervisor.states = ["refused"]
    assert not (await node.reloader.reload()).taken
    assert node.reloader.policies.digests() == before


async def test_a_damaged_policy_is_none(node, tmp_path):
    node.reloader.begin()
    path = tmp_path / "data" / "generations" / "policies" / f"{policy_of(node)}.bundle"
    path.write_bytes(path.read_bytes()[:-5])
    assert node.reloader.policies.read(policy_of(node)) is None


async def test_rolling_forward_to_what_the_files_hold_ends_it(node):
    node.reloader.begin()
    first = policy_of(node)
    second = await changed(node, "# second\n")
    await node.reloader.roll_back(earlier(node, first))
    assert node.reloader.is_rolled_back
    result = await node.reloader.roll_back(earlier(node, second))
    assert (result.taken, result.held_back, policy_of(node)) == (True, False, second)
    assert (node.reloader.is_rolled_back, node.reloader.current.set_aside) == (False, ())
