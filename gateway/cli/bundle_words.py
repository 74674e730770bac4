"""A checked evidence file in words for a person, and as a document for a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.cli.bundle_check import BundleChecked, CallChecked, Step
from gateway.cli.call_inspection import CallInspection
from gateway.cli.call_words import explain_call
from gateway.cli.steps import steps
from gateway.cli.wording import finding_words, mark, safe, title


def checked_lines(checked: BundleChecked, *, explain: bool) -> Iterator[str]:
    """The file, then call after call, then what it comes to."""
    yield title("The file").lstrip("\n")
    yield from (_line(step) for step in checked.steps)
    if checked.signer:
        yield f"    certificate SHA-256 {checked.signer}"
    if checked.carrier:
        yield f"    by its own word it is from: {safe(checked.carrier)}"
    for call in checked.calls:
        yield title(f"Call {safe(call.call_id)}, taken {call.taken}")
        yield from (_line(step) for step in call.steps)
        if call.inspection is not None:
            yield from explain_call(call.inspection) if explain else _steps(call.inspection)
    yield ""
    yield "Everything that could be checked holds." if checked.holds else "It does NOT hold: see the crosses."


def _steps(inspection: CallInspection) -> Iterator[str]:
    for place, header in enumerate(inspection.headers, start=1):
        yield f"  Identity header {place} of {len(inspection.headers)}"
        for result in steps(header):
            yield f"    {mark(passed=result.passed)} {result.step.label:<8} {result.step.topic}"
            for finding in result.findings:
                yield f"        {finding_words(finding)}"


def _line(step: Step) -> str:
    return f"  {mark(passed=step.passed)} {safe(step.words)}"


def checked_document(checked: BundleChecked) -> dict[str, Any]:
    """The same for a program."""
    return {
        "holds": checked.holds,
        "signer_sha256": checked.signer,
        "carrier": checked.carrier,
        "steps": [_step(step) for step in checked.steps],
        "calls": [_call(call) for call in checked.calls],
    }


def _call(call: CallChecked) -> dict[str, Any]:
    headers = [] if call.inspection is None else call.inspection.headers
    return {
        "call_id": call.call_id,
        "taken": call.taken,
        "steps": [_step(step) for step in call.steps],
        "identities": [
            [
                {
                    "step": result.step.label,
                    "passed": result.passed,
                    "findings": [finding.reason.code for finding in result.findings],
                }
                for result in steps(header)
            ]
            for header in headers
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"passed": step.passed, "words": step.words}
