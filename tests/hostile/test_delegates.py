"""Delegates' certificates written by hand (RFC 8226, RFC 9060), base PASSporTs under them, each sent twice.

A delegate signs for its own numbers and no others, and holds no more than whoever certified it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.hostile import certificates as make
from tests.hostile.certificates import Made
from tests.hostile.chains import World
from tests.hostile.der import IA5, explicit, integer, seq, tlv
from tests.hostile.signer import PASSED, Stranger
from tests.integration.tokens import FROM, make_token

BEFORE = str(int(FROM) - 1)
ALIKE = FROM[:-1]
PROVIDER = (make.code("709J"),)
Lists = tuple[bytes, ...]


@dataclass(frozen=True)
class Case:
    """Entries of the certificate that signs, and of the authorities above it from the nearest up."""

    own: Lists
    above: tuple[Lists | None, ...] = (PROVIDER,)


def counted(start: bytes, count: int) -> bytes:
    """A range as it should not be."""
    return explicit(1, seq(tlv(IA5, start), integer(count)))


GOOD = {
    "the number": Case((make.number(FROM),)),
    "the number among others": Case((make.number(BEFORE), make.number(FROM))),
    "a range that begins with it": Case((make.numbers(FROM, 2),)),
    "a range that ends with it": Case((make.numbers(BEFORE, 2),)),
    "a range round it": Case((make.numbers("442079460000", 1000),)),
    "a range to the last of its length but one": Case(
        (make.numbers("900000000000", 99_999_999_999), make.number(FROM))),
    "by a holder of the range": Case((make.number(FROM),), ((make.numbers("442079460000", 1000),), PROVIDER)),
    "by a holder of two ranges that touch": Case(
        (make.numbers(BEFORE, 2),), ((make.numbers("442079460000", 123), make.numbers(FROM, 9)), PROVIDER)),
    "a code beside the number": Case((*PROVIDER, make.number(FROM))),
}  # fmt: skip
BAD = {
    "the number before": Case((make.number(BEFORE),)),
    "a shorter number": Case((make.number(ALIKE),)),
    "a number with a plus": Case((make.number(f"+{FROM}"),)),
    "a national number": Case((make.number(f"0{FROM[2:]}"),)),
    "the number and an asterisk": Case((make.number(f"{FROM}*"),)),
    "a range before it": Case((make.numbers("442079460000", 123),)),
    "a range after it": Case((make.numbers(str(int(FROM) + 1), 100),)),
    "a range of shorter numbers": Case((make.numbers(ALIKE, 5),)),
    "a range of one": Case((make.numbers(FROM, 1),)),
    "a range of none": Case((make.numbers(FROM, 0),)),
    "a range of fewer than none": Case((make.numbers(FROM, -5),)),
    "a range past the end of its length": Case((make.numbers(FROM, 10**12 - int(FROM)),)),
    "a range of more than there are": Case((make.numbers(FROM, 2**64),)),
    "a range from an asterisk": Case((counted(b"*" + FROM.encode()[1:], 9),)),
    "a range from nothing": Case((counted(b"", 9),)),
    "more than its parent": Case((make.numbers(FROM, 11),), ((make.numbers(FROM, 10),), PROVIDER)),
    "another number than its parent": Case((make.number(FROM),), ((make.number(BEFORE),), PROVIDER)),
    "another code than its parent": Case((make.code("1234"), make.number(FROM))),
    "no list above": Case((make.number(FROM),), (None,)),
    "a gap in the lists": Case((make.number(FROM),), (None, PROVIDER)),
    "an empty list above": Case((make.number(FROM),), ((),)),
}  # fmt: skip


def answers(stranger: Stranger, world: World, kind: str, case: Case) -> set[str]:
    chain: list[Made] = [world.ca]
    for depth, entries in enumerate(reversed(case.above)):
        listed = None if entries is None else make.tn_list(*entries)
        chain.insert(0, make.authority(f"SHAKEN Delegating CA {depth}", chain[0], {"tn_list": listed}))
    leaf = make.leaf(chain[0], {"tn_list": make.tn_list(*case.own)}, subject=make.person("Example Bank"))
    path = stranger.address(f"delegate {kind}", ".pem")
    stranger.host.serve(path, b"".join(each.pem for each in (leaf, *chain)))
    x5u = stranger.host.url(path)
    token = make_token(leaf.key, x5u, header={"ppt": None}, payload={"attest": None, "origid": None})  # type: ignore[arg-type]
    return {stranger.switch.verdict(f"{token};info=<{x5u}>;alg=ES256")["verstat"] for _ in range(2)}


@pytest.mark.parametrize("kind", GOOD)
def test_a_delegate_signs_for_its_numbers(stranger: Stranger, world: World, kind: str):
    assert answers(stranger, world, kind, GOOD[kind]) == {PASSED}


@pytest.mark.parametrize("kind", BAD)
def test_a_delegate_signs_for_no_others(stranger: Stranger, world: World, kind: str):
    assert PASSED not in answers(stranger, world, f"bad {kind}", BAD[kind])
