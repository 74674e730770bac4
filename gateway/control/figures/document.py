"""The figures as the admin API answers them, and as the console shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.control.api.call_documents import Shown
from gateway.control.figures.certificate_hosts import Host
from gateway.control.figures.figures import Figures
from gateway.control.figures.forged import Forgery
from gateway.control.figures.minutes import ALL
from gateway.control.figures.totals import Totals
from gateway.control.trust.list_states import ListState
from gateway.record.imports import Import

POINTS: Final = 96
"""The most a chart has: a day by the quarter of an hour."""
STEPS: Final = (1, 5, 15, 30)
"""Minutes of a point."""
RATE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls the figures are of."""

    minutes: int
    """The last so many, the one that is going on included."""
    trunk: str = ALL

    @property
    def step(self) -> int:
        """Minutes of one point of the series."""
        return next((each for each in STEPS if self.minutes <= each * POINTS), STEPS[-1])


def calls_document(figures: Figures, wanted: Wanted, *, now: float, shown: Shown) -> dict[str, object]:
    """What was counted of calls; `now` in epoch seconds."""
    last = int(now // 60)
    first = last - wanted.minutes + 1
    since = first * 60
    seconds = figures.seconds.latest(now)
    minutes = figures.minutes
    return {
        "minutes": wanted.minutes,
        "since": _moment(since),
        "trunk": wanted.trunk or None,
        "calls_per_second": sum(seconds[-RATE_SECONDS:]) / RATE_SECONDS,
        "seconds": seconds,
        "totals": minutes.sum(first, last, trunk=wanted.trunk).document(),
        "step_minutes": wanted.step,
        "series": [
            _point(
                start, minutes.sum(max(start, first), min(start + wanted.step - 1, last), trunk=wanted.trunk)
            )
            for start in range(first - first % wanted.step, last + 1, wanted.step)
        ],
        "trunks": [
            {"trunk": name, **minutes.sum(first, last, trunk=name).document()}
            for name in minutes.trunks(first, last)
        ],
        "forged": {
            "numbers": [
                {"number": shown(each.shown), **_forgery(each, calls)}
                for each, calls in figures.forged.numbers(since=since)
            ],
            "brands": [
                {"brand": each.shown, **_forgery(each, calls)}
                for each, calls in figures.forged.brands(since=since)
            ],
        },
        "certificate_hosts": [_host(each) for each in figures.hosts.all(since=since)],
    }


def lists_document(lists: Iterable[ListState]) -> list[dict[str, object]]:
    """How old what trust rests on is."""
    return [
        {
            "kind": each.kind,
            "name": each.name,
            "source": each.source,
            "state": each.state,
            "issued": _moment(each.issued_at),
            "ends": _moment(each.ends_at),
            "problem": each.problem,
        }
        for each in lists
    ]


def feeds_document(feeds: Iterable[Import]) -> list[dict[str, object]]:
    """When each feed was last imported."""
    return [
        {
            "feed": each.feed,
            "file": each.file_name,
            "started": _moment(each.started_at),
            "finished": _moment(each.finished_at),
            "taken": each.taken,
            "merged": each.merged,
            "refused": each.refused,
        }
        for each in feeds
    ]


def _point(minute: int, totals: Totals) -> dict[str, object]:
    document = totals.document()
    return {
        "from": _moment(minute * 60),
        **{name: document[name] for name in ("calls", "actions", "verstats", "elapsed_ms")},
    }


def _forgery(forgery: Forgery, calls: int) -> dict[str, object]:
    return {"path": forgery.path, "reason": forgery.reason, "calls": calls}


def _host(host: Host) -> dict[str, object]:
    return {
        "host": host.name,
        "well": host.is_well,
        "calls": host.calls,
        "not_obtained": host.not_obtained,
        "last_obtained": _moment(host.last_obtained),
        "last_problem": _moment(host.last_problem),
        "reason": host.reason,
    }


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
