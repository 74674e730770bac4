"""Recorded calls as the admin API answers them, to whoever may see numbers and to whoever may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gateway.control.reloading.judging_again import judge_again
from gateway.control.reloading.preview import Change, Preview, over_limit
from gateway.generations import Probation
from gateway.journal import Record
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.reasons import REASONS
from gateway.telemetry import redact
from gateway.verdicts.decide import not_applied
from gateway.verdicts.policy import VerdictPolicy
from gateway.verdicts.verdict import Hit

Shown = Callable[[str | None], str | None]
"""How a number is shown to whoever asks."""


def in_full(tn: str | None) -> str | None:
    """For operators: as it is dialled from abroad."""
    return None if tn is None else to_e164(TelephoneNumber(tn))


def redacted(tn: str | None) -> str | None:
    """For auditors: as in the log."""
    return redact(tn)


def call_document(record: Record, shown: Shown) -> dict[str, object]:
    """One line about a call."""
    return {
        "time": _moment(record.time),
        "operation": record.operation,
        "call_id": record.call_id,
        "trunk": record.trunk,
        "from": shown(record.orig),
        "network": shown(record.network_tn),
        "to": [shown(dest) for dest in record.dests],
        "verstat": record.verstat,
        "attest": record.attest,
        "reason": record.reason,
        "action": record.action,
        "deciding": record.deciding,
        "generation": record.generation,
        "elapsed_ms": record.elapsed_ms,
    }


def explained_document(record: Record, policy: VerdictPolicy | None, shown: Shown) -> dict[str, object]:
    """Everything about a call: its headers, what was known, and rule by rule what the policy makes of it now.

    `policy` is the one in force, None before the first. Details of rules, and headers, hold numbers: they are
    for those only who may see them.
    """
    document = call_document(record, shown)
    document["words"] = _words(record.deciding) or _words(record.reason)
    document["certificate_sha256"] = record.fingerprint
    if shown is not redacted:
        document["identities"] = list(record.identities)
    verdict = None if policy is None else judge_again(record, policy)
    if verdict is not None:
        document["rules"] = [_rule(hit, with_detail=shown is not redacted) for hit in verdict.hits]
        document["not_applied"] = [reason.code for reason in not_applied(verdict)]
        document["under_the_policy_in_force"] = {"action": verdict.action.value, "score": verdict.score}
        document["missing"] = list(verdict.degraded)
        document["what_would_change_it"] = _what_would_change(verdict.hits)
    return document


def probation_document(term: Probation | None, found: Preview | None) -> dict[str, object] | None:
    """How a new policy stands its time; null when none is on probation."""
    if term is None:
        return None
    return {
        "against": term.against_number,
        "until": _moment(term.until),
        "calls": 0 if found is None else found.calls,
        "newly_blocked": 0 if found is None else found.newly_blocked,
    }


def preview_document(preview: Preview, limit_percent: float, shown: Shown) -> dict[str, object]:
    """What a candidate would change."""
    return {
        "calls": preview.calls,
        "since": None if preview.since is None else _moment(preview.since),
        "changed": preview.changed,
        "newly_blocked": preview.newly_blocked,
        "newly_blocked_percent": round(preview.newly_blocked_percent, 3),
        "limit_percent": limit_percent,
        "within_limit": over_limit(preview, limit_percent) is None,
        "changes": [_change(change, shown) for change in preview.changes],
        "lost_trunks": [{"name": name, "calls": calls} for name, calls in preview.lost_trunks],
    }


def _change(change: Change, shown: Shown) -> dict[str, object]:
    return {
        "calls": change.calls,
        "before": {"action": change.before.value, "reason": change.before_reason},
        "after": {"action": change.after.value, "reason": change.after_reason},
        "newly_blocks": change.newly_blocks,
        "words": _words(change.after_reason) or _words(change.before_reason),
        "examples": [call_document(record, shown) for record in change.examples],
    }


def _rule(hit: Hit, *, with_detail: bool) -> dict[str, object]:
    return {
        "code": hit.reason.code,
        "words": hit.reason.words,
        "effect": "allow" if hit.allows else hit.effect.value,
        "source": hit.source,
        "detail": hit.detail if with_detail else None,
        "remedy": hit.reason.remedy,
    }


def _what_would_change(hits: tuple[Hit, ...]) -> str:
    speaking = [hit for hit in hits if hit.speaks]
    if not speaking:
        return "No rule speaks against or for this call: only a decision, a list or new evidence would."
    first = speaking[0]
    effect = "allow" if first.allows else first.effect.value
    without = "the call would go on as it is"
    if len(speaking) > 1:
        second = speaking[1]
        without = f"{second.reason.code} would decide: {'allow' if second.allows else second.effect.value}"
    return f"{first.reason.code} decides: {effect} (from {first.source}). Without it {without}."


def _words(code: str | None) -> str:
    row = None if code is None else REASONS.get(code)
    return "" if row is None else row.words


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
