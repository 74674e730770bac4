"""Whether the node is there and whole; without one, whether it could start: ports and disk space."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import Diagnosis, attention, good, unknown, wrong

NODE: Final = "node"
PORTS: Final = "ports"
DISK: Final = "disk"
_LOG: Final = "journalctl -u callmark --since -10min"


@dataclass(frozen=True, slots=True)
class ListenerSeen:
    """One address of `[listen]`."""

    key: str
    address: str
    problem: str
    """Why nobody answers there (with a node), or why it cannot be opened (without); else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """The node by its own word, and what it stands on."""

    is_running: bool
    workers: int = 0
    workers_ready: int = 0
    reasons: tuple[str, ...] = ()
    """What `/readyz` says is not as it should be."""
    is_configuration_in_force: bool = True
    """Whether the configuration on the disk is the one in force."""
    listeners: tuple[ListenerSeen, ...] = ()
    data_directory: str = ""
    free_bytes: int | None = None
    needed_bytes: int = 0
    """What the journal may still grow by, and as much again for the record and Valkey."""


def judge_node(seen: NodeSeen) -> Iterator[Diagnosis]:
    """The node, its addresses, its disk."""
    if not seen.is_running:
        yield unknown(NODE, f"No node runs on {seen.data_directory}.", "callmark serve")
    else:
        yield from _judge_running(seen)
    problems = [each for each in seen.listeners if each.problem]
    for each in problems:
        port = each.address.rpartition(":")[2]
        yield wrong(
            PORTS, f"[listen] {each.key} = {each.address}: {each.problem}.", f"ss -ltnp 'sport = :{port}'"
        )
    if seen.listeners and not problems:
        state = "answered" if seen.is_running else "free"
        yield good(PORTS, f"{', '.join(each.address for each in seen.listeners)}: {state}.")
    yield from _judge_disk(seen)


def _judge_running(seen: NodeSeen) -> Iterator[Diagnosis]:
    for reason in seen.reasons:
        mend = "callmark config check" if "configuration" in reason else _LOG
        yield attention(NODE, f"{reason[:1].upper()}{reason[1:]}.", mend)
    if not seen.is_configuration_in_force:
        yield attention(NODE, "The configuration on the disk is not the one in force.", "callmark reload")
    if seen.workers_ready < seen.workers:
        yield wrong(
            NODE,
            f"{seen.workers_ready} of {seen.workers} workers answer calls.",
            _LOG,
        )
    else:
        yield good(NODE, f"It runs with {seen.workers} worker{'s' * (seen.workers != 1)}, all ready.")


def _judge_disk(seen: NodeSeen) -> Iterator[Diagnosis]:
    where = shlex.quote(seen.data_directory)
    if seen.free_bytes is None:
        yield unknown(DISK, f"{seen.data_directory} is not there yet.", "callmark serve")
    elif seen.free_bytes < seen.needed_bytes:
        yield wrong(
            DISK,
            f"{seen.free_bytes // 2**20} MiB are free for {seen.data_directory}, and "
            f"{seen.needed_bytes // 2**20} may be needed: records of calls would be dropped.",
            f"du -xh --max-depth=1 {where}",
        )
    else:
        yield good(DISK, f"{seen.free_bytes // 2**20} MiB are free for {seen.data_directory}.")
