"""The steps of RFC 8224 section 6.2, and which of them an inspected Identity header passed.

The gateway looks in another order than the RFC (`gateway.verification.examine` says why), so a header can
fail step 4 before step 3 was looked at; what was not looked at is neither passed nor failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway import reasons
from gateway.certificates.chain import ValidatedChain
from gateway.cli.inspection import Inspection
from gateway.passport.claims import Claims, ShakenClaims
from gateway.reasons import Finding, Reason
from gateway.verification.examine import ATTESTATIONS


class Step(Enum):
    """Reading, which the RFC takes for granted, and its five steps."""

    READING = ("Reading", "Form", "the header and its PASSporT can be read, the claims have the right form")
    TYPE = ("Step 1", "Type", "it is of a type that is verified here; header and parameters agree")
    NUMBERS = ("Step 2", "Numbers", "the numbers that were signed are those of the call")
    CREDENTIAL = ("Step 3", "Certificate", "it is at hand and leads to a trusted authority")
    TIME = ("Step 4", "Time", "token and call are of the same time, and the certificate was valid then")
    SIGNATURE = ("Step 5", "Signature", "it was made with the certificate's key over exactly these bytes")

    def __init__(self, label: str, topic: str, holds: str) -> None:
        self.label = label
        self.topic = topic
        self.holds = holds
        """What is true when the step is passed; a clause."""


_REFUSALS: Final[Mapping[Step, tuple[Reason, ...]]] = {
    Step.READING: (
        reasons.IDENTITY_MALFORMED,
        reasons.IDENTITY_COMPACT,
        reasons.CLAIM_MISSING,
        reasons.CLAIM_INVALID,
        reasons.ATTEST_INVALID,
        reasons.DIV_NESTED,
        reasons.RCD_INTEGRITY,
    ),
    Step.TYPE: (
        reasons.PPT_PARAMETER_UNSUPPORTED,
        reasons.ALG_PARAMETER_UNSUPPORTED,
        reasons.INFO_MISSING,
        reasons.INFO_INVALID,
        reasons.HEADER_CLAIM_MISSING,
        reasons.X5U_MISMATCH,
        reasons.TYP_UNSUPPORTED,
        reasons.ALG_UNSUPPORTED,
        reasons.PPT_UNSUPPORTED,
        reasons.HEADER_FORBIDDEN,
        reasons.ALG_PARAMETER_MISSING,
        reasons.PARAMETERS_TOO_MANY,
        reasons.TN_UNSIGNED,
    ),
    Step.NUMBERS: (
        reasons.TN_MISMATCH,
        reasons.DIV_ALONE,
        reasons.DIV_BROKEN,
        reasons.DIV_LOOP,
        reasons.DIV_LENGTH,
        reasons.DIV_CALLEE,
        reasons.RCD_THIRD_PARTY,
        reasons.RPH_MISMATCH,
    ),
    Step.CREDENTIAL: (
        reasons.X5U_FORBIDDEN,
        reasons.CREDENTIAL_UNOBTAINABLE,
        reasons.CREDENTIAL_PENDING,
        reasons.CREDENTIAL_UNREADABLE,
        reasons.CERTIFICATE_UNTRUSTED,
        reasons.CERTIFICATE_DOMAIN,
        reasons.CERTIFICATE_REVOKED,
        reasons.CERTIFICATE_PROFILE,
        reasons.TNAUTHLIST_INVALID,
        reasons.TNAUTHLIST_PENDING,
        reasons.TN_UNAUTHORISED,
        reasons.DELEGATE_SHAKEN,
        reasons.DELEGATE_TYPE,
        reasons.DELEGATION_INVALID,
        reasons.CONSTRAINTS_BROKEN,
        reasons.REVOCATION_PENDING,
        reasons.REVOCATION_UNOBTAINABLE,
        reasons.REVOCATION_OUTDATED,
    ),
    Step.TIME: (reasons.TIME_STALE, reasons.IAT_STALE, reasons.CERTIFICATE_EXPIRED),
    Step.SIGNATURE: (reasons.SIGNATURE_INVALID,),
}
STEP_OF: Final[Mapping[str, Step]] = {
    reason.code: step for step, refusals in _REFUSALS.items() for reason in refusals
}
"""By the reason's code: where each refusal of a verification belongs."""

_TYPE_SEEN, _TIME_SEEN, _NUMBERS_SEEN, _ALL_SEEN = 1, 2, 3, 4
_SEEN_BEFORE: Final = {
    reasons.CLAIM_MISSING.code: _TYPE_SEEN,
    reasons.CLAIM_INVALID.code: _TYPE_SEEN,
    reasons.IAT_STALE.code: _TYPE_SEEN,
    reasons.ATTEST_INVALID.code: _TIME_SEEN,
    reasons.RCD_INTEGRITY.code: _TIME_SEEN,
    reasons.TN_MISMATCH.code: _TIME_SEEN,
    reasons.X5U_FORBIDDEN.code: _NUMBERS_SEEN,
}
"""What `examine` had seen when one of these ended it; with any other refusal, nothing whole."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step."""

    step: Step
    passed: bool | None
    """None: not looked at, or not to its end."""
    findings: tuple[Finding, ...]


def steps(inspection: Inspection) -> tuple[StepResult, ...]:
    """Every step; one is passed only when each of its checks was made."""
    found: dict[Step, list[Finding]] = {step: [] for step in Step}
    for finding in inspection.findings:
        found[STEP_OF[finding.reason.code]].append(finding)
    examination = inspection.examination
    seen = _ALL_SEEN
    if examination.examined is None:
        seen = _SEEN_BEFORE.get(examination.findings[-1].reason.code, 0)
    trusted = inspection.credential is not None and isinstance(inspection.credential.judged, ValidatedChain)
    looked_at = {
        Step.READING: seen >= _TIME_SEEN or _is_well_formed(inspection.parts.claims),
        Step.TYPE: seen >= _TYPE_SEEN,
        Step.NUMBERS: seen >= _NUMBERS_SEEN,
        Step.CREDENTIAL: trusted,
        Step.TIME: seen >= _TIME_SEEN and trusted,
        Step.SIGNATURE: inspection.signature_fits is not None,
    }
    return tuple(
        StepResult(
            step, None if not (found[step] or looked_at[step]) else not found[step], tuple(found[step])
        )
        for step in Step
    )


def _is_well_formed(claims: Claims | None) -> bool:
    """For a header that is refused before `examine` comes to its claims."""
    if isinstance(claims, ShakenClaims):
        return claims.attest in ATTESTATIONS
    return claims is not None
