"""What is asked of a trusted chain for each call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.certificates.chain import Refusal
from gateway.certificates.use import believed_among, judge_use, warnings_at
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import (
    CERTIFICATE_DOMAIN,
    CERTIFICATE_UNTRUSTED,
    CONSTRAINTS_BROKEN,
    DELEGATE_SHAKEN,
    DELEGATE_TYPE,
    REVOCATION_OUTDATED,
    REVOCATION_OVERDUE,
    REVOCATION_UNKNOWN,
    TN_UNAUTHORISED,
    X5U_FORBIDDEN,
    Finding,
    Verstat,
)
from tests import pki
from tests.certificates.extensions import (
    PROVIDER,
    ROOT,
    believed,
    constraints,
    constraints_der,
    delegate,
    trust_in,
)
from tests.pki import DAY, NOW

X5U = "https://certs.example.org/a/leaf.pem"
TN = TelephoneNumber("12155550100")
OTHER_TN = TelephoneNumber("12155550199")
DELEGATE = delegate(PROVIDER, "12155550100+10")


def reason(chain, **how):
    call = {"ppt": "shaken", "tn": TN, "claims": {"iat": NOW, "attest": "A"}, "x5u": X5U, "now": NOW, **how}
    finding = judge_use(chain, **call)
    if finding is None:
        return None
    assert finding.reason.verstat in {Verstat.TN_VALIDATION_FAILED, Verstat.NO_TN_VALIDATION}
    return finding.reason


def test_a_providers_chain_stands_behind_every_number():
    chain = believed(pki.make_leaf(ROOT))
    for tn in (TN, OTHER_TN, None):
        assert reason(chain, tn=tn) is None


def test_a_chain_is_believed_only_among_the_domains_that_are_named():
    chain = replace(believed(pki.make_leaf(ROOT)), domain="france")
    for domains in (frozenset(), frozenset({"france"}), frozenset({"default", "france"})):
        assert believed_among(domains, chain) is chain
    refused = believed_among(frozenset({"default"}), chain)
    assert refused == Refusal((Finding(CERTIFICATE_DOMAIN, "it belongs to the trust domain france"),))
    for other in (Refusal((Finding(CERTIFICATE_UNTRUSTED),)), Finding(X5U_FORBIDDEN)):
        assert believed_among(frozenset({"default"}), other) is other


def test_a_delegates_chain_stands_behind_its_numbers_and_types():
    chain = believed(DELEGATE, PROVIDER)
    assert reason(chain, ppt=None) is None
    assert reason(chain, ppt="rcd") is None
    assert reason(chain, ppt=None, tn=OTHER_TN) is TN_UNAUTHORISED
    assert reason(chain, ppt=None, tn=None) is TN_UNAUTHORISED
    assert reason(chain) is DELEGATE_SHAKEN
    assert reason(chain, ppt="rph") is DELEGATE_TYPE


def test_a_domain_may_let_delegates_sign_shaken():
    chain = believed(DELEGATE, PROVIDER, trust=trust_in(ROOT, allow_delegate_shaken=True))
    assert reason(chain) is None
    assert reason(chain, tn=OTHER_TN) is TN_UNAUTHORISED


def test_the_claims_are_held_against_the_constraints():
    leaf = pki.make_leaf(ROOT, extra=[constraints(constraints_der(permitted={"attest": ["A"]}))])
    chain = believed(leaf)
    assert reason(chain) is None
    assert reason(chain, claims={"iat": NOW, "attest": "B"}) is CONSTRAINTS_BROKEN


@pytest.mark.parametrize(
    ("x5u", "expected"),
    [
        (X5U, None),
        ("https://certs.example.org/b.pem", X5U_FORBIDDEN),
        ("https://certs.example.org.example.com/a/b.pem", X5U_FORBIDDEN),
        ("https://certs.example.org:8443/a/b.pem", X5U_FORBIDDEN),
        ("https://other.example.org/a/b.pem", None),
    ],
)
def test_a_domain_may_say_where_it_publishes(x5u, expected):
    prefixes = ("https://certs.example.org/a/", "https://other.example.org/")
    chain = believed(pki.make_leaf(ROOT), trust=trust_in(ROOT, x5u_prefixes=prefixes))
    assert reason(chain, x5u=x5u) is expected


def test_an_overdue_list_warns_and_then_refuses():
    crl_issuer = pki.make_crl_issuer()
    trust = trust_in(
        ROOT, crl_issuers=[("i", crl_issuer.pem)], crls=[("c", pki.make_crl(crl_issuer, next_update=NOW + 5))]
    )
    chain = believed(pki.make_leaf(ROOT), trust=trust)
    assert warnings_at(chain, NOW) == chain.warnings == ()
    assert reason(chain, now=NOW + 6) is None
    assert [one.reason for one in warnings_at(chain, NOW + 6)] == [REVOCATION_OVERDUE]
    assert reason(chain, now=NOW + 8 * DAY) is REVOCATION_OUTDATED
    assert warnings_at(chain, NOW + 8 * DAY) == ()


def test_what_validation_noted_stays_among_the_warnings():
    chain = believed(pki.make_leaf(ROOT))
    assert [one.reason for one in warnings_at(chain, NOW)] == [REVOCATION_UNKNOWN]


def test_nothing_is_believed_of_a_chain_that_was_changed_to_a_delegates():
    chain = believed(pki.make_leaf(ROOT))
    changed = replace(chain, authority=believed(DELEGATE, PROVIDER).authority)
    assert reason(changed) is DELEGATE_SHAKEN
