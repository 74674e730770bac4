"""Paths: what may stand between leaf and anchor, and at which moments one is looked for."""

from __future__ import annotations

import pytest
from cryptography import x509

from gateway.certificates.chain import Refusal
from gateway.certificates.domain import DomainFiles, TrustDomain, build_domain
from gateway.certificates.path import NoPath, Path, _candidates, find_path, find_path_in
from gateway.certificates.trust import Trust, build_domains
from gateway.reasons import CERTIFICATE_EXPIRED
from tests import pki
from tests.certificates.extensions import outcome, trust_in
from tests.pki import DAY, NOW

ROOT = pki.make_root()
CA = pki.make_intermediate(ROOT)
LEAF = pki.make_leaf(CA)


def domain_of(*roots: pki.Issued) -> TrustDomain:
    built = build_domain(DomainFiles(name="default", anchors=[("a.pem", root.pem) for root in roots]))
    assert isinstance(built, TrustDomain)
    return built


def chosen(*others: pki.Issued) -> list[x509.Certificate]:
    return _candidates(LEAF.certificate, [one.certificate for one in others])


def test_neither_the_leaf_nor_a_root_stands_between_leaf_and_anchor():
    assert chosen(LEAF, ROOT, CA, CA) == [CA.certificate]
    assert chosen(LEAF) == []
    assert chosen(pki.make_root("Another")) == []


def test_a_new_key_certified_by_the_old_one_does():
    new = pki.make_intermediate(ROOT, "SHAKEN Test ROOT")
    assert new.certificate.subject == new.certificate.issuer
    assert chosen(new) == [new.certificate]


def test_a_certificate_that_says_it_signed_itself_and_did_not_may_try():
    impostor = pki.issue(ROOT.certificate.subject, [], issuer=pki.Issued(ROOT.certificate, pki.new_key()))
    assert chosen(impostor) == [impostor.certificate]


def test_two_of_one_name_are_tried_and_no_more():
    first, second, third = (pki.make_intermediate(ROOT) for _ in range(3))
    another = pki.make_intermediate(ROOT, "Another")
    assert chosen(first, second, third, another) == [
        first.certificate,
        second.certificate,
        another.certificate,
    ]


@pytest.mark.parametrize("edge", ["first", "last"])
def test_of_two_domains_the_one_whose_path_is_valid_at_that_second_is_taken(edge):
    """Both anchors certified one authority; under the first the path is over, or has not begun."""
    key = pki.new_key()
    other_root = pki.make_root("SHAKEN Other ROOT")
    dates = {"not_before": NOW} if edge == "first" else {"not_after": NOW}
    over = pki.make_intermediate(ROOT, key=key, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    good = pki.make_intermediate(other_root, key=key, **dates)
    leaf = pki.make_leaf(good)
    trust = build_domains([
        DomainFiles(name=name, anchors=[("a.pem", root.pem)])
        for name, root in (("default", ROOT), ("other", other_root))
    ])  # fmt: skip
    assert isinstance(trust, Trust)
    path = find_path(leaf.certificate, [over.certificate, good.certificate], trust, now=NOW)
    assert isinstance(path, Path)
    assert path.certificates[-1] == other_root.certificate
    assert path.not_before <= NOW <= path.not_after


def test_a_path_that_held_for_one_second_is_over_not_unknown():
    ca = pki.make_intermediate(ROOT, not_before=NOW - DAY, not_after=NOW + DAY)
    leaf = pki.make_leaf(ca, not_before=NOW - 2 * DAY, not_after=NOW - DAY)
    path = find_path_in(leaf.certificate, [ca.certificate], domain_of(ROOT), now=NOW)
    assert isinstance(path, Path)
    assert path.not_before == path.not_after == NOW - DAY


def test_an_anchor_without_key_usage_is_one_at_other_times_too():
    plain = pki.make_root(key_usage=None)
    result = outcome(pki.make_leaf(plain, not_after=NOW - 1), trust=trust_in(plain))
    assert isinstance(result, Refusal)
    assert result.findings[0].reason is CERTIFICATE_EXPIRED


def why(*certificates: pki.Issued, roots: tuple[pki.Issued, ...] = (ROOT,)) -> str:
    leaf, *others = (one.certificate for one in certificates)
    path = find_path_in(leaf, others, domain_of(*roots), now=NOW)
    assert isinstance(path, NoPath)
    return path.detail


def test_why_there_is_no_path_is_said():
    assert "candidates exhausted" in why(LEAF)
    mute = pki.make_intermediate(ROOT, key_usage=None)
    assert "an authority has no key usage" in why(pki.make_leaf(mute), mute)
    forbidden = pki.make_intermediate(ROOT, key_usage=pki.usage(sign=True))
    assert "an authority may not sign certificates" in why(pki.make_leaf(forbidden), forbidden)
    assert "encountered processing" not in why(pki.make_leaf(forbidden), forbidden)


def test_without_a_list_of_authorities_there_is_no_path_yet():
    empty = build_domain(DomainFiles(name="default", anchors=[], has_trust_list=True))
    assert isinstance(empty, TrustDomain)
    path = find_path_in(LEAF.certificate, [CA.certificate], empty, now=NOW)
    assert path == NoPath("the trust domain's list of authorities has not been obtained")
