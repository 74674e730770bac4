from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


class Node:
    """A node under test: its process, and every event it has told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            async with self._news:
                with suppress(json.JSONDecodeError):
                    self.events.append(json.loads(line))
                self._news.notify_all()

    async def event(self, name: str, count: int = 1, **fields: object) -> dict[str, Any]:
        """The `count`-th event of that name with those fields, waited for."""

        def found() -> list[dict[str, Any]]:
            return [e for e in self.events if {"event": name, **fields}.items() <= e.items()]

        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    def pids(self) -> dict[str, int]:
        """The processes of the children, the newest of each."""
        return {e["child"]: e["pid"] for e in self.events if e["event"] == "child.started"}

    async def port(self, key: str) -> int:
        return int((await self.event("listener.open", key=key))["address"].rpartition(":")[2])

    async def ask_control(self, command: str) -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", await self.port("control"))
        writer.write(command.encode() + b"\n")
        answer = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        return json.loads(answer)

    async def ends(self, seconds: float = 60) -> int:
        code = await asyncio.wait_for(self.process.wait(), seconds)
        await asyncio.wait_for(self._reading, 60)
        return code

    async def clean_up(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._reading.cancel()
        for pid in self.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
async def start_node(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Node]]]:
    nodes: list[Node] = []

    async def start(**asked: object) -> Node:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(HERE / "toy_node.py"),
            json.dumps({"directory": str(tmp_path / "data"), **asked}),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )
        nodes.append(Node(process))
        return nodes[-1]

    yield start
    for node in nodes:
        await node.clean_up()
