"""`policy.toml`: what each finding does to a call, read into the slices of the rooms that decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, Strict

from gateway.attestation.decide import Attestation, AttestationPolicy
from gateway.generation.environment import Overrides
from gateway.generation.numbers_read import check_range, read_number, read_range
from gateway.generation.problem import Problem
from gateway.generation.registry_table import RegistryTable, registry_policy, registry_problems
from gateway.generation.toml_file import List, Table, TomlFile, check_table, parse_toml
from gateway.numbers.canonical import NumberError, is_international
from gateway.registry.policy import RegistryPolicy
from gateway.reputation.traffic import TrafficLimits
from gateway.verdicts.policy import (
    CountryPack,
    Effect,
    EmergencyPolicy,
    NeighbourPolicy,
    Redress,
    ReplayPolicy,
    ReputationPolicy,
    TreatmentPolicy,
    UnknownRoaming,
    VerdictPolicy,
)

POLICY_FILE: Final = "policy.toml"
# What a switch copies into SIP is held to signs that cannot end a header or a parameter.
_SIP_URI: Final = re.compile(r"sips?:([A-Za-z0-9._~!$&'()*+=%-]{1,64}@)?[A-Za-z0-9.\[\]:-]{1,253}")
_HTTPS_URL: Final = re.compile(r"https://[A-Za-z0-9._~:/@!$&()*+,=%-]{1,500}")
_TEL: Final = re.compile(r"\+[0-9]{7,15}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}")


def _check_screening(text: str) -> str:
    if text and _SIP_URI.fullmatch(text) is None:
        raise ValueError('is not a URI such as "sip:screening@example.org"')
    return text


def _check_url(text: str) -> str:
    if text and _HTTPS_URL.fullmatch(text) is None:
        raise ValueError('is not an address such as "https://example.org/blocked"')
    return text


def _check_tel(text: str) -> str:
    if text and _TEL.fullmatch(text) is None:
        raise ValueError('is not a number such as "+442079460123"')
    return text


def _check_email(text: str) -> str:
    if text and _EMAIL.fullmatch(text) is None:
        raise ValueError('is not an address such as "blocked@example.org"')
    return text


def _check_emergency(text: str) -> str:
    try:
        tn = read_number(text)
    except NumberError as error:
        raise ValueError(f"is not a number: {error.problem}") from None
    if is_international(tn) or not tn.isdigit():
        raise ValueError("is not a short number as dialled, such as 999; full numbers go to psap_numbers")
    return tn


EffectKey = Annotated[Effect, Strict(strict=False), Field(title="an effect")]
Score = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]


class AttestationTable(Table):
    """`[attestation]`."""

    when_no_right: Literal["lower", "refuse"] = Field(default="lower", title="a choice here")
    without_right: Literal["B", "C"] = Field(default="B", title="a choice here")
    registrations_hold_seconds: int = Field(default=3600, ge=60, le=30 * 86_400)


class VerdictTable(Table):
    """`[verdict]`: a rule's effect each."""

    stir_failed: EffectKey = Effect.LABEL
    dno: EffectKey = Effect.BLOCK
    brand: EffectKey = Effect.BLOCK
    invalid_number: EffectKey = Effect.BLOCK
    unallocated_number: EffectKey = Effect.BLOCK
    suspect_number: EffectKey = Effect.LABEL
    unauthenticated_number: EffectKey = Effect.NONE
    home_number_from_abroad: EffectKey = Effect.BLOCK
    home_mobile_not_roaming: EffectKey = Effect.BLOCK
    home_mobile_roaming_unknown: Annotated[
        UnknownRoaming, Strict(strict=False), Field(title="a choice here")
    ] = UnknownRoaming.WITHHOLD
    visitor_numbers: List[Annotated[str, AfterValidator(check_range)]] = ()
    reputation_label_at: Score | None = None
    reputation_challenge_at: Score | None = None
    reputation_block_at: Score | None = None
    neighbours_label_at: Score | None = None
    neighbours_challenge_at: Score | None = None
    traffic: EffectKey = Effect.LABEL
    honeypot: EffectKey = Effect.LABEL
    replay: EffectKey = Effect.NONE
    replay_label_beyond: int = Field(default=4, ge=1, le=1000)


