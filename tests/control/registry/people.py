"""Owners and what they do, in few words, for the tests of this folder."""

from __future__ import annotations

from gateway.control.registry import calls, claims, codes, letters, operating, owners
from gateway.control.registry.claim_check import Claim
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.record.audit import audit_of, verify_chain
from gateway.record.notices import read_notices
from gateway.record.registrations import find_registrations
from gateway.registry.policy import RegistryPolicy
from gateway.registry.registration import Use

NOW = 1_800_000_000
TRUNKS = frozenset({"access-1", "customer-1"})
DESTINATION = TelephoneNumber("442079460900")
BANK = "+442079460500"
POLICY = RegistryPolicy(
    call_destinations=(DESTINATION,),
    protected=(RangeMap([(NumberRange(TelephoneNumber("442079460500")), None)]),),
)
TN = "+442079460123"


class People:
    """Everybody, at one record; the time stands still unless it is moved."""

    def __init__(self, record):
        self.record = record
        self.now = NOW

    async def owner(self, name="Example Bank"):
        made = await owners.make_owner(
            self.record, name=name, contact="it@example.org", actor="test", now=self.now
        )
        return made.id

    async def claim(self, owner_id, numbers=TN, use=Use.CALLING, trunks=("access-1",), **more):
        wanted = Claim(numbers, use, trunks=trunks if use is Use.CALLING else (), **more)
        (made,) = await claims.claim_numbers(
            self.record, [wanted], owner_id=owner_id, trunks=TRUNKS, actor=f"owner:{owner_id}", now=self.now
        )
        return made.id

    async def begin_code(self, number, *, owner_id=None, address="192.0.2.1"):
        return await codes.begin_code(
            self.record,
            number,
            owner_id=owner_id,
            address=address,
            policy=POLICY,
            actor="test",
            now=self.now,
        )

    async def confirm(self, proof_id, typed, *, owner_id=None):
        return await codes.confirm_code(
            self.record, proof_id, typed, owner_id=owner_id, policy=POLICY, actor="test", now=self.now
        )

    async def prove_by_code(self, number):
        begun = await self.begin_code(number)
        await self.confirm(begun.begun.proof.id, begun.code)

    async def prove_by_call(self, number, orig=TN):
        await calls.begin_call(self.record, number, owner_id=None, policy=POLICY, actor="test", now=self.now)
        call = calls.ProvingCall(TelephoneNumber(orig.removeprefix("+")), DESTINATION, self.now)
        assert await calls.complete_call(self.record, call, policy=POLICY, now=self.now)

    async def prove_control(self, number, orig=TN):
        await self.prove_by_code(number)
        await self.prove_by_call(number, orig)

    async def offer_letter(self, *numbers):
        offered = await letters.offer_letter(
            self.record,
            numbers,
            "Signed by the board.",
            owner_id=None,
            policy=POLICY,
            actor="owner",
            now=self.now,
        )
        return offered.proof.id

    async def check_letter(self, proof_id, *, by="token:alice", approve=True):
        return await letters.check_letter(
            self.record, proof_id, approve=approve, reason="read it", policy=POLICY, actor=by, now=self.now
        )

    async def prove_by_letter(self, *numbers):
        await self.check_letter(await self.offer_letter(*numbers))

    async def decide(self, number, step):
        return await operating.decide_registration(
            self.record, number, step, "looked into", policy=POLICY, actor="token:alice", now=self.now
        )

    async def withdraw(self, number, *, owner_id=None):
        return await claims.withdraw(
            self.record, number, owner_id=owner_id, policy=POLICY, actor="test", now=self.now
        )

    async def state(self, number):
        async with self.record.read() as transaction:
            found = await find_registrations(transaction, [number], owner_id=None)
        return found[number].state.value

    async def told(self, owner_id):
        async with self.record.read() as transaction:
            return [each.words for each in await read_notices(transaction, owner_id=owner_id)]

    async def audited(self, owner_id):
        async with self.record.read() as transaction:
            assert (await verify_chain(transaction)).is_intact
            return [row["action"] async for row in audit_of(transaction, f"owner:{owner_id}")]
