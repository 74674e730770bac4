"""The reloader with the supervisor's end of its channel in the test's hand."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.channel import Channel
from gateway.control.reloading.files import read_settings
from gateway.control.reloading.reload import Reloader
from gateway.generations import BUNDLES_KEPT, BundleStore, GenerationLoadError
from tests.generation.conftest import COMMITTED, anchor_pem

__all__ = ["anchor_pem"]

READY = {"state": "ready", "pid": 4711}


class Supervisor:
    """Answers each announcement as its workers are told to, and keeps what was announced."""

    def __init__(self, channel: Channel, reloader: Reloader) -> None:
        self.announced: list[int] = []
        self.states = ["confirmed", "confirmed"]
        self._channel = channel
        self._reloader = reloader

    async def run(self) -> None:
        while received := await self._channel.receive():
            number, digest = received.message["number"], received.message["hash"]
            self.announced.append(number)
            states, self.states = self.states, ["confirmed", "confirmed"]
            if states == ["deaf"]:
                continue
            workers = [
                {"slot": slot, "pid": 4711 + slot, "state": state, "ms": 1.0, "why": "it said why"}
                for slot, state in enumerate(states)
            ]
            message = {"type": "confirmations", "number": number, "hash": digest, "workers": workers}
            self._reloader.announcer.confirmed({**message, "number": number + 100})  # a late word on another
            self._reloader.announcer.confirmed(message)


class Node:
    def __init__(self, directory: Path, supervisor: Supervisor, reloader: Reloader, published: list) -> None:
        self.directory, self.supervisor, self.reloader = directory, supervisor, reloader
        self.published = published

    def change(self, text: str = "# another\n") -> None:
        with (self.directory / "policy.toml").open("a") as file:
            file.write(text)


async def allowing(_old, _new):
    """No recent calls, no objection."""


@pytest.fixture
async def node(tmp_path, anchor_pem):
    directory = tmp_path / "config"
    shutil.copytree(COMMITTED, directory)
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "root.pem").write_bytes(anchor_pem)
    environment = {
        "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(tmp_path / "trust"),
        "CALLMARK_SIGNING__KEY_FILE": "",
        "CALLMARK_SIGNING__CERTIFICATE_FILE": "",
        "CALLMARK_SIGNING__X5U": "",
        "CALLMARK_DATA__DIRECTORY": str(tmp_path / "data"),
    }
    ours, theirs = Channel.pair()
    published = []
    reloader = Reloader(
        directory=directory,
        environment=environment,
        settings=read_settings(directory, environment),
        channel=ours,
        publish=published.append,
        weigh=allowing,
    )
    other = Channel(theirs)
    supervisor = Supervisor(other, reloader)
    running = asyncio.create_task(supervisor.run())
    yield Node(directory, supervisor, reloader, published)
    ours.close()
    await running
    other.close()


async def test_a_change_is_announced_and_in_force_when_all_have_confirmed(node):
    node.reloader.begin()
    assert node.reloader.current.number == 1
    node.change()
    result = await node.reloader.reload()
    assert (result.taken, result.number, node.supervisor.announced) == (True, 2, [2])
    assert node.reloader.current.digest == result.digest == node.reloader.generation.digest
    assert set(result.milliseconds) == {"read", "preview", "write", "workers"}
    assert [worker["state"] for worker in result.workers] == ["confirmed", "confirmed"]
    assert node.published[-1] is node.reloader.generation


@pytest.mark.parametrize("states", [["confirmed", "refused"], ["silent", "confirmed"]])
async def test_where_one_worker_does_not_take_it_all_go_back(node, states):
    node.reloader.begin()
    before, generation = node.reloader.current, node.reloader.generation
    node.change()
    node.supervisor.states = states
    result = await node.reloader.reload()
    assert (result.taken, result.number, result.digest) == (False, 1, before.digest)
    assert node.supervisor.announced == [2, 1]
    assert (node.reloader.current, node.reloader.generation) == (before, generation)
    [problem] = result.problems
    assert "it said why" in problem.message
    assert ("kill 4711" in problem.hint) == ("silent" in states)
    assert (await node.reloader.reload()).taken


async def test_workers_that_are_starting_or_being_replaced_read_it_by_themselves(node):
    node.reloader.begin()
    node.change()
    node.supervisor.states = ["starting", "gone"]
    assert (await node.reloader.reload()).taken
    assert node.supervisor.announced == [2]


async def test_a_supervisor_that_says_nothing_is_no_consent(node, monkeypatch):
    monkeypatch.setattr("gateway.control.reloading.announcing.CONFIRM_SECONDS", 0.05)
    node.reloader.begin()
    node.change()
    node.supervisor.states = ["deaf"]
    result = await node.reloader.reload()
    assert (result.taken, node.reloader.current.number) == (False, 1)
    assert "the node did not take it: the supervisor did not answer" in str(result.problems[0])


async def test_problems_change_nothing_and_the_same_files_again_set_success(node):
    node.reloader.begin()
    committed = (node.directory / "policy.toml").read_bytes()
    node.change("x = \n")
    (node.directory / "inventory.csv").write_text("start,count,trunk\nx,1,y\n")
    refused = await node.reloader.reload()
    assert not refused.taken
    assert {Path(problem.file).name for problem in refused.problems} == {"policy.toml", "inventory.csv"}
    assert node.reloader.last is refused
    (node.directory / "policy.toml").write_bytes(committed)
    shutil.copy(COMMITTED / "inventory.csv", node.directory)
    again = await node.reloader.reload()
    assert (again.taken, again.unchanged, node.supervisor.announced) == (True, True, [])
    assert node.reloader.last.taken


async def test_reloads_asked_for_together_take_turns(node):
    node.reloader.begin()
    node.change()
    results = await asyncio.gather(*(node.reloader.reload() for _ in range(5)))
    assert [result.unchanged for result in results] == [False, True, True, True, True]
    assert node.supervisor.announced == [2]


async def test_workers_that_missed_an_announcement_hear_it_again(node):
    node.reloader.begin()
    digest = node.reloader.current.digest
    announcer = node.reloader.announcer
    announcer.workers = [{**READY, "slot": 0, "hash": digest}, {**READY, "slot": 1, "hash": "old"}]
    await node.reloader.gather_strays()
    assert node.supervisor.announced == [1]
    announcer.workers = [{**READY, "slot": 0, "hash": digest}, {"state": "starting", "hash": None}]
    await node.reloader.gather_strays()
    assert node.supervisor.announced == [1]


async def test_a_reload_without_a_change_gathers_strays_too(node):
    node.reloader.begin()
    node.reloader.announcer.workers = [{**READY, "slot": 0, "hash": "old"}]
    result = await node.reloader.reload()
    assert (result.taken, result.unchanged, node.supervisor.announced) == (True, False, [1])


async def test_a_start_with_broken_files_goes_by_the_last_good_ones(node):
    node.reloader.begin()
    good = node.reloader.current
    node.change("x = \n")
    node.reloader.generation = None
    node.reloader.begin()
    assert node.reloader.current == good
    assert node.reloader.generation.digest == good.digest
    assert not node.reloader.last.taken


async def test_a_first_start_with_broken_files_is_none(node):
    node.change("x = \n")
    with pytest.raises(GenerationLoadError, match=r"policy\.toml"):
        node.reloader.begin()


async def test_a_data_directory_that_cannot_be_written_is_a_problem_and_no_failure(node, tmp_path):
    node.reloader.begin()
    current = tmp_path / "data" / "generations" / "current"
    current.write_text("{")
    result = await node.reloader.reload()
    assert not result.taken
    assert "generations: cannot be used" in str(result.problems[0])


async def test_the_bundle_in_force_outlives_any_number_that_were_refused(node, tmp_path):
    node.reloader.begin()
    for _ in range(BUNDLES_KEPT + 2):
        node.change()
        node.supervisor.states = ["refused"]
        assert not (await node.reloader.reload()).taken
    store = BundleStore(tmp_path / "data")
    assert store.load(store.read_current().digest).digest == node.reloader.generation.digest


async def test_a_damaged_bundle_is_written_again(node, tmp_path):
    node.reloader.begin()
    digest = node.reloader.current.digest
    (tmp_path / "data" / "generations" / f"{digest}.bundle").write_bytes(b"torn")
    await node.reloader.reload()
    assert BundleStore(tmp_path / "data").load(digest).digest == digest


async def test_sections_that_wait_for_a_restart_are_named(node):
    node.reloader.begin()
    settings = node.directory / "gateway.toml"
    settings.write_text(settings.read_text().replace("deadline_ms = 400", "deadline_ms = 300"))
    assert (await node.reloader.reload()).needs_restart == ["[verification]"]


def _list_numbers(node: Node, count: int) -> None:
    rows = [f"+44207946{row:04},X,feed,," for row in range(count)]
    text = "\n".join(["number_or_range,label,source,note,expires", *rows, ""])
    (node.directory / "dno.csv").write_text(text)


async def test_a_list_that_lost_a_part_of_its_entries_is_refused_unless_it_is_meant(node):
    _list_numbers(node, 100)
    assert (await node.reloader.reload()).taken
    _list_numbers(node, 80)
    refused = await node.reloader.reload()
    assert not refused.taken
    (problem,) = refused.problems
    assert problem.file == str(node.directory / "dno.csv")
    assert "has 80 entries where the list in force has 100" in problem.message
    assert len(node.reloader.generation.policy.verdict.dno_entries) == 100
    assert (await node.reloader.reload(accept_shrink=True)).taken
    assert len(node.reloader.generation.policy.verdict.dno_entries) == 80


async def test_an_emptied_policy_is_refused_by_a_reload_and_a_start_unless_it_is_meant(node):
    node.reloader.begin()
    (node.directory / "policy.toml").write_text("")
    (problem,) = (await node.reloader.reload()).problems
    assert problem.file == str(node.directory / "policy.toml")
    assert "sets 0 keys where the one in force sets" in problem.message
    node.reloader.begin()
    assert node.reloader.last.problems == [problem]
    assert (await node.reloader.reload(accept_shrink=True)).taken


async def test_a_start_goes_on_with_the_list_that_was_whole(node):
    _list_numbers(node, 100)
    await node.reloader.reload()
    _list_numbers(node, 80)
    node.reloader.begin()
    assert not node.reloader.last.taken
    assert len(node.reloader.generation.policy.verdict.dno_entries) == 100


async def test_a_refused_reload_leaves_published_what_is_in_force(node):
    node.reloader.begin()
    node.change()
    node.supervisor.states = ["confirmed", "refused"]
    assert not (await node.reloader.reload()).taken
    assert node.published[-1] is node.reloader.generation
    assert node.published[-2] is not node.reloader.generation


async def test_what_is_in_force_is_known_without_the_disk(node, tmp_path):
    node.reloader.begin()
    node.change()
    assert (await node.reloader.reload()).taken
    (tmp_path / "data" / "generations" / "current").write_bytes(b"damaged")
    assert node.reloader.current.number == 2
    assert not node.reloader.is_rolled_back
