"""Other processes: started on one core, asked for their CPU time, and ended by their own id."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN_SECONDS = 90.0
"""A busy machine takes its time; an idle one needs three."""


def pin(pid: int, cores: set[int]) -> None:
    """Every thread of a process that is already running; 0 is this one."""
    own = pid or os.getpid()
    for thread in Path(f"/proc/{own}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, from the scheduler's own account in nanoseconds."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9


def core_seconds(core: int) -> tuple[float, float]:
    """(busy, stolen) of one core since the machine started: whoever used it, and the hypervisor."""
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *values = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = (int(value) for value in values[:8])
            return (user + nice + system + irq + softirq) / TICKS_PER_SECOND, steal / TICKS_PER_SECOND
    raise ValueError(f"/proc/stat has no cpu{core}")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DidNotStartError(Exception):
    """A server that did not answer; the message says what it wrote."""


@contextlib.contextmanager
def server(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    output: Path,
    is_ready: Callable[[], bool],
    cores: set[int],
) -> Iterator[int]:
    """A server in a process group of its own, its output in a file; gives its pid once it is ready."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            pin(process.pid, cores)
            _await(process, is_ready, output)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _await(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], output: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.05)
    tail = output.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise DidNotStartError(f"{process.args!r} did not become ready:\n{tail}")
