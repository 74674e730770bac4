from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from gateway.node.child import ChildSpec, spawn
from gateway.node.keeper import LONGEST_PAUSE_SECONDS, Backoff, Keeper, Watch


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


def test_the_first_restart_is_immediate_and_the_next_ones_slower_up_to_a_limit():
    backoff = Backoff()
    pauses = [backoff.next_pause_seconds(0.1) for _ in range(8)]
    assert pauses == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
    assert backoff.next_pause_seconds(60) == 0.0


class Diary:
    """What a keeper told."""

    def __init__(self):
        self.pids, self.statuses, self.heard, self.events = [], [], [], []
        self.watch = Watch(started=self.started, received=self.received, ended=self.ended)

    def started(self, child):
        self.pids.append(child.pid)

    def received(self, _, received):
        self.heard.append(received.kind)

    def ended(self, _, status):
        self.statuses.append(status)

    def report(self, event, **_):
        self.events.append(event)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.01)


@pytest.fixture
async def keep():
    keepers = []

    def start(code: str, *, has_channel: bool = False):
        diary = Diary()
        keeper = Keeper(
            ChildSpec(name="toy", argv=program(code), has_channel=has_channel), diary.watch, diary.report
        )
        keeper.start()
        keepers.append(keeper)
        return keeper, diary

    yield start
    for keeper in keepers:
        keeper.kill()
        await keeper.stop(drain_seconds=0, terminate_seconds=0.1)


async def test_a_killed_child_is_started_again(keep):
    keeper, diary = keep("import time; time.sleep(60)")
    await until(lambda: diary.pids)
    os.kill(diary.pids[0], signal.SIGKILL)
    await until(lambda: len(diary.pids) == 2)
    assert diary.statuses == [-signal.SIGKILL]
    await keeper.stop(drain_seconds=0, terminate_seconds=1)
    assert diary.statuses == [-signal.SIGKILL, -signal.SIGTERM]
    assert keeper.child is None


async def test_a_child_that_dies_young_is_paused(keep):
    _, diary = keep("raise SystemExit(3)")
    await until(lambda: "child.paused" in diary.events)
    assert diary.statuses == [3, 3]


async def test_a_child_that_ignores_sigterm_is_killed(keep, tmp_path):
    deaf = tmp_path / "deaf"
    code = f"import signal,time; signal.signal(15, signal.SIG_IGN); open({str(deaf)!r}, 'w'); time.sleep(60)"
    keeper, diary = keep(code)
    await until(deaf.exists)
    await keeper.stop(drain_seconds=0, terminate_seconds=0.1)
    assert diary.statuses == [-signal.SIGKILL]


async def test_last_words_are_heard_and_nonsense_ends_a_child(keep):
    say = "import os,socket; s=socket.socket(fileno=int(os.environ['CALLMARK_CHANNEL_FD'])); s.send({!r})"
    _, speaking = keep(say.format(b'{"type":"bye"}'), has_channel=True)
    _, babbling = keep(say.format(b"[]") + "; import time; time.sleep(60)", has_channel=True)
    await until(lambda: speaking.statuses and babbling.statuses)
    assert speaking.heard[0] == "bye"
    assert babbling.statuses[0] == -signal.SIGKILL
    assert "child.talks_nonsense" in babbling.events


async def test_a_child_inherits_its_descriptors_only_and_leads_a_session():
    reader, writer = os.pipe()
    stranger, other = os.pipe()
    os.set_inheritable(stranger, True)
    code = (
        "import os; n=os.listdir('/proc/self/fd');"
        f"os.write({writer}, repr([str({stranger}) in n, os.getsid(0)==os.getpid()]).encode())"
    )
    child = await spawn(ChildSpec(name="toy", argv=program(code), fds=(writer,), has_channel=False))
    assert await child.process.wait() == 0
    assert os.read(reader, 100) == b"[False, True]"
    for number in (reader, writer, stranger, other):
        os.close(number)


async def test_a_program_that_is_not_there_is_a_status_not_an_exception(capfd):
    child = await spawn(ChildSpec(name="toy", argv=("/nonexistent/program",), has_channel=False))
    assert await child.process.wait() == 127
    assert "/nonexistent/program cannot be started: No such file" in capfd.readouterr().err
