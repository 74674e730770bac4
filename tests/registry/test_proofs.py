from __future__ import annotations

from gateway.registry.proofs import Proof, ProofKind, Strength, strength


def test_no_kind_is_taken_for_more_than_it_is():
    assert strength([]) is Strength.NONE
    assert strength([ProofKind.CODE]) is strength([ProofKind.CALL]) is Strength.ONE_WAY
    assert strength([ProofKind.CODE, ProofKind.CODE]) is Strength.ONE_WAY
    assert strength([ProofKind.CODE, ProofKind.CALL]) is Strength.CONTROL
    for kind in (ProofKind.CERTIFICATE, ProofKind.LETTER):
        assert strength([kind]) is strength([kind, ProofKind.CODE]) is Strength.RIGHT


def test_a_proof_counts_between_its_two_ends():
    proof = Proof(ProofKind.CODE, since=10, until=20)
    assert [proof.is_in_force(now) for now in (9, 10, 19, 20)] == [False, True, True, False]
