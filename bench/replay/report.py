"""What a replay heard, as figures and as a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.replay.drive import Heard
from bench.replay.scenario import CAMPAIGNS, Campaign

Figures = dict[str, object]


def document(heard: Heard, *, settings: Figures) -> Figures:
    """Everything, for `--json`. Shares are of a campaign's calls, 0 to 1."""
    return {
        "is_synthetic": True,
        "settings": settings,
        "seconds": round(heard.seconds, 1),
        "calls": sum(tally.calls for tally in heard.tallies.values()),
        "late_calls": heard.late,
        "errors": dict(heard.errors),
        "answer_ms": _percentiles(heard.milliseconds),
        "complaints": dict(heard.complaints),
        "campaigns": [_campaign(each, heard) for each in CAMPAIGNS],
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def _campaign(campaign: Campaign, heard: Heard) -> Figures:
    tally = heard.tallies[campaign.name]
    actions = tally.actions
    stopped = actions["block"] + actions["challenge"]
    marked = stopped + actions["label"]
    found: Figures = {
        "campaign": campaign.name,
        "what": campaign.words,
        "is_scam": campaign.is_scam,
        "calls": tally.calls,
        "blocked": actions["block"],
        "challenged": actions["challenge"],
        "labelled": actions["label"],
        "number_withheld": tally.withheld,
        "decided_by": dict(tally.reasons.most_common(4)),
    }
    if campaign.is_scam:
        return found | {"catch_rate": round(marked / max(1, tally.calls), 4)}
    return found | {"calls_lost": stopped, "false_alarm_rate": round(marked / max(1, tally.calls), 5)}


def show(figures: Figures, console: Console) -> None:
    """The same as a table for people."""
    table = Table(title="Synthetic traffic: every call here was made up", title_justify="left")
    for name in ("campaign", "calls", "blocked", "challenged", "labelled", "caught", "decided by"):
        table.add_column(name, justify="left" if name in ("campaign", "decided by") else "right")
    campaigns = figures["campaigns"]
    assert isinstance(campaigns, list)
    for each in (each for each in campaigns if each["is_scam"]):
        table.add_row(*_cells(each), f"{each['catch_rate']:.1%}", _reasons(each))
    table.add_section()
    table.add_row("[b]honest callers", *[""] * 4, "[b]false alarms", "")
    for each in (each for each in campaigns if not each["is_scam"]):
        lost = "" if not each["calls_lost"] else f" ({each['calls_lost']} lost)"
        table.add_row(*_cells(each), f"{each['false_alarm_rate']:.2%}{lost}", _reasons(each))
    console.print(table)
    for each in campaigns:
        console.print(f"  {each['campaign']}: {each['what']}", style="dim")
    answer = figures["answer_ms"]
    assert isinstance(answer, dict)
    console.print(
        f"{figures['calls']} calls in {figures['seconds']} s, answered in {answer['p50']} ms (p50), "
        f"{answer['p99']} ms (p99); {figures['late_calls']} sent late; errors: {figures['errors'] or 'none'}"
    )
    console.print(f"complaints: {figures['complaints']}")


def _cells(each: Figures) -> list[str]:
    return [str(each[name]) for name in ("campaign", "calls", "blocked", "challenged", "labelled")]


def _reasons(each: Figures) -> str:
    reasons = each["decided_by"]
    assert isinstance(reasons, dict)
    return ", ".join(reasons)
