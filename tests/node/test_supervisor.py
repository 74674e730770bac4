"""The node as a whole, with real processes: what is lost when a part dies, and how all of it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.node.caller import Connection, Tally, call_on


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.02)


async def test_eight_connections_are_shared_four_and_four(start_node):
    node = await start_node()
    await node.event("node.ready")
    port = await node.port("calls")
    connections, shares = [], Counter()
    for _ in range(8):
        # One that was not taken in time makes its worker one that is slow.
        connections.append(await Connection.open(port))
        shares[(await connections[-1].get())[1]] += 1
    again = Counter([(await connection.get())[1] for connection in connections])
    assert sorted(shares.values()) == [4, 4]
    assert again == shares
    for connection in connections:
        connection.close()


async def test_a_killed_worker_is_replaced_and_costs_only_its_calls_in_flight(start_node):
    node = await start_node()
    await node.event("node.ready")
    before, port = node.pids(), await node.port("calls")
    tally, over = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as callers:
        for _ in range(8):
            callers.create_task(call_on(port, tally, over))
        await until(lambda: tally.answered > 200)
        os.kill(before["worker-0"], signal.SIGKILL)
        await node.event("worker.ready", count=2, slot=0)
        replaced = str(node.pids()["worker-0"])
        await until(lambda: replaced in tally.pids)
        over.set()
    after = node.pids()
    assert tally.lost <= 8  # one of each caller
    assert after["worker-0"] != before["worker-0"]
    assert (after["worker-1"], after["control"]) == (before["worker-1"], before["control"])


async def test_after_a_replacement_the_connections_are_shared_again(start_node):
    node = await start_node()
    await node.event("node.ready")
    port = await node.port("calls")
    os.kill(node.pids()["worker-1"], signal.SIGKILL)
    connections = [await Connection.open(port) for _ in range(8)]
    for connection in connections:
        await connection.get()
    await node.event("worker.ready", count=2, slot=1)
    shares: Counter[str] = Counter()
    for connection in connections:
        _, pid, goes_on = await connection.get()
        if not goes_on:
            another = await Connection.open(port)
            _, pid, _ = await another.get()
            another.close()
        shares[pid] += 1
        connection.close()
    assert set(shares) == {str(node.pids()[name]) for name in ("worker-0", "worker-1")}


async def test_a_stopped_worker_gets_no_further_connections(start_node):
    node = await start_node()
    await node.event("node.ready")
    port, stopped = await node.port("calls"), node.pids()["worker-0"]
    os.kill(stopped, signal.SIGSTOP)
    calls, connections = [], []
    for _ in range(40):
        connections.append(await Connection.open(port))
        calls.append(asyncio.create_task(connections[-1].get()))
        await asyncio.wait(calls[-1:], timeout=0.3)
    # One that was only slow comes yet; what the stopped one was given before it was noticed does not.
    await until(lambda: sum(call.done() for call in calls) >= 38)
    os.kill(stopped, signal.SIGCONT)
    assert {(await call)[0] for call in calls} == {200}
    for connection in connections:
        connection.close()


async def test_sigterm_drains_without_loss_and_ends_all(start_node):
    node = await start_node(valkey=True)
    await node.event("node.ready")
    port, pids = await node.port("calls"), node.pids()
    tally, over = Tally(), asyncio.Event()
    slow = await Connection.open(port)
    watcher = await Connection.open(port)
    async with asyncio.TaskGroup() as callers:
        for _ in range(8):
            callers.create_task(call_on(port, tally, over))
        last = callers.create_task(slow.get("/?seconds=1.2"))
        await until(lambda: tally.answered > 300)
        assert (await watcher.get("/readyz"))[0] == 200
        node.process.send_signal(signal.SIGTERM)
        await node.event("node.stopping")
        while (await watcher.get("/readyz"))[0] != 503:
            pass  # told on another channel than the event
    assert last.result()[0] == 200
    assert await node.ends() == 0
    assert tally.lost == 0
    assert set(pids) == {"valkey", "control", "worker-0", "worker-1"}
    assert not any(is_running(pid) for pid in pids.values())
    ended = [e["child"] for e in node.events if e["event"] == "child.ended"]
    assert (set(ended[:2]), ended[2:]) == ({"worker-0", "worker-1"}, ["control", "valkey"])
    assert {e["status"] for e in node.events if e["event"] == "child.ended"} == {0}
    slow.close()
    watcher.close()


async def test_a_call_that_hangs_is_cut_at_the_drain_limit(start_node):
    node = await start_node(drain_seconds=1.0)
    await node.event("node.ready")
    hung = await Connection.open(await node.port("calls"))
    assert (await hung.get())[0] == 200
    call = asyncio.create_task(hung.get("/?seconds=600"))
    await asyncio.sleep(0)
    node.process.send_signal(signal.SIGTERM)
    assert await node.ends() == 0
    assert isinstance((await asyncio.gather(call, return_exceptions=True))[0], ConnectionError)
    hung.close()


async def test_a_second_signal_ends_at_once(start_node):
    node = await start_node(valkey=True, drain_seconds=600)
    await node.event("node.ready")
    pids, hung = node.pids(), await Connection.open(await node.port("calls"))
    assert (await hung.get())[0] == 200
    call = asyncio.create_task(hung.get("/?seconds=600"))
    await asyncio.sleep(0)
    node.process.send_signal(signal.SIGINT)
    await node.event("node.stopping")
    node.process.send_signal(signal.SIGINT)
    assert await node.ends() == 1
    assert not any(is_running(pid) for pid in pids.values())
    await asyncio.gather(call, return_exceptions=True)
    hung.close()


async def test_a_killed_supervisor_leaves_no_orphans_and_its_successor_starts(start_node):
    node = await start_node(valkey=True)
    await node.event("node.ready")
    port, pids = await node.port("calls"), node.pids()
    node.process.kill()
    await until(lambda: not any(is_running(pid) for pid in pids.values()))
    successor = await start_node(valkey=True, calls=f"127.0.0.1:{port}")
    await successor.event("node.ready")
    connection = await Connection.open(port)
    assert (await connection.get())[0] == 200
    connection.close()


async def test_a_taken_port_is_said_with_its_key_and_remedy(start_node):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        node = await start_node(calls=f"127.0.0.1:{port}")
        assert await node.ends() == 2
    problem = node.events[-1]["problem"]
    assert problem.startswith(f"[listen] calls = 127.0.0.1:{port}: port {port} is taken by another program")
    assert "CALLMARK_LISTEN__CALLS=" in problem


async def test_an_optional_listener_stays_off_when_its_port_is_taken(start_node):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        node = await start_node(repository=[f"127.0.0.1:{other.getsockname()[1]}"])
        assert "port" in (await node.event("listener.off", key="repository"))["problem"]
        await node.event("node.ready")


async def test_a_child_that_fails_at_the_start_ends_it_with_its_status(start_node):
    node = await start_node(environment={"TOY_FAILS": "78"})
    assert await node.ends() == 78
    assert not any(is_running(pid) for pid in node.pids().values())


async def test_an_announcement_collects_confirmed_refused_and_silent(start_node):
    node = await start_node(workers=3, answer_seconds=2.0, environment={"TOY_REFUSES": "1", "TOY_HANGS": "2"})
    await node.event("node.ready")
    pids = node.pids()
    answer = await node.ask_control("announce 7 abc")
    assert (answer["number"], answer["hash"]) == (7, "abc")
    states = [(w["slot"], w["pid"], w["state"], w["why"]) for w in answer["workers"]]
    assert states == [
        (0, pids["worker-0"], "confirmed", None),
        (1, pids["worker-1"], "refused", "trunks.toml, line 3: no such profile"),
        (2, pids["worker-2"], "silent", "no answer within 2 s"),
    ]
    assert [w["ms"] < 2000 for w in answer["workers"]] == [True, True, False]
    workers = (await node.ask_control("workers"))["workers"]
    assert [(w["state"], w["hash"]) for w in workers] == [
        ("ready", "abc"),
        ("ready", "first"),
        ("ready", "first"),
    ]


async def test_control_restarts_on_the_same_listener_and_hears_of_reloads(start_node):
    node = await start_node()
    await node.event("node.ready")
    before = await node.ask_control("heard")
    os.kill(before["pid"], signal.SIGKILL)
    await node.event("control.ready", count=2)
    node.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(60):
        while "reload" not in (after := await node.ask_control("heard")):
            pass  # the signal and the question come by different ways
    assert after["pid"] != before["pid"]
    assert after["reload"] == 1
    assert [w["starts"] for w in (await node.ask_control("workers"))["workers"]] == [1, 1]


async def test_declined_connections_wait_until_there_is_room(start_node):
    node = await start_node(environment={"TOY_LIMIT": "2"})
    await node.event("node.ready")
    port = await node.port("calls")
    held = [await Connection.open(port) for _ in range(4)]
    for connection in held:
        await connection.get()
    late = await Connection.open(port)
    waiting = asyncio.create_task(late.get())
    await node.event("connections.declined")
    assert not waiting.done()
    assert (await held[0].get())[0] == 200
    held.pop().close()
    assert (await asyncio.wait_for(waiting, 60))[0] == 200
    for connection in [*held, late]:
        connection.close()


def test_the_supervisor_loads_no_http_sql_or_redis():
    code = "import sys, gateway.node.supervisor; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"aiohttp", "sqlalchemy", "redis", "cryptography"} & set(modules.split())
