"""Proving by a delegate certificate (RFC 9060): the chain, and a signature that only its holder can make.

The signature is over a text of the gateway's own choosing that says what it is for, so that nothing signed
elsewhere fits here and nothing signed here fits elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.certificates.authority import NumberSet
from gateway.certificates.chain import ChainError, ValidatedChain, parse_chain, validate
from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import Trust
from gateway.control.commands.problems import CommandError
from gateway.control.registry.proving import ProofWithNumbers, begin, find_pending, find_provable, give
from gateway.generation.numbers_read import describe
from gateway.record.engine import Record
from gateway.record.proofs import registrations_of
from gateway.record.registrations import find_registrations
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.proofs import ProofKind
from gateway.registry.registration import Registration

CHALLENGE_SECONDS: Final = SECONDS_A_DAY
_NONCE_BYTES: Final = 32
_LONGEST_CHAIN: Final = 64 * 1024


async def begin_certificate(
    record: Record,
    registration_ids: Sequence[int],
    *,
    owner_id: int | None,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> ProofWithNumbers:
    """Choose the text that is to be signed (the proof's `statement`). Raises CommandError."""
    async with record.write() as transaction:
        registrations = await find_provable(transaction, registration_ids, owner_id=owner_id)
        challenge = f"callmark proof of numbers {secrets.token_hex(_NONCE_BYTES)}"
        return await begin(
            transaction,
            ProofKind.CERTIFICATE,
            registrations,
            within_seconds=CHALLENGE_SECONDS,
            policy=policy,
            actor=actor,
            now=now,
            statement=challenge,
        )


async def show_certificate(
    record: Record,
    proof_id: int,
    *,
    chain_pem: str,
    signature: str,
    owner_id: int | None,
    trust: Trust,
    policy: RegistryPolicy,
    actor: str,
    now: int,
) -> ProofWithNumbers:
    """Take the chain (PEM, leaf first) and the signature (base64 of DER, ES256). Raises CommandError."""
    chain = _believed(chain_pem, trust, now)
    async with record.write() as transaction:
        proof = await find_pending(transaction, proof_id, ProofKind.CERTIFICATE, owner_id=owner_id, now=now)
        _check_signature(chain, proof.statement or "", signature)
        ids = await registrations_of(transaction, proof.id)
        found = await find_registrations(transaction, ids, owner_id=proof.owner_id)
        for registration in found.values():
            _check_covers(chain, registration)
        # Valid to its last second (RFC 5280 section 4.1.2.5); `until` is the first that no longer counts.
        return await give(transaction, proof, policy=policy, actor=actor, now=now, until=chain.not_after + 1)


def _believed(chain_pem: str, trust: Trust, now: int) -> ValidatedChain:
    if len(chain_pem) > _LONGEST_CHAIN:
        raise CommandError(f"has more than {_LONGEST_CHAIN} characters", "/certificate")
    try:
        chain = validate(parse_chain(chain_pem.encode("utf-8", "replace")), trust, now)
    except ChainError as error:
        raise CommandError(str(error), "/certificate") from error
    if not isinstance(chain, ValidatedChain):
        finding = chain.findings[0]
        raise CommandError(f"is not believed: {finding.detail or finding.reason.words}", "/certificate")
    revocation = chain.revocation.judge(now)
    if not chain.covers_time(now) or (revocation is not None and revocation.reason.verstat is not None):
        raise CommandError("is not valid now, or nobody knows whether it was revoked", "/certificate")
    return chain


def _check_signature(chain: ValidatedChain, challenge: str, signature: str) -> None:
    try:
        chain.public_key.verify(
            base64.b64decode(signature, validate=True), challenge.encode(), ec.ECDSA(hashes.SHA256())
        )
    except (binascii.Error, ValueError, InvalidSignature):
        raise CommandError(
            "is not the signature of the text to sign by this certificate's key", "/signature"
        ) from None


def _check_covers(chain: ValidatedChain, registration: Registration) -> None:
    numbers = chain.authority.numbers
    wanted = NumberSet(TnAuthList(spcs=(), ranges=(registration.numbers,), ones=()))
    # A provider's certificate speaks for whatever its provider signs; as a proof of numbers it is none.
    if numbers is None or not numbers.encompasses(wanted):
        raise CommandError(f"does not list {describe(registration.numbers)}", "/certificate")
