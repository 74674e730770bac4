"""A recorded call's verdict under another policy: at its recorded time, with its recorded evidence.

Nothing is looked up and no signature is checked again: what was known of the call then is what the rules are
asked about. So two policies differ in their verdict by the policies alone.
"""

from __future__ import annotations

from typing import cast

from gateway.journal import Grounds, Record
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import REASONS, Finding, Verstat
from gateway.verdicts.call import Call, Roaming
from gateway.verdicts.decide import decide
from gateway.verdicts.policy import VerdictPolicy
from gateway.verdicts.verdict import Verdict
from gateway.verification.outcome import Outcome
from gateway.verification.priority import Priority, PriorityVerstat


def judge_again(record: Record, policy: VerdictPolicy) -> Verdict | None:
    """Give the verdict on a recorded call under `policy`; None where no verdict was asked for.

    None also where the record speaks of a reason that this release does not know.
    """
    grounds = record.grounds
    reason = REASONS.get(record.reason)
    if grounds is None or record.verstat is None or reason is None:
        return None
    outcome = Outcome(
        verstat=Verstat(record.verstat),
        finding=Finding(reason, *grounds.finding),
        attest=record.attest,
        origid=grounds.origid,
    )
    return decide(
        call_of(record, grounds),
        outcome,
        grounds.known,
        policy,
        now=int(record.time),
        priority=_priority(grounds),
    )


def call_of(record: Record, grounds: Grounds) -> Call:
    """The call as the rules saw it."""
    return Call(
        id=record.call_id,
        trunk=record.trunk,
        trunk_kind=grounds.trunk_kind,
        time=record.call_time,
        orig=cast("TelephoneNumber | None", record.orig),
        network_tn=cast("TelephoneNumber | None", record.network_tn),
        dests=cast("tuple[TelephoneNumber, ...]", record.dests),
        anonymous=record.anonymous,
        roaming=Roaming(record.roaming),
        request_uri=cast("TelephoneNumber | None", grounds.request_uri),
        resource_priority=grounds.resource_priority,
        priority=grounds.priority,
    )


def _priority(grounds: Grounds) -> Priority | None:
    if grounds.proven is None:
        return None
    verstat, code, auth, sph = grounds.proven
    reason = REASONS.get(code)
    if reason is None:
        return None
    return Priority(PriorityVerstat(verstat), Finding(reason), auth, sph)
