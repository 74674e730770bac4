"""Graphs of certificates as x509-limbo draws them, around a provider's certificate; `limbo` runs them."""

from __future__ import annotations

import itertools

from tests.conformance.limbo import Graph, MakeGraph, alternative, dns, name_constraints, root
from tests.hostile import certificates as make
from tests.hostile.certificates import DAY, NOW, Made
from tests.hostile.chains import authority, leaf, rsa_key
from tests.hostile.der import NULL, bits, integer, oid, seq, tlv

LATER = 40 * DAY


# --- pathological, cve ---------------------------------------------------------------------------


def chain_of_pain() -> Graph:
    one, two = root(), root("SHAKEN Limbo ROOT 2")
    expired = authority("", two, subject=one.subject, key=one.key, not_after=NOW - DAY)
    return Graph(make.leaf(one), (expired,), (one, two))


def ring(first: str, second: str) -> MakeGraph:
    """Two authorities that certified each other, and that nobody else has certified."""

    def graph() -> Graph:
        one, two = (Made(b"", make.person(name), make.new_key()) for name in (first, second))
        by_two = authority("", two, subject=one.subject, key=one.key)
        by_one = authority("", one, subject=two.subject, key=two.key)
        return Graph(make.leaf(by_two), (by_two, by_one), (root(),))

    return graph


def cross_signed_three_ways() -> Graph:
    """Three roots that certified each other; one is trusted, and the leaf is two steps below it."""
    names = [make.person(f"SHAKEN Limbo ROOT {letter}") for letter in "ABC"]
    keys = [make.new_key() for _ in names]
    of = [Made(b"", name, key) for name, key in zip(names, keys, strict=True)]
    trusted = authority("", None, subject=names[0], key=keys[0])
    below = [make.authority(f"SHAKEN Limbo {at}1", of[at]) for at in range(3)]
    crossed = [
        authority("", of[by], subject=names[at], key=keys[at])
        for at, by in itertools.permutations(range(3), 2)
    ]
    return Graph(make.leaf(below[0]), (*below, *crossed), (trusted,))


def many_names() -> Graph:
    """A thousand constraints against five hundred names."""
    permitted = [dns(f"t{at}.test") for at in range(513)] + [dns(".test")]
    excluded = [dns(f"x{at}.test") for at in range(513)]
    one = root(names=name_constraints(permitted=tuple(permitted), excluded=tuple(excluded)))
    return Graph(leaf(one, subject=seq(), names=alternative(*permitted, critical=True)), anchors=(one,))


# --- invalid, rfc5280 ----------------------------------------------------------------------------


def issuer_without_a_key() -> Graph:
    one = root()
    empty = seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(b""))
    ca = authority("SHAKEN Limbo CA", root("SHAKEN Limbo ROOT 2"), public_key=empty)
    return Graph(leaf(ca, change=lambda _: seq()), (ca,), (one,))


def untrusted_root() -> Graph:
    one = root()
    ca = make.authority("SHAKEN Limbo CA", one, path_length=0)
    return Graph(make.leaf(ca), (one, ca), (root("SHAKEN Limbo Unrelated ROOT"),))


def swapped() -> Graph:
    one = root()
    ca = make.authority("SHAKEN Limbo CA", one)
    return Graph(make.leaf(ca), (one,), (ca,))


def authority_as_leaf(**changes: object) -> MakeGraph:
    def graph() -> Graph:
        one = root()
        first = make.authority("SHAKEN Limbo CA", one, path_length=0)
        last = authority(
            "SHAKEN 709J", first, path_length=0, tn_list=make.tn_list(make.code("709J")), **changes
        )
        return Graph(last, (first,), (one,))

    return graph


def self_issued_below_1() -> Graph:
    one = root()
    first = make.authority("SHAKEN Limbo CA", one, path_length=1)
    again = authority("", first, subject=first.subject, path_length=1)
    last = make.authority("SHAKEN Limbo CA 2", again, path_length=0)
    return Graph(make.leaf(last), (first, again, last), (one,))


def cross_signed_without_key_id() -> Graph:
    other = root("SHAKEN Limbo ROOT 2")
    one = authority("SHAKEN Limbo ROOT", other, path_length=0, authority_key=None)
    return Graph(make.leaf(one), anchors=(one,))


def version_1() -> Graph:
    one = root()
    return Graph(make.certificate(make.person("SHAKEN 709J"), {}, issuer=one, version=b""), anchors=(one,))


def in_time(now: float, *, of_root: int = LATER, of_ca: int = LATER, of_leaf: int = LATER) -> MakeGraph:
    """Three certificates from `NOW` on, valid for so many seconds, met at `now`."""

    def graph() -> Graph:
        one = root(not_before=NOW, not_after=NOW + of_root)
        ca = authority("SHAKEN Limbo CA", one, not_before=NOW, not_after=NOW + of_ca)
        end = leaf(ca, not_before=NOW, not_after=NOW + of_leaf)
        return Graph(end, (ca,), (one,), now)

    return graph


P192 = seq(
    seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.1")),
    # The curve's own base point (FIPS 186-4, D.1.2.1).
    bits(bytes.fromhex(
        "04 188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012 07192b95ffc8da78631011ed6b24cdd573f977a11e794811"
    )),
)  # fmt: skip
DSA = seq(
    seq(oid("1.2.840.10040.4.1"), seq(integer(2**2047 + 1), integer(2**255 + 1), integer(2))),
    bits(integer(3)),
)
RSA = rsa_key(2048)
