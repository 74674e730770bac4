"""What is known of a whole path's revocation, and what follows from it for a call at a given moment.

Looked up once with the chain (`gateway.certificates.revocation`); from call to call only the time changes,
and a list that goes overdue is noticed by one comparison, without a new generation. Four states:

    fresh     every certificate below the anchor is vouched for by a list that is in its dates
    overdue   a list has passed its nextUpdate: it is used on for the grace the operator declared, with a
              warning, and then no longer (RFC 5280 section 6.3.3 leaves that to local policy)
    missing   a certificate points to a list that is not at hand: worth this call's waiting where lists are
              fetched, for until it came nobody knows (E8); said when the chain was validated
    unknown   a certificate that points nowhere, or whose lists cannot vouch: said when it was validated
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.reasons import REVOCATION_OUTDATED, REVOCATION_OVERDUE, REVOCATION_UNKNOWN, Finding

WEEK_SECONDS: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """The operator's slice, one for each trust domain."""

    overdue_grace_seconds: int = WEEK_SECONDS
    """How long past its nextUpdate a list still vouches, with a warning. A week is a holiday season and a
    repair; a shorter one turns the outage of one server into the loss of every signature."""
    wait_for_missing: bool = False
    """Whether a call waits for a list that was never seen, and is answered E8 without it. False where nobody
    fetches lists: then what becomes of it is said by `refuse_unobtainable` at once."""
    refuse_unobtainable: bool = False
    """Whether a certificate is refused (E8) while a list it points to cannot be had. False: it passes with a
    warning, so that the outage of one server at a gateway's first start does not cost every signature."""


@dataclass(frozen=True, slots=True)
class ChainRevocation:
    """Of all certificates below the anchor together, as far as lists vouch. Times are epoch seconds."""

    policy: RevocationPolicy
    fresh_from: int = 0
    fresh_until: int | None = None
    """When the lists that vouch are in their dates, both ends included; None when none vouches."""

    def judge(self, now: int) -> Finding | None:
        """Say what there is to say at `now`: None when nothing is.

        The finding refuses when its reason has a verstat (REVOCATION_OUTDATED); else it is a warning
        (REVOCATION_OVERDUE, REVOCATION_UNKNOWN).
        """
        if self.fresh_until is None or self.fresh_from <= now <= self.fresh_until:
            return None
        if now < self.fresh_from:
            # The lists were in their dates when the chain was validated: the clock has gone back.
            return Finding(REVOCATION_UNKNOWN, "its revocation list is dated in the future")
        overdue = now - self.fresh_until
        over = overdue > self.policy.overdue_grace_seconds
        return Finding(REVOCATION_OUTDATED if over else REVOCATION_OVERDUE, f"overdue by {overdue} s")
