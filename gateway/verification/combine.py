"""Several Identity headers, one result (RFC 8224 sections 6.2, 6.2.1 and 6.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.reasons import (
    IDENTITY_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    Finding,
    SipCause,
)
from gateway.verification.outcome import Outcome


def combine(outcomes: Sequence[Outcome]) -> Outcome:
    """The result for the call: one valid header is enough; otherwise the one that says most.

    A header of an unsupported type is ignored beside others (section 6.2 step 1), and 436 is said only
    when the credentials of all are unobtainable (section 6.2.2); among the rest the first counts.
    """
    if not outcomes:
        return Outcome.refused(Finding(IDENTITY_MISSING))
    return min(outcomes, key=_rank)


def _rank(outcome: Outcome) -> int:
    reason = outcome.finding.reason
    if outcome.passport is not None:
        return 0
    if reason in {PPT_PARAMETER_UNSUPPORTED, PPT_UNSUPPORTED}:
        return 3
    if reason.cause is SipCause.BAD_IDENTITY_INFO:
        return 2
    return 1
