"""Several results for one number, one answer (RFC 8224 sections 6.2, 6.2.1 and 6.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.passport.claims import ShakenClaims
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

    Of several valid ones the first `shaken` counts before others, for its attestation. A header of an
    unsupported type is ignored beside others (section 6.2 step 1), and 436 is said only when the credentials
    of all are unobtainable (section 6.2.2); among the rest the first counts.
    """
    if not outcomes:
        return Outcome.refused(Finding(IDENTITY_MISSING))
    return min(outcomes, key=_rank)


def _rank(outcome: Outcome) -> int:
    reason = outcome.finding.reason
    if outcome.passport is not None:
        return 0 if isinstance(outcome.passport.claims, ShakenClaims) else 1
    if reason in {PPT_PARAMETER_UNSUPPORTED, PPT_UNSUPPORTED}:
        return 4
    if reason.cause is SipCause.BAD_IDENTITY_INFO:
        return 3
    return 2
