from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from gateway.node.keeper import Keeper, Watch
from gateway.node.valkey import ValkeyError, ValkeyPlan, answers, prepare, socket_path, wait_until_answering


async def say(path: Path, command: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(command.encode() + b"\r\n")
    answer = await reader.readline()
    if answer.startswith(b"$") and answer != b"$-1\r\n":
        answer = await reader.readline()
    writer.close()
    return answer.strip()


@pytest.fixture
async def run():
    keepers = []

    async def start(plan: ValkeyPlan) -> Keeper:
        watch = Watch(started=lambda _: None, received=lambda *_: None, ended=lambda *_: None)
        keeper = Keeper(prepare(plan), watch, lambda *_, **__: None)
        keepers.append(keeper)
        keeper.start()
        await asyncio.wait_for(wait_until_answering(socket_path(plan.directory)), 60)
        return keeper

    yield start
    for keeper in keepers:
        await keeper.stop(drain_seconds=0, terminate_seconds=2)


async def test_data_survives_a_stop_and_a_kill(run, tmp_path):
    plan = ValkeyPlan(tmp_path / "valkey", maxmemory_mb=32)
    path = socket_path(plan.directory)
    first = await run(plan)
    assert await say(path, "SET kept stop") == b"+OK"
    await first.stop(drain_seconds=0, terminate_seconds=3)
    assert not await answers(path)
    second = await run(plan)
    assert await say(path, "GET kept") == b"stop"
    await say(path, "SET kept kill")
    assert await say(path, "WAITAOF 1 0 2000") == b"*2"  # on disk, as after one second at most
    os.kill(second.child.pid, signal.SIGKILL)
    await asyncio.wait_for(second.child.process.wait(), 60)
    await asyncio.wait_for(wait_until_answering(path), 60)
    assert await say(path, "GET kept") == b"kill"
    assert second.starts == 2


async def test_it_refuses_to_forget_and_listens_for_its_owner_only(run, tmp_path):
    plan = ValkeyPlan(tmp_path / "valkey", maxmemory_mb=32)
    await run(plan)
    path = socket_path(plan.directory)
    info = {}
    for name in ("maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "save", "port"):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(f"CONFIG GET {name}\r\n".encode())
        info[name] = [await reader.readline() for _ in range(5)][4].decode().strip()
        writer.close()
    assert info == {
        "maxmemory": str(32 * 1024 * 1024),
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "port": "0",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(plan.directory.stat().st_mode) == 0o700


async def test_a_path_too_long_for_a_socket_goes_to_a_private_directory(run, tmp_path):
    plan = ValkeyPlan(tmp_path / ("d" * 120) / "valkey", maxmemory_mb=32)
    path = socket_path(plan.directory)
    assert path.parent != plan.directory
    await run(plan)
    assert await answers(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.joinpath("valkey.sock").unlink()
    path.parent.rmdir()


def test_a_directory_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "valkey").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValkeyError, match="is not a directory of this user's"):
        prepare(ValkeyPlan(tmp_path / "valkey", maxmemory_mb=32))


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValkeyError, match="Not a directory"):
        prepare(ValkeyPlan(tmp_path / "file" / "valkey", maxmemory_mb=32))


async def test_nobody_there_is_no_answer(tmp_path):
    assert not await answers(tmp_path / "nothing.sock")
