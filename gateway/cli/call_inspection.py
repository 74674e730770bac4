"""A call with its Identity headers, judged as the gateway judges it, each header looked at to the end.

What the gateway answers comes from the rooms that calls go through. What was not given of the call is taken
from its headers, and said: a header pasted alone is held against the numbers it names itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from gateway.cli.inspection import (
    Credential,
    Examination,
    Inspection,
    Parts,
    examine_on,
    inspect,
    nested_parts,
    number,
    read_parts,
)
from gateway.numbers.canonical import DiallingRules, TelephoneNumber, to_e164
from gateway.passport.claims import Claims
from gateway.passport.diversion import DivClaims
from gateway.reasons import Finding
from gateway.verification.call import VerificationRequest
from gateway.verification.conclude import Verification, conclude
from gateway.verification.diversion import Chain
from gateway.verification.examine import ExaminedHeader, examine_each
from gateway.verification.judge import judge
from gateway.verification.outcome import Outcome
from gateway.verification.policy import EVERY_TYPE, VerificationPolicy
from gateway.verification.profile import Profile


class Credentials(Protocol):
    """Certificate chains by their x5u, judged."""

    def at_hand(self, x5u: str) -> Credential | None:
        """The chain, if nothing has to be fetched for it."""

    def get(self, x5u: str) -> Credential:
        """The chain, or why there is none."""


@dataclass(frozen=True, slots=True)
class CallGiven:
    """What was said of the call; None and empty for what was not."""

    time: int | None
    orig: TelephoneNumber | None
    dests: frozenset[TelephoneNumber]
    request_uri: TelephoneNumber | None
    resource_priority: frozenset[str] | None
    priority: str | None


@dataclass(frozen=True, slots=True)
class CallInspection:
    """Everything there is to say of a call's Identity headers."""

    request: VerificationRequest
    """The call, as given or assumed."""
    assumed: tuple[str, ...]
    """Sentences on what was not given."""
    headers: tuple[Inspection, ...]
    """In the order given."""
    verification: Verification
    """The gateway's answer."""
    chain: Chain | Finding | None
    """How the diversions join, or why they do not; None without any."""

    @property
    def passed(self) -> bool:
        """Whether the headers prove all they claim: the number, and every diversion and priority."""
        return all(header.outcome.passport is not None for header in self.verification.headers)


def inspect_call(
    values: Sequence[str],
    given: CallGiven,
    *,
    now: int,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    profile: Profile,
    credentials: Credentials,
) -> CallInspection:
    """Judge a call by its Identity headers; `now` in epoch seconds is the moment it is judged at."""
    read = [read_parts(value) for value in values]
    request, assumed = _assume(read, given, dialling=dialling, now=now)
    requests = [msgspec.structs.replace(request, identity=value) for value in values]
    examined = examine_each(
        requests, policy=policy, dialling=dialling, now=now, accepted=EVERY_TYPE, profile=profile
    )
    inspections: list[Inspection] = []
    outcomes: list[list[Outcome]] = []
    for asked, parts, header in zip(requests, read, examined.headers, strict=True):
        examination = examine_on(
            asked, parts.claims, policy=policy, dialling=dialling, now=now, profile=profile
        )
        found = inspect(asked.identity, parts, examination, _credential(parts, examination, credentials))
        inspections.append(replace(found, nested=_nested(header, examination, credentials)))
        outcomes.append([judge(link, credentials.get(link.x5u).judged, now=now) for link in header.links])
    verification = conclude(examined, outcomes)
    return CallInspection(
        request=request,
        assumed=assumed,
        headers=_in_the_call(inspections, verification),
        verification=verification,
        chain=examined.diversion,
    )


def _credential(parts: Parts, examination: Examination, credentials: Credentials) -> Credential | None:
    """The chain a header names; not fetched where something in the header itself refuses."""
    if examination.examined is not None:
        return credentials.get(examination.examined.x5u)
    if parts.identity is None or parts.identity.info is None:
        return None
    return credentials.at_hand(parts.identity.info)


def _nested(header: ExaminedHeader, outer: Examination, credentials: Credentials) -> tuple[Inspection, ...]:
    """Inspect the PASSporTs within a header that the gateway would judge."""
    return tuple(
        inspect(
            "",
            nested_parts(link.passport),
            replace(outer, findings=(), examined=link),
            credentials.get(link.x5u),
        )
        for link in header.links[1:]
    )


def _in_the_call(inspections: Sequence[Inspection], verification: Verification) -> tuple[Inspection, ...]:
    """Add to each header what refuses it beside the others, where it is not another one's own fault."""
    own = [set(each.findings) for each in inspections]
    inner = {finding for each in inspections for nested in each.nested for finding in nested.findings}
    result: list[Inspection] = []
    for place, (each, answer) in enumerate(zip(inspections, verification.headers, strict=True)):
        of_others = inner.union(*own[:place], *own[place + 1 :])
        added: list[Finding] = []
        if answer.outcome.passport is None and answer.outcome.finding not in own[place] | of_others:
            added.append(answer.outcome.finding)
        examined = each.examination.examined
        elsewhere = None if examined is None else examined.elsewhere
        if elsewhere is not None and verification.diversion is None and elsewhere not in added:
            added.append(elsewhere)
        result.append(replace(each, findings=(*added, *each.findings)))
    return tuple(result)


def _assume(
    read: Sequence[Parts], given: CallGiven, *, dialling: DiallingRules, now: int
) -> tuple[VerificationRequest, tuple[str, ...]]:
    """The call the headers are held against, and what of it was taken from them."""
    signed = [parts.claims for parts in read if parts.claims is not None]
    first = next((claims for claims in signed if not isinstance(claims, DivClaims)), None)
    source = first or (signed[0] if signed else None)
    assumed: list[str] = []
    orig, dests, request_uri = given.orig, given.dests, given.request_uri
    if orig is None:
        orig = number(source.orig, dialling) if source else TelephoneNumber("")
        if source:
            assumed.append(
                f"The calling number was not given: it is taken to be the one signed, {shown(orig)}."
            )
    if not dests:
        dests = frozenset(number(tn, dialling) for tn in source.dest) if source else frozenset()
        if source:
            words = ", ".join(sorted(map(shown, dests))) or shown(TelephoneNumber(""))
            assumed.append(f"The called number was not given: it is taken to be what was signed, {words}.")
    if request_uri is None:
        request_uri = _where_it_leads(signed, dialling)
        if request_uri is not None:
            assumed.append(
                "The Request-URI was not given: it is taken to be where the last diversion leads, "
                f"{shown(request_uri)}."
            )
    if given.time is None:
        assumed.append("The call's time was not given: it is taken to be now.")
    return VerificationRequest(
        orig=orig,
        dests=dests,
        time=now if given.time is None else given.time,
        identity="",
        request_uri=request_uri,
        resource_priority=given.resource_priority,
        priority=given.priority,
    ), tuple(assumed)


def _where_it_leads(signed: Sequence[Claims], dialling: DiallingRules) -> TelephoneNumber | None:
    """The one number that diversions lead to and none leads on from; None where there is no such one."""
    diversions = [claims for claims in signed if isinstance(claims, DivClaims)]
    ends = {number(tn, dialling) for claims in diversions for tn in claims.dest}
    ends -= {number(claims.div, dialling) for claims in diversions} | {TelephoneNumber("")}
    return ends.pop() if len(ends) == 1 else None


def shown(tn: TelephoneNumber) -> str:
    """A number for people, also where what was signed is none."""
    return to_e164(tn) if tn else "(not a telephone number)"
