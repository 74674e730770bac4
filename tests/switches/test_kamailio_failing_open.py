"""The gateway stopped, hung or late, at fifty calls a second: no call is lost, none waits for it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_node import GatewayNode
from tests.ports import free_port
from tests.switches.processes import (
    CLIENTS,
    RECIPE,
    answering,
    gateway_settings,
    kamailio,
    needs_kamailio,
    place_calls,
)
from tests.switches.slow import delaying

pytestmark = needs_kamailio
SECONDS = 5


@contextlib.contextmanager
def stopped(node: GatewayNode) -> Iterator[int]:
    """Nobody listens."""
    yield free_port()


@contextlib.contextmanager
def hung(node: GatewayNode) -> Iterator[int]:
    """Every worker stands still from a second after the start on; all goes on when the calls are over."""
    workers = list(node.worker_pids().values())
    hanging = threading.Timer(1.0, lambda: [os.kill(pid, signal.SIGSTOP) for pid in workers])
    hanging.start()
    try:
        yield node.calls_port
    finally:
        hanging.join()
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def late(node: GatewayNode) -> Iterator[int]:
    """Every answer comes nine tenths of a second late: within the time-out, so no request ever fails."""
    with delaying(node.calls_port, seconds=0.9) as port:
        yield port


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("trouble", [stopped, hung, late], ids=lambda trouble: trouble.__name__)
def test_no_call_is_lost_and_none_waits_for_the_gateway(
    trouble, client: str, node: GatewayNode, tmp_path: Path
):
    inside, outside, answers = (free_port() for _ in range(3))
    calls = [(f"+44207946{n:04}", f"+44161496{n:04}") for n in range(50 * SECONDS)]
    with trouble(node) as port:
        settings = {
            "INSIDE": f"udp:127.0.0.1:{inside}",
            "OUTSIDE": f"udp:127.0.0.1:{outside}",
            "INSIDE_PORT": str(inside),
            "OUTSIDE_NEXT": f'"sip:127.0.0.1:{answers}"',
            **gateway_settings(client, f"http://127.0.0.1:{port}"),
        }
        with (
            kamailio(tmp_path / "kamailio", RECIPE, settings) as log,
            answering(tmp_path / "answers", port=answers, expected="INVITE"),
        ):
            out = place_calls(tmp_path / "out", "call", calls, to_port=inside)
    longest = max(out.waits_ms)
    print(f"{client}, {trouble.__name__}: {out.successful} of {len(calls)}, longest {longest:.0f} ms")
    assert (out.successful, out.failed) == (len(calls), 0), out.output + log.read_text()[-2000:]
    assert len(out.waits_ms) == len(calls)
