"""A whole path's revocation as time goes on: fresh, overdue, missing, unknown."""

from __future__ import annotations

import pytest
from cryptography import x509

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.revocation_state import WEEK_SECONDS, ChainRevocation, RevocationPolicy
from gateway.certificates.trust import Trust, build_trust
from gateway.reasons import (
    REVOCATION_OUTDATED,
    REVOCATION_OVERDUE,
    REVOCATION_PENDING,
    REVOCATION_UNKNOWN,
    REVOCATION_UNOBTAINABLE,
    Verstat,
)
from tests import pki
from tests.certificates.extensions import believed
from tests.pki import DAY, NOW

PKI = pki.make_pki()
CRL_ISSUER = pki.make_crl_issuer()
WAIT = RevocationPolicy(wait_for_missing=True)
REFUSE = RevocationPolicy(wait_for_missing=True, refuse_unobtainable=True)


def trust_of(*crls: bytes, policy: RevocationPolicy | None = None) -> Trust:
    trust = build_trust(
        anchors=[("root.pem", PKI.root.pem)],
        crl_issuers=[("issuer.pem", CRL_ISSUER.pem)],
        crls=[(f"{number}.crl", crl) for number, crl in enumerate(crls)],
        revocation=policy,
    )
    assert isinstance(trust, Trust)
    return trust


def chain(*crls: bytes, policy: RevocationPolicy | None = None, leaf: pki.Issued = PKI.leaf):
    return believed(leaf, PKI.intermediate, trust=trust_of(*crls, policy=policy))


def without_list(*crls: bytes, policy: RevocationPolicy, unobtainable=()):
    """What becomes of a chain whose list is not at hand."""
    served = parse_chain(PKI.chain_pem)
    return validate(served, trust_of(*crls, policy=policy), NOW, unobtainable=unobtainable)


def reason_at(revocation: ChainRevocation, now: int):
    finding = revocation.judge(now)
    return None if finding is None else finding.reason


def test_a_list_going_overdue_is_noticed_without_validating_again():
    found = chain(pki.make_crl(CRL_ISSUER, this_update=NOW - DAY, next_update=NOW + DAY))
    assert found.revocation.fresh_until == NOW + DAY
    assert found.missing_lists == ()
    at = found.revocation
    assert [reason_at(at, now) for now in (NOW - DAY, NOW, NOW + DAY)] == [None, None, None]
    assert reason_at(at, NOW + DAY + 1) is REVOCATION_OVERDUE
    assert reason_at(at, NOW + DAY + WEEK_SECONDS) is REVOCATION_OVERDUE
    assert reason_at(at, NOW + DAY + WEEK_SECONDS + 1) is REVOCATION_OUTDATED
    assert reason_at(at, NOW - DAY - 1) is REVOCATION_UNKNOWN


def test_the_age_of_an_overdue_list_is_told():
    at = ChainRevocation(RevocationPolicy(), 0, 100)
    assert [at.judge(now) for now in (99, 100)] == [None, None]
    assert [at.judge(now).detail for now in (101, 160)] == ["overdue by 1 s", "overdue by 60 s"]
    assert ChainRevocation(RevocationPolicy()).judge(10**10) is None


def test_the_grace_is_the_operators():
    at = ChainRevocation(RevocationPolicy(overdue_grace_seconds=0), 0, 100)
    assert [reason_at(at, now) for now in (100, 101)] == [None, REVOCATION_OUTDATED]


def test_the_window_is_the_narrowest_of_all_lists():
    users = pki.make_crl(CRL_ISSUER, point=pki.issuing_point(indirect=True, users=True), this_update=NOW - 50)
    authorities = pki.make_crl(
        CRL_ISSUER, point=pki.issuing_point(indirect=True, authorities=True), next_update=NOW + 70
    )
    for lists in ((users, authorities), (authorities, users)):
        revocation = chain(*lists).revocation
        assert (revocation.fresh_from, revocation.fresh_until) == (NOW - 50, NOW + 70)


def test_of_several_lists_for_one_certificate_the_longest_counts():
    short = pki.make_crl(CRL_ISSUER, next_update=NOW + 10)
    long = pki.make_crl(CRL_ISSUER, next_update=NOW + 20)
    for lists in ((short, long), (long, short)):
        assert chain(*lists).revocation.fresh_until == NOW + 20


def test_a_list_that_was_never_seen_is_missing_and_named():
    found = chain()
    assert [missing.url for missing in found.missing_lists] == [pki.CRL_URL]
    assert found.revocation.fresh_until is None
    assert reason_at(found.revocation, NOW) is None
    assert {one.reason for one in found.warnings} == {REVOCATION_UNKNOWN}


@pytest.mark.parametrize("policy", [WAIT, REFUSE])
def test_where_lists_are_fetched_a_missing_one_refuses_until_it_came(policy):
    waiting = without_list(policy=policy)
    assert isinstance(waiting, Refusal)
    assert waiting.retry
    assert [finding.reason for finding in waiting.findings] == [REVOCATION_PENDING]
    [missing] = waiting.missing_lists
    assert (missing.url, missing.issuer_der) == (pki.CRL_URL, PKI.intermediate.der)
    assert reason_at(chain(pki.make_crl(CRL_ISSUER), policy=policy).revocation, NOW) is None


def test_what_cannot_be_had_is_no_longer_waited_for():
    found = without_list(policy=WAIT, unobtainable={pki.CRL_URL})
    assert isinstance(found, ValidatedChain)
    assert [missing.url for missing in found.missing_lists] == [pki.CRL_URL]
    assert {one.reason for one in found.warnings} == {REVOCATION_UNKNOWN}
    assert isinstance(without_list(policy=WAIT, unobtainable={"https://crl.example.org/other"}), Refusal)


@pytest.mark.parametrize("policy", [REFUSE, RevocationPolicy(refuse_unobtainable=True)])
def test_policy_may_refuse_what_cannot_be_had(policy):
    refused = without_list(policy=policy, unobtainable=[pki.CRL_URL])
    assert isinstance(refused, Refusal)
    assert refused.retry
    assert [finding.reason for finding in refused.findings] == [REVOCATION_UNOBTAINABLE]
    assert [missing.url for missing in refused.missing_lists] == [pki.CRL_URL]


def test_one_missing_list_of_two_is_enough_to_wait():
    users = pki.make_crl(CRL_ISSUER, point=pki.issuing_point(indirect=True, users=True))
    found = without_list(users, policy=WAIT)
    assert isinstance(found, Refusal)
    [missing] = found.missing_lists
    assert (missing.url, missing.issuer_der) == (pki.CRL_URL, PKI.root.der)


def test_a_certificate_that_points_nowhere_is_not_waited_for():
    leaf = pki.make_leaf(PKI.intermediate, without=[x509.CRLDistributionPoints])
    found = chain(pki.make_crl(CRL_ISSUER), policy=WAIT, leaf=leaf)
    assert found.missing_lists == ()
    assert reason_at(found.revocation, NOW) is None
    assert REVOCATION_UNKNOWN in {one.reason for one in found.warnings}


@pytest.mark.parametrize("reason", [REVOCATION_PENDING, REVOCATION_UNOBTAINABLE, REVOCATION_OUTDATED])
def test_what_refuses_is_no_failure_of_the_caller(reason):
    assert reason.verstat is Verstat.NO_TN_VALIDATION
    assert reason.case == "E8"


@pytest.mark.parametrize("reason", [REVOCATION_OVERDUE, REVOCATION_UNKNOWN])
def test_what_warns_does_not_refuse(reason):
    assert reason.verstat is None
