"""Each country's rules, case by case: `packs/*.md` name call, verdict and source; here they are tried."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.attestation.inventory import Inventory
from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.canonical import TelephoneNumber, canonical
from gateway.numbers.plans import PLANS
from gateway.numbers.ranges import NumberRange
from gateway.reasons import CREDENTIAL_PENDING, IDENTITY_MISSING, SIGNATURE_INVALID, Finding
from gateway.verdicts.call import Roaming
from gateway.verdicts.policy import CountryPack, Effect, TreatmentPolicy
from gateway.verification.outcome import Outcome
from tests.docs.pages import PROJECT, rows
from tests.verdicts.cases import POLICY, a_call, codes, dno, passed, replace, verdict

FOLDER = Path(__file__).parent / "packs"
VISITOR = TelephoneNumber("447700900999")
FEWEST = 40
OUTCOMES = {
    "signed": passed("A"),
    "bad signature": Outcome.refused(Finding(SIGNATURE_INVALID)),
}
UNSIGNED = Outcome.refused(Finding(IDENTITY_MISSING))


def cases(pack: str) -> list[list[str]]:
    return list(rows((FOLDER / f"{pack}.md").read_text()))


def every_case() -> list[object]:
    return [
        pytest.param(pack, row, id=f"{pack}: {row[-1]} {' '.join(filter(None, row[:5]))}")
        for pack in PLANS
        for row in cases(pack)
    ]


def policy_for(pack: str, orig: str, given: str):
    """The defaults, the country's own switch, and what the operator's files are said to hold."""
    policy = dno(orig) if given == "dno" else POLICY
    policy = replace(policy, treatment=TreatmentPolicy(country_pack=CountryPack(pack)))
    if pack == "fr":
        policy = replace(policy, unauthenticated_number=Effect.BLOCK)
    match given:
        case "assigned":
            # The hundred that the presentation number lies in.
            hundred = NumberRange(TelephoneNumber(f"{orig[:-2]}00"), 100)
            return replace(policy, inventory=Inventory([(hundred, "international-1")]))
        case "listed free" | "listed allocated":
            hundred = NumberRange(TelephoneNumber(f"{orig[:-2]}00"), 100)
            status = BlockStatus(given.removeprefix("listed "))
            block = Block(hundred, Holding(status, "" if given == "listed free" else "Example Ltd", "ofcom"))
            return replace(policy, allocations=Allocations([block]))
        case "home origin":
            return replace(policy, home_origin_trunks=frozenset({"international-1"}))
        case "visitor called":
            return replace(policy, visitor_numbers=(NumberRange(VISITOR),))
        case "" | "dno" | "signed" | "bad signature":
            return policy
    raise ValueError(f"a case is given {given!r}, which nothing here knows")


@pytest.mark.parametrize(("pack", "row"), every_case())
def test_a_call_is_treated_as_its_source_says(pack: str, row: list[str]) -> None:
    path, shown, pai, roaming, given, action, cli, reason, source = row
    dialling = PLANS[pack].dialling
    orig = canonical(shown, dialling)
    call = a_call(
        orig,
        canonical(pai, dialling) if pai else None,
        trunk=f"{path}-1",
        trunk_kind=TrunkKind(path),
        roaming=Roaming(roaming or "unknown"),
        request_uri=VISITOR if given == "visitor called" else None,
    )
    found = verdict(call, OUTCOMES.get(given, UNSIGNED), policy=policy_for(pack, orig, given))
    assert (found.action.value, found.cli.value) == (action, cli), source
    said = [code for code in codes(found) if code not in {"stir.failed", "number.look-alike"}]
    assert (reason in said) if reason != "-" else (said == []), source


@pytest.mark.parametrize("pack", PLANS)
def test_a_pack_has_forty_cases_and_every_one_cites_its_source(pack: str) -> None:
    found = cases(pack)
    assert len(found) >= FEWEST
    assert all(row[-1] for row in found)
    assert len({tuple(row[:5]) for row in found}) == len(found)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_pack_says_from_which_day_it_is_and_from_which_documents(plan) -> None:
    assert dt.date.fromisoformat(plan.version).isoformat() == plan.version
    assert plan.documents
    page = (PROJECT / "docs" / "countries.md").read_text()
    assert f"| `{plan.name}` | {plan.country_code} | {plan.version} |" in page


def test_a_switch_without_a_request_uri_cannot_claim_a_visitor_by_its_to_header() -> None:
    policy = replace(POLICY, visitor_numbers=(NumberRange(VISITOR),))
    call = a_call(
        "442079460123", trunk="international-1", trunk_kind=TrunkKind.INTERNATIONAL, dests=(VISITOR,)
    )
    assert codes(verdict(call, policy=policy)) == ["abroad.home-number"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(UNSIGNED, (428, "Use Identity Header")), (OUTCOMES["bad signature"], (438, "Invalid Identity Header"))],
)
def test_the_interconnects_answer_says_what_was_wrong(outcome, status) -> None:
    policy = replace(policy_for("fr", "33123456789", ""), stir_failed=Effect.NONE)
    found = verdict(a_call("33123456789"), outcome, policy=policy)
    assert (found.treatment.status, found.treatment.phrase) == status


def test_a_certificate_that_has_not_arrived_cuts_no_call() -> None:
    pending = Outcome.refused(Finding(CREDENTIAL_PENDING))
    found = verdict(a_call("33123456789"), pending, policy=policy_for("fr", "33123456789", ""))
    assert found.action.value == "allow"


def test_a_suspect_number_does_not_soften_what_other_rules_lead_to() -> None:
    call = a_call("448441234567", trunk="international-1", trunk_kind=TrunkKind.INTERNATIONAL)
    assert verdict(call).action.value == "block"
