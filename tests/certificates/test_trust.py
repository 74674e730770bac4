"""The trust part: whole or every problem."""

from __future__ import annotations

from gateway.certificates.domain import DEFAULT_DOMAIN
from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.revocation_state import RevocationPolicy
from gateway.certificates.trust import Problem, Trust, build_trust
from tests import pki

PKI = pki.make_pki()
OTHER = pki.make_root("SHAKEN Other ROOT")
CRL_ISSUER = pki.make_crl_issuer()
CRL = pki.make_crl(CRL_ISSUER)


def built(**how) -> Trust:
    trust = build_trust(**how)
    assert isinstance(trust, Trust), trust
    return trust


def problems(**how) -> list[Problem]:
    found = build_trust(**how)
    assert isinstance(found, list)
    return found


def test_trust_holds_what_it_was_built_from():
    trust = built(
        anchors=[("a.pem", PKI.root.pem)], crl_issuers=[("i.pem", CRL_ISSUER.pem)], crls=[("c", CRL)]
    )
    (domain,) = trust.domains
    assert domain.name == DEFAULT_DOMAIN
    assert trust.anchors == domain.anchors == (PKI.root.certificate,)
    assert domain.crl_issuers == (CRL_ISSUER.certificate,)
    assert [crl.file for crl in domain.crls.lists] == ["c"]
    assert domain.policy_oids == DEFAULT_POLICY_OIDS
    assert not domain.allow_delegate_shaken
    assert trust.digest == domain.digest


def test_the_digest_depends_on_content_alone():
    one = built(anchors=[("a.pem", PKI.root.pem), ("b.pem", OTHER.pem)])
    same = built(anchors=[("x.der", OTHER.der), ("y.pem", b"a comment\n" + PKI.root.pem + OTHER.pem)])
    assert one.digest == same.digest
    assert len(same.anchors) == 2


def test_the_digest_changes_with_every_part():
    anchors = [("a.pem", PKI.root.pem)]
    issuers = [("i.pem", CRL_ISSUER.pem)]
    digests = {
        built(anchors=anchors).digest,
        built(anchors=[*anchors, ("b.pem", OTHER.pem)]).digest,
        built(anchors=anchors, crl_issuers=issuers).digest,
        built(anchors=anchors, crl_issuers=issuers, crls=[("c", CRL)]).digest,
        built(anchors=anchors, policy_oids=["1.2.3"]).digest,
        # The same certificate in another office is another trust.
        built(anchors=[*anchors, ("r.pem", OTHER.pem)]).digest,
        built(anchors=anchors, crl_issuers=[("r.pem", OTHER.pem)]).digest,
        built(anchors=anchors, allow_delegate_shaken=True).digest,
        built(anchors=anchors, x5u_prefixes=["https://certs.example.org/"]).digest,
        built(anchors=anchors, revocation=RevocationPolicy(overdue_grace_seconds=1)).digest,
        built(anchors=anchors, revocation=RevocationPolicy(wait_for_missing=True)).digest,
    }
    assert len(digests) == 10


def test_no_anchors_is_a_problem():
    assert [problem.message.split(",")[0] for problem in problems(anchors=[])] == ["there is no trust anchor"]


def test_no_policies_is_a_problem():
    assert "policy" in problems(anchors=[("a.pem", PKI.root.pem)], policy_oids=[])[0].message


def test_rules_that_cannot_be_are_problems():
    anchors = [("a.pem", PKI.root.pem)]
    for prefix in (
        "https://certs.example.org",
        "http://certs.example.org/",
        "https://certs.example.org/a",
        "https://certs.example.org/?a/",
        "https://a@certs.example.org/",
        "",
    ):
        assert "path that ends with a slash" in problems(anchors=anchors, x5u_prefixes=[prefix])[0].message
    built(anchors=anchors, x5u_prefixes=["https://certs.example.org/", "https://certs.example.org:8443/a/"])
    policy = RevocationPolicy(overdue_grace_seconds=-1)
    assert "negative" in problems(anchors=anchors, revocation=policy)[0].message


def test_every_problem_is_told_at_once_with_its_file():
    found = problems(
        anchors=[
            ("empty.pem", b""),
            ("leaf.pem", PKI.leaf.pem),
            ("key.pem", PKI.root.pem + PKI.root.key_pem),
            ("good.pem", PKI.root.pem),
            ("not-signing.pem", pki.make_root(key_usage=pki.usage(sign=True)).pem),
            ("no-constraints.pem", pki.make_root(ca=None).pem),
        ],
        crl_issuers=[("issuer.pem", b"-----BEGIN CERTIFICATE-----")],
        crls=[("a.crl", b"x"), ("b.crl", CRL)],
    )
    assert {problem.file for problem in found} == {
        "empty.pem",
        "leaf.pem",
        "key.pem",
        "not-signing.pem",
        "no-constraints.pem",
        "issuer.pem",
        "a.crl",
        "b.crl",
    }
    assert all(problem.message for problem in found)
    assert not any("PRIVATE KEY" in problem.message for problem in found)


def test_an_expired_anchor_is_no_problem_of_the_file():
    assert built(anchors=[("old.pem", pki.make_root(not_after=pki.NOW - 1).pem)])
