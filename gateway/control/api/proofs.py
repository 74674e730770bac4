"""`/v1/proofs`: beginning and completing proofs, and operators' reading of letters."""

from __future__ import annotations

import time

import structlog
from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    MOST_ID,
    OWNER,
    STATE,
    answer,
    policy_of,
    read_body,
    read_whole,
    require_operator,
)
from gateway.control.api.registry_shapes import Completion, LetterCheck, NewProof, ProofShape, ProofsPage
from gateway.control.registry.calls import begin_call
from gateway.control.registry.certificates import begin_certificate, show_certificate
from gateway.control.registry.codes import begin_code, confirm_code
from gateway.control.registry.letters import check_letter, list_letters, offer_letter
from gateway.control.registry.proving import ProofWithNumbers, show_proof
from gateway.control.registry.sending import CodeNotSentError
from gateway.web.problems import Problem, at

_log = structlog.get_logger("callmark.control")


async def post_proof(request: web.Request) -> web.Response:
    """Begin a proof."""
    asked = await read_body(request, NewProof)
    if asked.kind != "letter" and asked.statement is not None:
        raise at("/statement", "goes with a letter")
    begun = await begin_proof(request, asked)
    return answer(ProofShape.with_numbers(begun), status=201, location=f"/v1/proofs/{begun.proof.id}")


async def begin_proof(request: web.Request, asked: NewProof) -> ProofWithNumbers:
    """Begin a proof for whoever asks, here or on a page; calls follow. Raises CommandError, Problem."""
    begun = await _begin(request, asked)
    await request.app[STATE].follow()
    return begun


async def _begin(request: web.Request, asked: NewProof) -> ProofWithNumbers:
    record, owner_id, actor = request.app[STATE].record, request[OWNER], request[ACTOR]
    policy, now = policy_of(request), int(time.time())
    if asked.kind in ("code", "call") and len(asked.numbers) > 1:
        raise at("/numbers", f"a {asked.kind} proves one number: name one registration")
    match asked.kind:
        case "code":
            return await _begin_code(request, asked.numbers[0], now)
        case "call":
            return await begin_call(
                record, asked.numbers[0], owner_id=owner_id, policy=policy, actor=actor, now=now
            )
        case "certificate":
            return await begin_certificate(
                record, asked.numbers, owner_id=owner_id, policy=policy, actor=actor, now=now
            )
        case "letter":
            if asked.statement is None:
                raise at("/statement", "is missing: who authorises what, and where the letter is")
            return await offer_letter(
                record,
                asked.numbers,
                asked.statement,
                owner_id=owner_id,
                policy=policy,
                actor=actor,
                now=now,
            )


async def _begin_code(request: web.Request, registration_id: int, now: int) -> ProofWithNumbers:
    state = request.app[STATE]
    begun = await begin_code(
        state.record,
        registration_id,
        owner_id=request[OWNER],
        address=request.remote,
        policy=policy_of(request),
        actor=request[ACTOR],
        now=now,
    )
    try:
        await state.codes.send(begun)
    except CodeNotSentError as error:
        _log.error("a code was not called out", proof=begun.begun.proof.id, problem=str(error))
        raise Problem(
            503, "code-not-sent", "The code could not be called out. Try again in a few minutes."
        ) from error
    return begun.begun


async def get_proof(request: web.Request) -> web.Response:
    """One proof."""
    found = await show_proof(request.app[STATE].record, _id(request), owner_id=request[OWNER])
    return answer(ProofShape.with_numbers(found))


async def get_proofs(request: web.Request) -> web.Response:
    """The letters that wait for an operator."""
    require_operator(request)
    found = await list_letters(
        request.app[STATE].record,
        now=int(time.time()),
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer(ProofsPage([ProofShape.with_numbers(each) for each in found]))


async def post_completion(request: web.Request) -> web.Response:
    """Complete a code, or a certificate."""
    asked = await read_body(request, Completion)
    return answer(ProofShape.with_numbers(await complete_proof(request, _id(request), asked)))


async def complete_proof(request: web.Request, proof_id: int, asked: Completion) -> ProofWithNumbers:
    """Complete a proof of whoever asks, here or on a page; calls follow. Raises CommandError, Problem."""
    state, now = request.app[STATE], int(time.time())
    policy, owner_id, actor = policy_of(request), request[OWNER], request[ACTOR]
    if asked.code is not None:
        if asked.certificate is not None or asked.signature is not None:
            raise at("/code", "stands alone: a certificate completes another kind of proof")
        given = await confirm_code(
            state.record, proof_id, asked.code, owner_id=owner_id, policy=policy, actor=actor, now=now
        )
    elif asked.certificate is not None and asked.signature is not None:
        generation = state.reloader.generation
        if generation is None:
            raise AssertionError("policy_of has refused a node without a generation")
        given = await show_certificate(
            state.record,
            proof_id,
            chain_pem=asked.certificate,
            signature=asked.signature,
            owner_id=owner_id,
            trust=generation.trust,
            policy=policy,
            actor=actor,
            now=now,
        )
    else:
        raise at("", "has either code, or certificate and signature")
    await state.follow()
    return given


async def post_check(request: web.Request) -> web.Response:
    """Say of a letter, as an operator, that it is good or is not."""
    require_operator(request)
    state, asked = request.app[STATE], await read_body(request, LetterCheck)
    checked = await check_letter(
        state.record,
        _id(request),
        approve=asked.approve,
        reason=asked.reason,
        policy=policy_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.follow()
    return answer(ProofShape.with_numbers(checked.proof))


def _id(request: web.Request) -> int:
    return int(request.match_info["proof"])


ROUTES = [
    web.post("/v1/proofs", post_proof),
    web.get("/v1/proofs", get_proofs),
    web.get("/v1/proofs/{proof:[0-9]{1,9}}", get_proof),
    web.post("/v1/proofs/{proof:[0-9]{1,9}}/completion", post_completion),
    web.post("/v1/proofs/{proof:[0-9]{1,9}}/check", post_check),
]
