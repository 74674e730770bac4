"""Several trust domains side by side: each judges by what is its own."""

from __future__ import annotations

import pytest
from cryptography import x509

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.domain import DomainFiles, build_domain
from gateway.certificates.path import NoPath, Path, find_path
from gateway.certificates.revocation_list import read_revocation_lists
from gateway.certificates.revocation_state import RevocationPolicy
from gateway.certificates.trust import Problem, Trust, build_domains, build_trust
from gateway.reasons import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_PROFILE,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNTRUSTED,
    REVOCATION_PENDING,
    TNAUTHLIST_PENDING,
)
from tests import pki
from tests.certificates.extensions import LIST_URL, believed, delegate, outcome, reason_of, tn_list_at
from tests.pki import NOW

FRENCH_POLICY = "1.2.250.1.695.1.1.1.1"
FRENCH = (pki.policies(FRENCH_POLICY), False)

US = pki.make_pki()
FRANCE_ROOT = pki.make_root("MAN ROOT")
FRANCE_LEAF = pki.make_leaf(FRANCE_ROOT, spc="FR01", replace=[FRENCH])
PRIVATE_ROOT = pki.make_root("Private ROOT")
CRL_ISSUER = pki.make_crl_issuer()


def domain(name: str, *roots: pki.Issued, **how) -> DomainFiles:
    return DomainFiles(name=name, anchors=[(f"{name}.pem", root.pem) for root in roots], **how)


def trust_of(*further: DomainFiles, **how) -> Trust:
    trust = build_trust(anchors=[("us.pem", US.root.pem)], further=further, **how)
    assert isinstance(trust, Trust), trust
    return trust


def trust_from(*domains: DomainFiles) -> Trust:
    trust = build_domains(domains)
    assert isinstance(trust, Trust), trust
    return trust


FRANCE = domain("france", FRANCE_ROOT, policy_oids=[FRENCH_POLICY])
BOTH = trust_of(FRANCE)


def test_each_chain_is_believed_in_its_own_domain():
    assert believed(US.leaf, US.intermediate, trust=BOTH).domain == "default"
    french = believed(FRANCE_LEAF, trust=BOTH)
    assert french.domain == "france"
    assert french.trust_digest == BOTH.digest


def test_no_domain_borrows_anothers_policies():
    french_policy_in_us = pki.make_leaf(US.intermediate, replace=[FRENCH])
    assert reason_of(outcome(french_policy_in_us, US.intermediate, trust=BOTH)) is CERTIFICATE_UNTRUSTED
    us_policy_in_france = pki.make_leaf(FRANCE_ROOT)
    assert reason_of(outcome(us_policy_in_france, trust=BOTH)) is CERTIFICATE_UNTRUSTED


def test_a_policy_no_domain_accepts_is_told_as_such():
    leaf = pki.make_leaf(US.intermediate, replace=[(pki.policies("1.2.3"), False)])
    assert reason_of(outcome(leaf, US.intermediate, trust=BOTH)) is CERTIFICATE_PROFILE


def test_no_domain_borrows_anothers_revocation_lists():
    crl = pki.make_crl(CRL_ISSUER, [FRANCE_LEAF, US.leaf])
    issuer, lists = [("issuer.pem", CRL_ISSUER.pem)], [("c.crl", crl)]
    trust = trust_of(FRANCE, crl_issuers=issuer, crls=lists)
    assert reason_of(outcome(US.leaf, US.intermediate, trust=trust)) is CERTIFICATE_REVOKED
    french = believed(FRANCE_LEAF, trust=trust)
    assert [missing.url for missing in french.missing_lists] == [pki.CRL_URL]
    trust = trust_of(
        domain("france", FRANCE_ROOT, policy_oids=[FRENCH_POLICY], crl_issuers=issuer, crls=lists)
    )
    assert reason_of(outcome(FRANCE_LEAF, trust=trust)) is CERTIFICATE_REVOKED
    assert [missing.url for missing in believed(US.leaf, US.intermediate, trust=trust).missing_lists] == [
        pki.CRL_URL
    ]