class TrafficTable(Table):
    """`[traffic]`: from where on calls are not a person's."""

    window_seconds: int = Field(default=600, ge=10, le=86_400)
    called_numbers: int = Field(default=20, ge=2, le=100_000)
    short_share: Score = 0.75
    honeypot_numbers: int = Field(default=2, ge=1, le=1000)


class TreatmentTable(Table):
    """`[treatment]`."""

    country_pack: Annotated[CountryPack, Strict(strict=False), Field(title="a country pack")] = CountryPack.UK
    screening_uri: Annotated[str, AfterValidator(_check_screening)] = ""
    redress_url: Annotated[str, AfterValidator(_check_url)] = ""
    redress_tel: Annotated[str, AfterValidator(_check_tel)] = ""
    redress_email: Annotated[str, AfterValidator(_check_email)] = ""


class EmergencyTable(Table):
    """`[emergency]`."""

    numbers: List[Annotated[str, AfterValidator(_check_emergency)]] = Field(
        default=("112", "911", "999"), description="the numbers that are never blocked or challenged"
    )
    psap_numbers: List[Annotated[str, AfterValidator(check_range)]] = ()


class ReloadTable(Table):
    """What a reload may change without an operator's explicit word."""

    most_newly_blocked_percent: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] = 1.0
    probation_seconds: int = Field(default=600, ge=0, le=86_400)
    watch: bool = False


class PolicyFile(Table):
    """The whole of `policy.toml` with the environment laid over it."""

    attestation: AttestationTable = AttestationTable()
    verdict: VerdictTable = VerdictTable()
    traffic: TrafficTable = TrafficTable()
    treatment: TreatmentTable = TreatmentTable()
    emergency: EmergencyTable = EmergencyTable()
    registry: RegistryTable = RegistryTable()
    reload: ReloadTable = ReloadTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadPolicy:
    """What a policy says of those that follow it."""

    most_newly_blocked_percent: float
    """Of recent calls that are let through: how many the next one may block unasked."""
    probation_seconds: int
    """How long the next one is held against this one over the same calls; 0: not at all."""
    watch: bool
    """Whether a change of the files is enough for a reload."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The slices of the file, still without the lists of other files."""

    attestation: AttestationPolicy
    verdict: VerdictPolicy
    registry: RegistryPolicy
    reload: ReloadPolicy


def read_policy(data: bytes, overrides: Overrides) -> Policies | list[Problem]:
    """Read the file with the overrides laid over it, or say everything that is wrong."""
    file = parse_toml(POLICY_FILE, data)
    if isinstance(file, Problem):
        return [file]
    table = check_table(PolicyFile, file, overrides)
    if isinstance(table, list):
        return table
    problems = _contradictions(table, file)
    return problems or Policies(
        attestation=AttestationPolicy(
            when_no_right=table.attestation.when_no_right,
            without_right=Attestation(table.attestation.without_right),
            registrations_hold_seconds=table.attestation.registrations_hold_seconds,
        ),
        verdict=_verdict(table),
        registry=registry_policy(table.registry),
        reload=ReloadPolicy(
            most_newly_blocked_percent=table.reload.most_newly_blocked_percent,
            probation_seconds=table.reload.probation_seconds,
            watch=table.reload.watch,
        ),
    )


_THRESHOLDS: Final = (
    ("reputation_label_at", "reputation_challenge_at", "reputation_block_at"),
    ("neighbours_label_at", "neighbours_challenge_at"),
)
"""Each from the mildest to the hardest."""


