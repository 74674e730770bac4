"""A new configuration each second, while calls go on."""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import time
from collections.abc import Iterator
from ctypes import c_int
from pathlib import Path

from bench import material
from bench.cases.case import RATE, Row, Tally, ask, in_time, key_of, milliseconds, one_worker
from bench.load import LoadError
from bench.measure import LOAD_CORE
from bench.processes import pin
from bench.subjects import Node

ROUNDS = 4
SECONDS = 5


def reload_each_second(directory: Path) -> Row:
    """A policy that differs, taken over by all each second, in turn with seconds without."""
    policy = directory / "config" / "policy.toml"
    with one_worker(directory) as node:
        key, quiet, busy, reloads = key_of(directory), list[float](), list[float](), 0
        tally = Tally()
        ask(node, material.calls(2_000, key=key), tally)
        for _ in range(ROUNDS):
            calls = material.calls(int(RATE * SECONDS), key=key)
            quiet += ask(node, calls, tally, rate=RATE).latencies
            calls = material.calls(int(RATE * SECONDS), key=key)
            with _reloading(node, policy) as done:
                busy += ask(node, calls, tally, rate=RATE).latencies
            reloads += done.value
    p99, beside = milliseconds(busy, 0.99), milliseconds(quiet, 0.99)
    return Row(
        {
            "reloads": reloads,
            "calls": len(busy),
            "answered_in_time": in_time(busy),
            "p50_ms": milliseconds(busy, 0.5),
            "p50_ms_without": milliseconds(quiet, 0.5),
            "p99_ms": p99,
            "p99_ms_without": beside,
            "p99_vs_without": round(p99 / beside, 2),
        },
        wanted="no call lost, p99 at most 1.2 times that without, or 2 ms more",
        is_met=in_time(busy) == 1 and reloads > 0 and (p99 <= 1.2 * beside or p99 <= beside + 2),
    )


@contextlib.contextmanager
def _reloading(node: Node, policy: Path) -> Iterator[c_int]:
    context = multiprocessing.get_context("fork")
    done, stop = context.Value(c_int, 0, lock=False), context.Value(c_int, 0, lock=False)
    process = context.Process(target=_reload, args=(node, policy, done, stop), daemon=True)
    process.start()
    try:
        yield done
    finally:
        stop.value = 1
        process.join(10)
    if process.exitcode != 0:
        raise LoadError("a reload was refused")


def _reload(node: Node, policy: Path, done: c_int, stop: c_int) -> None:
    pin(0, {LOAD_CORE})
    text = policy.read_text(encoding="utf-8")
    changes = ('stir_failed = "label"', 'stir_failed = "block"')
    while not stop.value:
        began = time.monotonic()
        text = text.replace(changes[0], changes[1])
        changes = changes[1], changes[0]
        policy.write_text(text, encoding="utf-8")
        connection = http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=10)
        connection.request("POST", "/admin/v1/reload", headers={"Authorization": f"Bearer {node.token}"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        if answer.status != 200 or not body["taken"]:
            raise SystemExit(1)
        done.value += 1
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
