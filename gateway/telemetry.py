"""What the gateway says of itself: log lines, redaction, and the names of its metrics.

Numbers are personal data: in a log line they stand as a keyed hash with their last two digits, enough to
follow one number through a day and to recognise it on the telephone, and only here. Metrics never carry
numbers, addresses or names; their labels come from enums and from `reasons.py`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from bisect import bisect_left
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import msgspec
import prometheus_client
import structlog
from prometheus_client import multiprocess, values

from gateway.channel import SLOT_VARIABLE
from gateway.line_writer import LineWriter

REDACTION_VARIABLE: Final = "CALLMARK_REDACTION_KEY"
"""Hex, set by the supervisor for its children so that all of them hash alike."""
METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_redaction_key: bytes = bytes.fromhex(os.environ.get(REDACTION_VARIABLE, "")) or os.urandom(16)


def redact(tn: str | None) -> str | None:
    """A number as it may stand in a log: `~3f9a1c2b…23`; the same number gives the same text."""
    if not tn:
        return None
    digest = hashlib.blake2s(tn.encode("utf-8", "replace"), key=_redaction_key, digest_size=5).hexdigest()
    return f"~{digest}…{tn[-2:]}"


WRITER: Final = LineWriter()


def configure_logging(*, level: str = "info", process: str) -> None:
    """JSON lines on standard error from this process on; `process` names it in each line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _named(process),
            structlog.processors.JSONRenderer(serializer=_serialise),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: WRITER,
        cache_logger_on_first_use=True,
    )


