"""Each call as a span for an OpenTelemetry collector, made of its record in the journal; only when asked for.

Like its log line, and for the same reasons, here and not in the worker that answered. A thread of its own
makes spans and sends them: what a collector does, or does not, costs no call and no operator anything but
spans, which are counted.
"""

from __future__ import annotations

import importlib
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from gateway import telemetry
from gateway.generation.settings import TelemetryTable
from gateway.journal import Entry, Record

MOST_WAITING: Final = 10_000
"""As many as the control process holds of the latest calls anyway."""
BATCH: Final = 500
CLOSE_SECONDS: Final = 1.0

_log = structlog.get_logger("callmark.spans")


class SpansSettingError(Exception):
    """Spans are asked for, and cannot be made; its text is a sentence for operators."""


class Export(Protocol):
    """The road to a collector."""

    def send(self, records: Sequence[Record]) -> tuple[int, str | None]:
        """Wait until a span for each is sent, or is not; how many there were, and why they were not taken."""

    def close(self) -> None:
        """End a `send` that waits to try again."""


class CallSpans:
    """Sends them; one per control process."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._waiting: deque[Record] = deque()
        self._awake = threading.Event()
        self._is_closed = False
        self._was_taken = True
        self._thread = threading.Thread(target=self._send_all, name="spans", daemon=True)
        self._thread.start()

    def take(self, entries: Sequence[Entry]) -> None:
        """Have a span sent for each call among them, or count it as dropped; never waits."""
        calls = [entry for entry in entries if isinstance(entry, Record)]
        room = MOST_WAITING - len(self._waiting)
        self._waiting.extend(calls[:room])
        if len(calls) > room:
            telemetry.SPANS.labels("dropped").inc(len(calls) - room)
        self._awake.set()

    def close(self) -> None:
        """Send what waits, for a second at most."""
        self._is_closed = True
        self._awake.set()
        self._thread.join(CLOSE_SECONDS)
        self._export.close()

    def _send_all(self) -> None:
        while not self._is_closed:
            self._awake.wait()
            self._awake.clear()
            while self._waiting:
                self._send([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])

    def _send(self, records: Sequence[Record]) -> None:
        try:
            number, problem = self._export.send(records)
        except Exception as error:  # noqa: BLE001 - the library's failure is not the end of all spans
            number, problem = len(records), repr(error)
        telemetry.SPANS.labels("dropped" if problem else "sent").inc(number)
        if problem and self._was_taken:
            _log.warning("the collector takes no spans", problem=problem)
        elif not problem and not self._was_taken:
            _log.info("the collector takes spans again")
        self._was_taken = not problem


def open_spans(settings: TelemetryTable) -> CallSpans | None:
    """What sends spans; None where nobody asked. Raises SpansSettingError."""
    if settings.otlp_url is None:
        return None
    try:
        # Not before it is asked for: who does not ask need not have installed what it stands on.
        otlp = importlib.import_module("gateway.control.journal.otlp")
    except ImportError as error:
        raise SpansSettingError(
            f"[telemetry] otlp_url asks for OpenTelemetry spans, and {error.name} is not installed: install "
            "what requirements-otel.lock names (pip install --require-hashes -r requirements-otel.lock), or "
            "take the key out"
        ) from None
    try:
        return CallSpans(otlp.OtlpExport(settings.otlp_url))
    except ValueError as error:
        raise SpansSettingError(f"OpenTelemetry does not take a variable as it is set: {error}") from None
