"""Standard error without waiting for whoever reads it: a queue with a bound, and a thread that writes."""

from __future__ import annotations

import os
import select
import stat
import threading
import time
from collections import deque
from typing import Final

LOG_LINES_KEPT: Final = 10_000
"""Lines waiting for a slow reader; beyond that they are dropped and counted, never waited for."""
FLUSH_SECONDS: Final = 0.05
LAST_WORDS_SECONDS: Final = 1.0
"""How long a process that ends waits for the reader of its last lines."""


class LineWriter:
    """Standard error behind a bounded queue: a reader that stops reading costs lines, not calls.

    Only the writer's own thread takes lines from the queue; whoever logs never waits for it.
    """

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque(maxlen=LOG_LINES_KEPT)
        self._wake = threading.Event()
        self._is_writing = False
        self._started = False
        self._longest_write = _longest_write(descriptor)
        self.dropped = 0

    def msg(self, line: bytes) -> None:
        """Queue one line; the oldest waiting line is dropped when the queue is full."""
        if len(self._lines) == LOG_LINES_KEPT:
            self.dropped += 1
        self._lines.append(line)
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="log", daemon=True).start()

    log = debug = info = warning = error = critical = exception = fatal = failure = msg

    def flush(self, within_seconds: float = LAST_WORDS_SECONDS) -> None:
        """Wait until all is written, but no longer than that: for the end of a process."""
        give_up = time.monotonic() + within_seconds
        self._wake.set()
        while (self._lines or self._is_writing) and time.monotonic() < give_up:
            time.sleep(0.001)

    def _run(self) -> None:
        while True:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self._is_writing = True
            while self._lines:
                self._write_batch()
            self._is_writing = False

    def _write_batch(self) -> None:
        lines = [self._lines.popleft()]
        length = len(lines[0]) + 1
        while self._lines and length + len(self._lines[0]) < self._longest_write:
            lines.append(self._lines.popleft())
            length += len(lines[-1]) + 1
        data = b"\n".join((*lines, b""))
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                # Whoever shares the terminal or pipe made it non-blocking.
                select.select((), (self._descriptor,), (), FLUSH_SECONDS)
            except OSError:
                self.dropped += data.count(b"\n")
                return


def _longest_write(descriptor: int) -> int:
    """How much to write at once, bytes: a pipe that processes share keeps only so much in one piece."""
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        is_file = False
    return 65_536 if is_file else select.PIPE_BUF
