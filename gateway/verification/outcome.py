"""What verification says of one Identity header: a verstat, and everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.certificates.chain import ValidatedChain
from gateway.passport.claims import ShakenClaims
from gateway.passport.passport import UnverifiedPassport, VerifiedPassport
from gateway.reasons import VERIFIED, Finding, Verstat


@dataclass(frozen=True, slots=True)
class Examined:
    """An Identity header that is well formed, fresh and about this call, but not yet verified.

    Nothing in it may allow anything: who signed it is still unknown.
    """

    passport: UnverifiedPassport
    claims: ShakenClaims
    x5u: str
    """Where the certificate chain is; letter by letter the `info` parameter."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of verification; `passport` and `chain` are there only when it passed."""

    verstat: Verstat
    finding: Finding
    """Why: the first check that failed, or `stir.passed`."""
    warnings: tuple[Finding, ...] = ()
    passport: VerifiedPassport | None = None
    chain: ValidatedChain | None = None

    @classmethod
    def refused(cls, finding: Finding) -> Outcome:
        """The outcome that a refusing finding stands for; its row in `reasons.py` names the verstat."""
        if finding.reason.verstat is None:
            raise ValueError(f"{finding.reason.code} does not refuse")
        return cls(verstat=finding.reason.verstat, finding=finding)

    @classmethod
    def passed(cls, passport: VerifiedPassport, chain: ValidatedChain) -> Outcome:
        """Everything fitted."""
        return cls(
            verstat=Verstat.TN_VALIDATION_PASSED,
            finding=Finding(VERIFIED),
            warnings=chain.warnings,
            passport=passport,
            chain=chain,
        )
