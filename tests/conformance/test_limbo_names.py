"""The name constraints of x509-limbo (rfc5280::nc), made anew: see test_limbo.

A provider's certificate needs no alternative name, and may have one; an authority's constraints hold for it.
"""

from __future__ import annotations

import pytest

from tests.conformance.limbo import (
    Graph,
    MakeGraph,
    alternative,
    below_ca,
    below_root,
    dns,
    email,
    ip,
    name_constraints,
    other_name,
    refusal,
    root,
)
from tests.hostile import certificates as make
from tests.hostile.chains import authority, leaf
from tests.hostile.der import name

HERE, WITHIN, ELSEWHERE = dns("example.com"), dns("foo.bar.example.com"), dns("not-example.com")
NET, NET6, INSIDE, OUTSIDE, SIX = (
    ip("c0000200 ffffff00"), ip("0" * 31 + "1" + "f" * 32), ip("c0000201"), ip("c0000301"), ip("0" * 31 + "1")
)  # fmt: skip
FOO, NOT_FOO = name(("2.5.4.3", "foo")), name(("2.5.4.3", "not-foo"))
FOO_NAME, NOT_FOO_NAME = make.directory(FOO), make.directory(NOT_FOO)


def leaf_named(*names: bytes, subject: bytes | None = None) -> dict[str, object]:
    return {"names": alternative(*names)} | ({} if subject is None else {"subject": subject})


def by_root(*names: bytes, subject: bytes | None = None, critical: bool = True, **trees: object) -> MakeGraph:
    """A leaf of these names below a root of these constraints."""
    constraints = name_constraints(critical=critical, **trees)  # type: ignore[arg-type]
    return below_root(leaf_named(*names, subject=subject), names=constraints)


def by_ca(*names: bytes, **trees: object) -> MakeGraph:
    """The same below an authority of these constraints."""
    return below_ca(leaf_named(*names), names=name_constraints(**trees))  # type: ignore[arg-type]


def in_line(*between: dict[str, object], of_leaf: bytes, **of_root: object) -> MakeGraph:
    """A root, an authority for each of the changes, a leaf of that name."""

    def graph() -> Graph:
        anchor = issuer = root(**of_root)
        authorities = []
        for number, changes in enumerate(between):
            issuer = authority(f"SHAKEN Limbo CA {number}", issuer, **changes)
            authorities.append(issuer)
        return Graph(leaf(issuer, names=alternative(of_leaf)), tuple(authorities), (anchor,))

    return graph


def self_issued(*, at_the_end: bool) -> MakeGraph:
    """An authority, or the leaf, under its issuer's name and with an alternative name that is forbidden."""

    def graph() -> Graph:
        allowed = name_constraints(permitted=(HERE,))
        if at_the_end:
            one = root(names=allowed)
            ca = authority("SHAKEN Limbo CA", one, names=alternative(ELSEWHERE))
            return Graph(leaf(ca, subject=ca.subject, names=alternative(ELSEWHERE)), (ca,), (one,))
        one = root(names=allowed, more=[alternative(ELSEWHERE)])
        ca = authority("", one, subject=one.subject, names=alternative(ELSEWHERE))
        return Graph(leaf(ca, names=alternative(HERE)), (ca,), (one,))

    return graph


def another_way_out(*, both_trusted: bool) -> MakeGraph:
    """An authority certified twice; the constraints above one of the two forbid its alternative name."""

    def graph() -> Graph:
        one, two = root("SHAKEN Limbo ROOT A"), root("SHAKEN Limbo ROOT B")
        key = make.new_key()
        forbidden, permitted = dns("forbidden.example.com"), dns("permitted.example.com")
        trees = (
            {"excluded": (forbidden,)}
            if both_trusted
            else {"permitted": (permitted,), "excluded": (forbidden,)}
        )
        limited = authority("SHAKEN Limbo CA A", one, names=name_constraints(**trees))  # type: ignore[arg-type]
        first = authority(
            "SHAKEN Limbo CA B", limited if both_trusted else two, key=key, names=alternative(forbidden)
        )
        second = authority("SHAKEN Limbo CA B", two if both_trusted else limited, key=key)
        end = leaf(first, names=alternative(permitted))
        return Graph(end, (limited, first, second), (one, two) if both_trusted else (one,))

    return graph


CONSTRAINED = {
    "names": name_constraints(
        permitted=(dns("permitted.example.com"),), excluded=(dns("forbidden.example.com"),)
    )
}
FORBIDDEN = {"names": alternative(dns("forbidden.example.com"))}
FOO_AND_BAR = {"names": name_constraints(permitted=(dns("foo.example.com"), dns("bar.example.com")))}
BAR = {"names": name_constraints(permitted=(dns("bar.example.com"),))}