def _contradictions(table: PolicyFile, file: TomlFile) -> list[Problem]:
    """What no single key can know."""
    verdict, treatment = table.verdict, table.treatment
    problems = registry_problems(table.registry, file)
    challenging = [key for key, value in verdict if value is Effect.CHALLENGE]
    if verdict.reputation_challenge_at is not None:
        challenging.append("reputation_challenge_at")
    if verdict.neighbours_challenge_at is not None:
        challenging.append("neighbours_challenge_at")
    if challenging and not treatment.screening_uri:
        message = "makes calls be challenged, and [treatment] screening_uri does not say where they are sent"
        problems += [file.problem(("verdict", key), message) for key in challenging]
    for keys in _THRESHOLDS:
        given = [(key, score) for key in keys if (score := getattr(verdict, key)) is not None]
        for (milder, low), (harder, high) in pairwise(given):
            if low > high:
                message = f"{low} is above {harder} = {high}, so that it would never be reached"
                problems.append(file.problem(("verdict", milder), message))
    redress = treatment.redress_url or treatment.redress_tel or treatment.redress_email
    by_analytics = [key for key in ("traffic", "honeypot") if getattr(verdict, key) is Effect.BLOCK]
    if verdict.reputation_block_at is not None:
        by_analytics.append("reputation_block_at")
    if treatment.country_pack is CountryPack.NANP and by_analytics and not redress:
        # 47 CFR 64.1200(k) and ATIS-1000099: blocking by analytics names a contact, or does not happen.
        message = (
            "blocks by analytics under the nanp country pack, which needs a redress contact: "
            "redress_url, redress_tel or redress_email in [treatment]"
        )
        problems += [file.problem(("verdict", key), message) for key in by_analytics]
    if not table.emergency.numbers:
        message = "is empty: calls for help must be known as such"
        problems.append(file.problem(("emergency", "numbers"), message))
    return problems


def _verdict(table: PolicyFile) -> VerdictPolicy:
    verdict, treatment = table.verdict, table.treatment
    return VerdictPolicy(
        stir_failed=verdict.stir_failed,
        dno=verdict.dno,
        brand=verdict.brand,
        invalid_number=verdict.invalid_number,
        unallocated_number=verdict.unallocated_number,
        suspect_number=verdict.suspect_number,
        unauthenticated_number=verdict.unauthenticated_number,
        home_number_from_abroad=verdict.home_number_from_abroad,
        home_mobile_not_roaming=verdict.home_mobile_not_roaming,
        home_mobile_roaming_unknown=verdict.home_mobile_roaming_unknown,
        visitor_numbers=tuple(read_range(text) for text in verdict.visitor_numbers),
        reputation=ReputationPolicy(
            label_at=verdict.reputation_label_at,
            challenge_at=verdict.reputation_challenge_at,
            block_at=verdict.reputation_block_at,
        ),
        neighbours=NeighbourPolicy(
            label_at=verdict.neighbours_label_at, challenge_at=verdict.neighbours_challenge_at
        ),
        suspicious_traffic=verdict.traffic,
        honeypot=verdict.honeypot,
        traffic=TrafficLimits(
            window_seconds=table.traffic.window_seconds,
            called_numbers=table.traffic.called_numbers,
            short_share=table.traffic.short_share,
            honeypot_numbers=table.traffic.honeypot_numbers,
        ),
        replay=ReplayPolicy(effect=verdict.replay, label_beyond=verdict.replay_label_beyond),
        treatment=TreatmentPolicy(
            country_pack=treatment.country_pack,
            redress=Redress(
                url=treatment.redress_url or None,
                tel=treatment.redress_tel or None,
                email=treatment.redress_email or None,
            ),
            screening_uri=treatment.screening_uri or None,
        ),
        emergency=EmergencyPolicy(
            numbers=frozenset(read_number(text) for text in table.emergency.numbers),
            psap_numbers=tuple(read_range(text) for text in table.emergency.psap_numbers),
        ),
    )
