"""What verification says of one PASSporT: a verstat, and everything that led to it."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.certificates.chain import ValidatedChain
from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.claims import Claims, ShakenClaims
from gateway.passport.passport import UnverifiedPassport, VerifiedPassport
from gateway.passport.ppt import Ppt
from gateway.reasons import VERIFIED, Finding, Verstat

_VERIFIED: Final = Finding(VERIFIED)


class Examined(msgspec.Struct, frozen=True, gc=False):
    """A PASSporT that is well formed, fresh and about this call, but not yet verified.

    Nothing in it may allow anything: who signed it is still unknown.
    """

    passport: UnverifiedPassport
    claims: Claims
    x5u: str
    """Where the certificate chain is; letter by letter the `info` parameter."""
    ppt: Ppt
    tn: TelephoneNumber
    """The number its signer must be allowed to speak for: `orig`, or `div` in a diversion; canonical."""
    dests: frozenset[TelephoneNumber]
    """`dest.tn` in canonical form; empty when a member is no number."""
    elsewhere: Finding | None = None
    """Set when `dest` is not who is being called: good only where a chain of diversions leads on from it."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The result of verification; `passport` and `chain` are there only when it passed."""

    verstat: Verstat
    finding: Finding
    """Why: the first check that failed, or `stir.passed`."""
    warnings: tuple[Finding, ...] = ()
    passport: VerifiedPassport | None = None
    chain: ValidatedChain | None = None
    attest: str | None = None
    """The attestation, when a `shaken` PASSporT passed: `A`, `B` or `C`."""
    origid: str | None = None
    """The origination id, when a `shaken` PASSporT passed."""

    @classmethod
    def refused(cls, finding: Finding) -> Outcome:
        """The outcome that a refusing finding stands for; its row in `reasons.py` names the verstat."""
        if finding.reason.verstat is None:
            raise ValueError(f"{finding.reason.code} does not refuse")
        return cls(verstat=finding.reason.verstat, finding=finding)

    @classmethod
    def passed(
        cls, passport: VerifiedPassport, chain: ValidatedChain, warnings: tuple[Finding, ...]
    ) -> Outcome:
        """Everything fitted; `warnings` are what is to be said of the chain all the same."""
        shaken = passport.claims if isinstance(passport.claims, ShakenClaims) else None
        return cls(
            verstat=Verstat.TN_VALIDATION_PASSED,
            finding=_VERIFIED,
            warnings=warnings,
            passport=passport,
            chain=chain,
            attest=None if shaken is None else shaken.attest,
            origid=None if shaken is None else shaken.origid,
        )