def _named(process: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        event["process"] = process
        return event

    return add


def _serialise(event: Mapping[str, Any], **_: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


if METRICS_VARIABLE in os.environ:
    # A restarted worker goes on with its slot's file instead of leaving one file per process id behind.
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        process_identifier=lambda: os.environ.get(SLOT_VARIABLE, "control")
    )


CALL_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds."""


class Tallies:
    """Counts on their way to Prometheus: a dictionary's price for each, the library's a few times a second.

    A process that is killed takes the last moment's counts with it.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[prometheus_client.Counter, tuple[str, ...]], int] = {}
        self._seconds: dict[str, tuple[list[int], list[float]]] = {}

    def count(self, counter: prometheus_client.Counter, *labels: str, times: int = 1) -> None:
        """Count one, or several at once."""
        key = (counter, labels)
        self._waiting[key] = self._waiting.get(key, 0) + times

    def took(self, resource: str, seconds: float) -> None:
        """Note how long a call of this resource took."""
        known = self._seconds.get(resource)
        if known is None:
            known = self._seconds[resource] = [0] * (len(CALL_BUCKETS) + 1), [0.0]
        known[0][bisect_left(CALL_BUCKETS, seconds)] += 1
        known[1][0] += seconds

    def flush(self) -> None:
        """Hand over what was counted."""
        waiting, self._waiting = self._waiting, {}
        durations, self._seconds = self._seconds, {}
        for resource, (counts, (total,)) in durations.items():
            histogram = CALL_SECONDS.labels(resource)
            # Histogram has no public way to take many observations at once.
            histogram._sum.inc(total)  # noqa: SLF001
            for bucket, number in zip(histogram._buckets, counts, strict=True):  # noqa: SLF001
                if number:
                    bucket.inc(number)
        for (counter, labels), number in waiting.items():
            counter.labels(*labels).inc(number)


CALLS: Final = prometheus_client.Counter("callmark_calls_total", "Calls answered, by resource.", ["resource"])
CALL_SECONDS: Final = prometheus_client.Histogram(
    "callmark_call_seconds",
    "From a request's headers read to its answer ready, by resource.",
    ["resource"],
    buckets=CALL_BUCKETS,
)
VERIFICATIONS: Final = prometheus_client.Counter(
    "callmark_verifications_total", "Verified Identity headers by their result.", ["verstat", "reason"]
)
VERDICTS: Final = prometheus_client.Counter(
    "callmark_verdicts_total", "Verdicts by action and by the reason that decided.", ["action", "reason"]
)
SIGNATURES: Final = prometheus_client.Counter(
    "callmark_signatures_total", "PASSporTs signed or refused, by why.", ["ppt", "attest", "reason"]
)
CALL_EVENTS: Final = prometheus_client.Counter(
    "callmark_call_events_total", "Ends of calls that switches told."
)
ROAMING_CHECKS: Final = prometheus_client.Counter(
    "callmark_roaming_checks_total", "Calls from abroad asked about at the roaming check.", ["roaming"]
)
SHADOW: Final = prometheus_client.Counter(
    "callmark_shadow_total",
    "Questions asked of the old secsipidx too: the same answer, another one, or none.",
    ["resource", "result"],
)
REQUEST_ERRORS: Final = prometheus_client.Counter(
    "callmark_request_errors_total", "Requests that could not be understood or were not allowed.", ["status"]
)
DEGRADED: Final = prometheus_client.Counter(
    "callmark_degraded_total", "Calls answered without something that did not answer.", ["missing"]
)
TRUNK_CALLS: Final = prometheus_client.Counter(
    "callmark_trunk_calls_total",
    "Calls by the trunk they came by, a name of trunks.toml, and what was answered: the action, or signed, "
    "refused.",
    ["trunk", "answer"],
)
EVIDENCE_UNANSWERED: Final = prometheus_client.Counter(
    "callmark_evidence_unanswered_total",
    "Questions to Redis that heard unknown: it rested, too many waited, or time ran out.",
)
EVIDENCE_DROPPED: Final = prometheus_client.Counter(
    "callmark_evidence_dropped_total",
    "What of Redis' answers could not be read, and was left out.",
    ["what"],
)
EVIDENCE_BATCH_SECONDS: Final = prometheus_client.Histogram(
    "callmark_evidence_batch_seconds",
    "One question to Redis for all calls in flight, from sent to read.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
)
CERTIFICATE_LOOKUPS: Final = prometheus_client.Counter(
    "callmark_certificate_lookups_total",
    "Certificates that calls needed: at hand at once (memory), or asked for (waited).",
    ["answered"],
)
CERTIFICATE_FETCHES: Final = prometheus_client.Counter(
    "callmark_certificate_fetches_total",
    "Looks for a certificate: another node's by Redis (shared), its host's and believed (good), refused, "
    "or failed.",
    ["result"],
)
CERTIFICATE_FETCH_SECONDS: Final = prometheus_client.Histogram(
    "callmark_certificate_fetch_seconds",
    "One fetch from a certificate's host, behind the calls that wait.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
LOG_LINES_DROPPED: Final = prometheus_client.Gauge(
    "callmark_log_lines_dropped", "Log lines dropped since the process started.", multiprocess_mode="livesum"
)
SPANS: Final = prometheus_client.Counter(
    "callmark_spans_total",
    "Calls' spans for an OpenTelemetry collector: sent, or dropped because it did not take them in time.",
    ["result"],
)
JOURNAL_RECORDS: Final = prometheus_client.Counter(
    "callmark_journal_records_total", "Calls' records read by the control process."
)
JOURNAL_LINES_UNREADABLE: Final = prometheus_client.Counter(
    "callmark_journal_lines_unreadable_total", "Lines of the journal that are no record: cut off, or damaged."
)
JOURNAL_RECORDS_DROPPED: Final = prometheus_client.Gauge(
    "callmark_journal_records_dropped",
    "Calls whose record could not be kept, since the process started.",
    multiprocess_mode="livesum",
)

REVOCATION_LISTS: Final = prometheus_client.Gauge(
    "callmark_revocation_lists",
    "Revocation lists by state: fresh, overdue (past their nextUpdate), missing (wanted and never had).",
    ["state"],
    multiprocess_mode="mostrecent",
)
REVOCATION_LISTS_END_SECONDS: Final = prometheus_client.Gauge(
    "callmark_revocation_lists_next_update_timestamp_seconds",
    "The earliest nextUpdate of the revocation lists in force; 0 without lists.",
    multiprocess_mode="mostrecent",
)
TRUST_LISTS: Final = prometheus_client.Gauge(
    "callmark_trust_lists",
    "Trust lists by state: fresh, overdue (past their exp), missing (configured and never had).",
    ["state"],
    multiprocess_mode="mostrecent",
)
TRUST_LISTS_END_SECONDS: Final = prometheus_client.Gauge(
    "callmark_trust_lists_end_timestamp_seconds",
    "The earliest exp of the trust lists in use; 0 without lists.",
    multiprocess_mode="mostrecent",
)
SIGNING_CERTIFICATE_END_SECONDS: Final = prometheus_client.Gauge(
    "callmark_signing_certificate_end_timestamp_seconds",
    "When the chain that calls are signed with ends; 0 where none are signed.",
    multiprocess_mode="mostrecent",
)
WORKERS: Final = prometheus_client.Gauge(
    "callmark_workers",
    "Workers by state: ready, or not.",
    ["state"],
    multiprocess_mode="mostrecent",
)
GENERATION: Final = prometheus_client.Gauge(
    "callmark_generation", "The number of the generation in force.", multiprocess_mode="mostrecent"
)
LIST_FETCHES: Final = prometheus_client.Counter(
    "callmark_list_fetches_total",
    "Looks for lists, by kind (crl, trust_list) and result.",
    ["kind", "result"],
)

CONFIG_RELOAD_SUCCESSFUL: Final = prometheus_client.Gauge(
    "callmark_config_last_reload_successful",
    "1 when the configuration on the disk is the one in force, 0 when it was refused.",
    multiprocess_mode="mostrecent",
)
CONFIG_RELOAD_SUCCESS_SECONDS: Final = prometheus_client.Gauge(
    "callmark_config_last_reload_success_timestamp_seconds",
    "When the configuration was last taken, or found to be the one in force.",
    multiprocess_mode="mostrecent",
)
POLICY_ROLLED_BACK: Final = prometheus_client.Gauge(
    "callmark_policy_rolled_back",
    "1 while the policy in force is one that was rolled back to, and not that of the files.",
    multiprocess_mode="livemostrecent",
)
POLICY_ROLL_BACKS: Final = prometheus_client.Counter(
    "callmark_policy_roll_backs",
    "Policies rolled back, by an operator (roll-back) or by themselves (probation).",
    ["cause"],
)
CANDIDATE_CALLS: Final = prometheus_client.Counter(
    "callmark_candidate_calls",
    "Calls judged by a candidate policy too: the same verdict, another one, or newly blocked.",
    ["result"],
)


def render_metrics() -> tuple[bytes, str]:
    """The counters of every process of the node, and the media type they are in."""
    registry = prometheus_client.REGISTRY
    if METRICS_VARIABLE in os.environ:
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST


def flush_logs() -> None:
    """Write every waiting line: last thing before a process ends."""
    WRITER.flush()
    sys.stderr.flush()