def test_no_domain_borrows_anothers_tolerance():
    provider_list = (pki.tn_extension(believed(US.leaf, US.intermediate, trust=BOTH).tn_auth_list), False)
    us_provider = pki.make_intermediate(US.root, "SHAKEN Provider CA", extra=[provider_list])
    own_provider = pki.make_intermediate(PRIVATE_ROOT, "SHAKEN Provider CA", extra=[provider_list])
    trust = trust_of(
        domain(
            "private",
            PRIVATE_ROOT,
            allow_delegate_shaken=True,
            x5u_prefixes=["https://own.example.org/"],
            revocation=RevocationPolicy(overdue_grace_seconds=5),
        )
    )
    strict = believed(delegate(us_provider, "12155550100"), us_provider, trust=trust)
    assert strict.authority.may_sign("shaken") is not None
    assert strict.x5u_prefixes == ()
    assert strict.revocation.policy == RevocationPolicy()
    lenient = believed(delegate(own_provider, "12155550100"), own_provider, trust=trust)
    assert lenient.authority.may_sign("shaken") is None
    assert lenient.x5u_prefixes == ("https://own.example.org/",)
    assert lenient.revocation.policy == RevocationPolicy(overdue_grace_seconds=5)


def test_a_chain_that_waits_in_one_domain_is_not_let_through_by_a_later_one():
    trust = trust_of(domain("again", US.root), revocation=RevocationPolicy(wait_for_missing=True))
    assert reason_of(outcome(US.leaf, US.intermediate, trust=trust)) is REVOCATION_PENDING


def test_a_fetched_list_counts_in_the_domains_whose_issuers_signed_it_and_harms_no_other():
    fetched = read_revocation_lists(
        "https://crl.example.org/crl", pki.make_crl(CRL_ISSUER, [US.leaf, FRANCE_LEAF])
    )
    issuer = [("issuer.pem", CRL_ISSUER.pem)]
    us = domain("us", US.root, crl_issuers=issuer, fetched_crls=fetched)
    france = domain("france", FRANCE_ROOT, policy_oids=[FRENCH_POLICY], fetched_crls=fetched)
    trust = trust_from(us, france)
    assert [len(each.crls.lists) for each in trust.domains] == [1, 0]
    assert reason_of(outcome(US.leaf, US.intermediate, trust=trust)) is CERTIFICATE_REVOKED
    assert [missing.url for missing in believed(FRANCE_LEAF, trust=trust).missing_lists] == [pki.CRL_URL]


def test_a_domain_with_a_trust_list_may_wait_for_its_anchors():
    trust = trust_from(domain("us", has_trust_list=True))
    assert reason_of(outcome(US.leaf, US.intermediate, trust=trust)) is CERTIFICATE_UNTRUSTED
    listed = domain("us", has_trust_list=True, listed_anchors=[("listed.pem", US.root.pem)])
    assert believed(US.leaf, US.intermediate, trust=trust_from(listed)).domain == "us"


def test_a_chain_revoked_in_one_domain_is_not_saved_by_a_later_one_with_the_same_anchor():
    lists = {
        "crl_issuers": [("issuer.pem", CRL_ISSUER.pem)],
        "crls": [("c.crl", pki.make_crl(CRL_ISSUER, [US.leaf]))],
    }
    trust = trust_of(domain("again", US.root), **lists)
    assert reason_of(outcome(US.leaf, US.intermediate, trust=trust)) is CERTIFICATE_REVOKED


def test_the_first_domain_that_believes_a_chain_is_its_domain():
    assert believed(US.leaf, US.intermediate, trust=trust_of(domain("again", US.root))).domain == "default"


