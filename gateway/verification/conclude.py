"""From the outcome of every PASSporT to what is known of the call: number, diversion, priority, name.

One place for the rules on several headers: RFC 8224 sections 6.2 and 6.2.2 (one valid header is enough),
RFC 8946 section 4.2 (a chain is as good as its worst link, and a PASSporT without `div` may be valid though
the chain is not), RFC 8443 (priority apart from the number), RFC 9795 (the name follows the number).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.ppt import Ppt
from gateway.passport.rich_call_data import RcdClaims
from gateway.reasons import RCD_THIRD_PARTY, TN_UNSIGNED, VERIFIED, Finding, Verstat
from gateway.verification.combine import combine
from gateway.verification.diversion import DIVERSIONS
from gateway.verification.examine import ExaminedCall, ExaminedHeader
from gateway.verification.outcome import Outcome
from gateway.verification.priority import Priority, judge_priority
from gateway.verification.rich import ProvenData, prove


class HeaderResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one Identity header."""

    token: str
    """As received; empty when it could not be read."""
    ppt: Ppt | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Diversion:
    """What became of the call's diversions as a whole."""

    verstat: Verstat
    finding: Finding
    """`stir.passed`, or what the chain broke on."""
    diverted: tuple[TelephoneNumber, ...] = ()
    """The numbers diverted from, the first one first; empty unless they are proven."""


class Verification(msgspec.Struct, frozen=True, gc=False):
    """All that a call's Identity headers prove."""

    outcome: Outcome
    """For the calling number: the `verstat`, and the PASSporT it comes from."""
    headers: tuple[HeaderResult, ...]
    """One for each Identity header, in the order received."""
    diversion: Diversion | None = None
    priority: Priority | None = None
    rich: ProvenData | Finding | None = None
    """A Finding says why there is rich call data that is not believed."""


def conclude(call: ExaminedCall, outcomes: Sequence[Sequence[Outcome]]) -> Verification:
    """Put together what `judge` said of every link of every header, in the same order."""
    judged = [_of_header(header, links) for header, links in zip(call.headers, outcomes, strict=True)]
    diversion = _diversion(call, judged)
    outcome = _for_number(call, judged, diversion)
    results = tuple(
        [
            HeaderResult(header.token, header.ppt, _in_the_call(header, each, outcome, diversion))
            for header, each in zip(call.headers, judged, strict=True)
        ]
    )
    return Verification(
        outcome=outcome,
        headers=results,
        diversion=diversion or _nested_diversion(call, judged),
        priority=judge_priority([each.outcome for each in results if each.ppt is Ppt.RPH]),
        rich=_rich(outcome, [each.outcome for each in results if each.ppt is Ppt.RCD]),
    )


def _of_header(header: ExaminedHeader, links: Sequence[Outcome]) -> Outcome:
    """What all links of one header come to: the PASSporT without diversion, or the first that is refused."""
    if header.finding is not None:
        return Outcome.refused(header.finding)
    return next((each for each in links if each.passport is None), links[-1])


def _diversion(call: ExaminedCall, judged: Sequence[Outcome]) -> Diversion | None:
    """Every signature of the chain counts, with that of the PASSporT before it (RFC 8946 4.2 step 5)."""
    chain = call.diversion
    if chain is None:
        return None
    if isinstance(chain, Finding):
        return _broken(Outcome.refused(chain))
    before = [
        each for header, each in zip(call.headers, judged, strict=True) if _leads_to(header, chain.start)
    ]
    for each in (*(judged[place] for place in chain.places), combine(before)):
        if each.passport is None:
            return _broken(each)
    return Diversion(Verstat.TN_VALIDATION_PASSED, Finding(VERIFIED), chain.diverted)


def _leads_to(header: ExaminedHeader, start: TelephoneNumber) -> bool:
    return bool(header.links) and header.ppt not in DIVERSIONS and start in header.links[0].dests


def _holds(diversion: Diversion | None) -> bool:
    return diversion is not None and diversion.verstat is Verstat.TN_VALIDATION_PASSED


def _broken(outcome: Outcome) -> Diversion:
    return Diversion(outcome.verstat, outcome.finding)


def _nested_diversion(call: ExaminedCall, judged: Sequence[Outcome]) -> Diversion | None:
    """The same of the first `div-o`, whose chain is its own."""
    for header, each in zip(call.headers, judged, strict=True):
        if header.ppt is Ppt.DIV_O:
            if each.passport is None:
                return _broken(each)
            diverted = tuple([link.tn for link in reversed(header.links[:-1])])
            return Diversion(Verstat.TN_VALIDATION_PASSED, Finding(VERIFIED), diverted)
    return None


def _for_number(call: ExaminedCall, judged: Sequence[Outcome], diversion: Diversion | None) -> Outcome:
    """Combine the headers that speak for the calling number, the broken chain in place of what it broke."""
    speaking: list[Outcome] = []
    is_broken = diversion is not None and not _holds(diversion)
    if diversion is not None and is_broken:
        speaking.append(Outcome.refused(diversion.finding))
    for header, each in zip(call.headers, judged, strict=True):
        if header.ppt in (Ppt.RPH, Ppt.DIV) or _is_third_party(each):
            continue
        if is_broken and header.links and header.links[0].elsewhere is not None:
            continue
        speaking.append(each)
    if call.headers and not speaking:
        return Outcome.refused(Finding(TN_UNSIGNED))
    return combine(speaking)


def _is_third_party(outcome: Outcome) -> bool:
    claims = None if outcome.passport is None else outcome.passport.claims
    return isinstance(claims, RcdClaims) and claims.rcd.iss is not None


def _in_the_call(
    header: ExaminedHeader, outcome: Outcome, for_number: Outcome, diversion: Diversion | None
) -> Outcome:
    """What a header that passed by itself comes to beside the others."""
    if outcome.passport is None:
        return outcome
    elsewhere = header.links[0].elsewhere
    if header.ppt not in DIVERSIONS and elsewhere is not None and not _holds(diversion):
        return Outcome.refused(elsewhere)
    if _is_third_party(outcome) and for_number.passport is None:
        return Outcome.refused(Finding(RCD_THIRD_PARTY))
    return outcome


def _rich(for_number: Outcome, rcd: Sequence[Outcome]) -> ProvenData | Finding | None:
    """The first rich call data that holds: of an `rcd` PASSporT, else of the one the number comes from."""
    problem: Finding | None = None
    for outcome in (*rcd, for_number):
        if outcome.passport is not None:
            proven = prove(outcome.passport)
            if isinstance(proven, ProvenData):
                return proven
            problem = problem or proven
    return problem