VALID: dict[str, MakeGraph] = {
    "permitted-dns-match": by_root(HERE, permitted=(HERE,)),
    "permitted-dns-match-more": by_root(WITHIN, permitted=(HERE,)),
    "permitted-ipv4-match": by_root(INSIDE, permitted=(NET,)),
    "permitted-ipv6-match": by_root(SIX, permitted=(NET6,)),
    "permitted-self-issued": self_issued(at_the_end=False),
    "permitted-different-constraint-type": by_root(HERE, permitted=(NET,)),
    "excluded-different-constraint-type": by_root(HERE, excluded=(NET,)),
    "nc-forbids-alternate-chain-ica": another_way_out(both_trusted=False),
    "nc-forbids-same-chain-ica": another_way_out(both_trusted=True),
    "nc-permits-email-exact": by_ca(email("foo@example.com"), permitted=(email("foo@example.com"),)),
    "nc-permits-email-domain": by_ca(email("foo@example.com"), permitted=(email("example.com"),)),
    "nc-forbids-othername-noop": by_ca(HERE, permitted=(HERE,), excluded=(other_name(),)),
}

INVALID: dict[str, MakeGraph] = {
    "permitted-dns-mismatch": by_root(ELSEWHERE, permitted=(HERE,)),
    "excluded-dns-match": by_ca(HERE, excluded=(HERE,)),
    "permitted-dns-match-noncritical": by_root(HERE, permitted=(HERE,), critical=False),
    "excluded-dns-match-second": by_root(
        HERE, dns("not-allowed.example.com"), excluded=(dns("not-allowed.example.com"),)),
    "permitted-ip-mismatch": by_root(OUTSIDE, permitted=(NET,)),
    "excluded-ipv4-match": by_root(INSIDE, excluded=(NET,)),
    "excluded-ipv6-match": by_root(SIX, excluded=(NET6,)),
    "permitted-dn-mismatch": by_root(NOT_FOO_NAME, subject=NOT_FOO, permitted=(FOO_NAME,)),
    "excluded-dn-match": by_root(FOO_NAME, subject=FOO, excluded=(FOO_NAME,)),
    "permitted-dn-match-subject-san-mismatch": by_root(FOO_NAME, subject=NOT_FOO, permitted=(FOO_NAME,)),
    "excluded-dn-match-sub-mismatch": by_root(NOT_FOO_NAME, subject=FOO, excluded=(FOO_NAME,)),
    "excluded-self-issued-leaf": self_issued(at_the_end=True),
    "excluded-match-permitted-and-excluded": by_root(HERE, permitted=(HERE,), excluded=(HERE,)),
    "invalid-dnsname-wildcard": by_root(dns("foo.example.com"), permitted=(dns("*.example.com"),)),
    "invalid-dnsname-leading-period": by_root(dns("foo.example.com"), permitted=(dns(".example.com"),)),
    "invalid-ipv4-address": by_root(ip("7f000001"), permitted=(ip("7f000001"),)),
    "invalid-ipv6-address": by_root(SIX, permitted=(SIX,)),
    "invalid-email-address": by_root(
        email("example@example.com"), permitted=(email("invalid@invalid@example.com"),)),
    "not-allowed-in-ee-noncritical": below_root(
        {"names": name_constraints(permitted=(HERE,), critical=False)}),
    "not-allowed-in-ee-critical": below_root({"names": name_constraints(permitted=(HERE,))}),
    "intermediate-with-san-rejected-by-intermediate-nc": in_line(
        CONSTRAINED, FORBIDDEN, of_leaf=dns("permitted.example.com")),
    "intermediate-with-san-rejected-by-root-nc": in_line(
        {}, FORBIDDEN, of_leaf=dns("permitted.example.com"), **CONSTRAINED),
    "restrictive-permits-in-intermediates-narrows": in_line(FOO_AND_BAR, BAR, of_leaf=dns("foo.example.com")),
    "restrictive-permits-in-intermediates-widens": in_line(BAR, FOO_AND_BAR, of_leaf=dns("foo.example.com")),
    "nc-permits-invalid-dns-san": by_ca(dns(".example.com"), dns("foo.example.com"), permitted=(HERE,)),
    "nc-permits-invalid-ip-san": by_ca(NET, INSIDE, permitted=(NET,)),
    "nc-permits-invalid-email-san": by_ca(
        email("good@example.com"), email("invalid@address@example.com"), permitted=(email("example.com"),)),
    "nc-forbids-othername": by_ca(HERE, other_name(), permitted=(HERE,), excluded=(other_name(),)),
    # Of family cve: a wildcard stands for names that are not allowed.
    "cve-2025-61727": by_ca(dns("*.example.com"), permitted=(HERE,), excluded=(dns("bar.example.com"),)),
    "cve-2025-61727-nc-permits-variant": by_ca(dns("*.example.com"), permitted=(dns("foo.example.com"),)),
}  # fmt: skip

STRICTER: dict[str, MakeGraph] = {
    # docs/differs.md: constraints on directory names refuse the path, whether the names fit or not.
    "permitted-dn-match": by_root(FOO_NAME, subject=FOO, permitted=(FOO_NAME,)),
}
"""Limbo accepts these."""


@pytest.mark.parametrize("case", VALID)
def test_names_that_an_authority_may_certify_pass(case: str):
    assert refusal(VALID[case]()) is None


@pytest.mark.parametrize("case", INVALID | STRICTER)
def test_names_that_an_authority_may_not_certify_are_refused(case: str):
    sentence = str(refusal((INVALID | STRICTER)[case]()))
    # Not by another mistake: the extension is named by its number where it may not be at all.
    assert "constraint" in sentence or "2.5.29.30" in sentence