def test_the_refusal_that_came_furthest_is_given():
    expired = pki.make_leaf(FRANCE_ROOT, replace=[FRENCH], not_after=NOW - 1)
    assert reason_of(outcome(expired, trust=BOTH)) is CERTIFICATE_EXPIRED
    stranger = pki.make_root()
    assert reason_of(outcome(pki.make_leaf(stranger), trust=BOTH)) is CERTIFICATE_UNTRUSTED
    waiting = pki.make_leaf(
        FRANCE_ROOT, replace=[FRENCH], without=[x509.UnrecognizedExtension], extra=[tn_list_at(LIST_URL)]
    )
    result = outcome(waiting, trust=BOTH)
    assert reason_of(result) is TNAUTHLIST_PENDING
    assert result.tn_list_urls == (LIST_URL,)
    not_yet = pki.make_leaf(FRANCE_ROOT, replace=[FRENCH], not_before=NOW + 5)
    result = outcome(not_yet, trust=BOTH)
    assert isinstance(result, Refusal)
    assert result.retry


def test_a_path_is_found_into_whichever_domain_has_one():
    assert isinstance(find_path(FRANCE_LEAF.certificate, [], BOTH, now=NOW), Path)
    assert isinstance(find_path(US.leaf.certificate, [], BOTH, now=NOW), NoPath)
    old = pki.make_root("MAN ROOT", key=FRANCE_ROOT.key, not_after=NOW - 1)
    trust = build_trust(
        anchors=[("old.pem", old.pem)], policy_oids=[FRENCH_POLICY], further=[domain("new", FRANCE_ROOT)]
    )
    assert isinstance(trust, Trust)
    path = find_path(FRANCE_LEAF.certificate, [], trust, now=NOW)
    assert isinstance(path, Path)
    assert path.not_after > NOW
    only_old = build_trust(anchors=[("us.pem", US.root.pem)], further=[domain("old", old)])
    assert isinstance(only_old, Trust)
    path = find_path(FRANCE_LEAF.certificate, [], only_old, now=NOW)
    assert isinstance(path, Path)
    assert path.not_after < NOW


def test_the_digest_is_of_all_domains_with_their_names_and_order():
    canada = domain("canada", PRIVATE_ROOT)
    digests = [
        trust_of(*further).digest
        for further in (
            (),
            (FRANCE,),
            (FRANCE, canada),
            (canada, FRANCE),
            (domain("private", PRIVATE_ROOT), FRANCE),
            (canada, domain("france", FRANCE_ROOT)),
        )
    ]
    assert len(set(digests)) == len(digests)
    assert trust_of(FRANCE).digest == BOTH.digest
    assert BOTH.anchors == (US.root.certificate, FRANCE_ROOT.certificate)
    assert trust_of(domain("again", US.root)).anchors == (US.root.certificate,)


def problems(*further: DomainFiles) -> list[Problem]:
    found = build_trust(anchors=[("us.pem", US.root.pem)], further=further)
    assert isinstance(found, list)
    return found


def test_a_domain_that_cannot_be_built_leaves_no_trust_at_all():
    (found,) = problems(DomainFiles(name="france", anchors=[]))
    assert found.message.endswith("(france)")
    (found,) = problems(DomainFiles(name="france", anchors=[("leaf.pem", FRANCE_LEAF.pem)]))
    assert found.file == "leaf.pem"
    twice = problems(FRANCE, FRANCE)
    assert [one.message for one in twice] == ["two trust domains are called france"]
    assert "called default" in problems(domain("default", PRIVATE_ROOT))[0].message


@pytest.mark.parametrize("name", ["", "France", "a b", "a\n", "-a", "a-", "é", "a" * 33, "a_b"])
def test_a_domains_name_is_fit_for_a_label(name):
    assert "name" in problems(domain(name, PRIVATE_ROOT))[0].message


@pytest.mark.parametrize("name", ["a", "france", "a1-b", "a" * 32])
def test_ordinary_names_are_fine(name):
    assert not isinstance(build_domain(domain(name, PRIVATE_ROOT)), list)


def test_more_domains_change_nothing_for_the_first():
    chain = parse_chain(US.chain_pem)
    one, both = validate(chain, trust_of(), NOW), validate(chain, BOTH, NOW)
    assert isinstance(one, ValidatedChain)
    assert isinstance(both, ValidatedChain)
    assert one.warnings == both.warnings
    assert one.leaf_fingerprint == both.leaf_fingerprint
