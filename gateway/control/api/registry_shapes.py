"""`/v1/owners`, `/v1/numbers` and `/v1/proofs` as types: what is read, what is answered.

`openapi.py` describes the API from these same types, so a member that is added here is documented.
Numbers are written in E.164, times in RFC 3339.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gateway.control.commands.documents import render_time
from gateway.control.registry.claim_check import Claim
from gateway.control.registry.proving import ProofWithNumbers
from gateway.numbers.canonical import to_e164
from gateway.record.notices import Notice
from gateway.record.owners import Owner
from gateway.record.proofs import ProofRow
from gateway.record.registrations import RegistrationEvent
from gateway.registry.codes import MOST_TRIES
from gateway.registry.registration import Brand, Registration, Use

Id = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=2048)]


class NewOwner(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who is to register numbers."""

    name: Text
    contact: Text
    """A mail address or a telephone number at which its telephony manager is reached."""


class BrandShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How calls are to be shown: what `rcd` signs (RFC 9795)."""

    name: Text
    logo_url: Text | None = None
    logo_digest: Text | None = None
    """Of the logo's bytes: `sha256-` and base64; with every logo."""
    call_reason: Text | None = None


class NewNumbers(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A claim: which numbers, and what is said of their calls."""

    numbers: Text
    """`+442079460123`, `020 7946 0123`, `+442079460000-0999` or `+442079460000/1000`."""
    use: Literal["calling", "never_calls_out"]
    trunks: Annotated[list[Text], msgspec.Meta(max_length=50)] = []
    """The trunks of this network that their calls come by."""
    providers: Annotated[list[Text], msgspec.Meta(max_length=50)] = []
    """Other providers that their calls come through, by service provider code."""
    brand: BrandShape | None = None
    owner: Id | None = None
    """Whose they are; only for operators, who say it always."""

    def claim(self) -> Claim:
        """The claim as the commands take it."""
        brand = self.brand
        return Claim(
            numbers=self.numbers,
            use=Use(self.use),
            trunks=tuple(self.trunks),
            providers=tuple(self.providers),
            brand=None
            if brand is None
            else Brand(
                brand.name,
                logo_url=brand.logo_url,
                logo_digest=brand.logo_digest,
                call_reason=brand.call_reason,
            ),
        )


class NewProof(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A proof to begin."""

    kind: Literal["code", "call", "certificate", "letter"]
    numbers: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=1000)]
    """Registrations by id; one for a code or a call."""
    statement: Text | None = None
    """For a letter: who authorises what, and where the letter can be seen."""


class Completion(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What completes a proof: the code that was heard, or a certificate with its signature."""

    code: Text | None = None
    certificate: str | None = None
    """PEM, the leaf first."""
    signature: Text | None = None
    """Base64 of the DER of the ES256 signature of the proof's `to_sign`."""


class LetterCheck(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an operator says of a letter."""

    approve: bool
    reason: Text


class NumberDecision(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an operator decides about a registration."""

    step: Literal["freeze", "award", "dismiss"]
    reason: Text


class OwnerShape(msgspec.Struct, frozen=True):
    """An owner."""

    id: int
    name: str
    contact: str
    created: str
    registrations: dict[str, int] = {}
    """How many in each state; where one owner is asked for."""

    @classmethod
    def of(cls, owner: Owner, counts: dict[str, int] | None = None) -> OwnerShape:
        """Render it."""
        return cls(owner.id, owner.name, owner.contact, render_time(owner.created_at), counts or {})


class EventShape(msgspec.Struct, frozen=True):
    """One step of a registration's history."""

    at: str
    actor: str
    step: str
    state: str
    why: str


class ProofShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """A proof. What is left out does not apply to it."""

    id: int
    kind: str
    state: str
    created: str
    expires: str
    """Until when what was begun can be completed."""
    numbers: tuple[int, ...] = ()
    counts_from: str | None = None
    counts_until: str | None = None
    call: str | None = None
    """The number to call with the number that is to be proven."""
    to_sign: str | None = None
    """The text that the certificate's key signs."""
    statement: str | None = None
    tries_left: int | None = None
    approvals: int | None = None

    @classmethod
    def of(cls, proof: ProofRow, numbers: tuple[int, ...] = ()) -> ProofShape:
        """Render it."""
        kind = proof.kind.value
        approvals = [each for each in (proof.first_check_by, proof.second_check_by) if each is not None]
        return cls(
            id=proof.id,
            kind=kind,
            state=proof.state.value,
            created=render_time(proof.created_at),
            expires=render_time(proof.expires_at),
            numbers=numbers,
            counts_from=None if proof.since is None else render_time(proof.since),
            counts_until=None if proof.until is None else render_time(proof.until),
            call=None if proof.destination is None else f"+{proof.destination}",
            to_sign=proof.statement if kind == "certificate" else None,
            statement=proof.statement if kind == "letter" else None,
            tries_left=None if kind != "code" else max(0, MOST_TRIES - proof.tries),
            approvals=len(approvals) if kind == "letter" else None,
        )

    @classmethod
    def with_numbers(cls, proof: ProofWithNumbers) -> ProofShape:
        """Render it with what it is for."""
        return cls.of(proof.proof, proof.registration_ids)


class NumbersShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """A registration."""

    id: int
    owner: int
    first: str
    last: str
    count: int
    use: str
    state: str
    trunks: list[str]
    providers: list[str]
    brand: dict[str, str | None] | None = None
    until: str | None = None
    """When the proofs it rests on end; without it, it has no effect on calls."""
    needs: list[list[str]] | None = None
    """Kinds of proof; all those of any one list are enough. Where one registration is asked for."""
    proofs: list[ProofShape] | None = None
    history: list[EventShape] | None = None

    @classmethod
    def of(cls, each: Registration) -> NumbersShape:
        """Render it."""
        brand = each.brand
        return cls(
            id=each.id,
            owner=each.owner_id,
            first=to_e164(each.numbers.start),
            last=to_e164(each.numbers.last),
            count=each.numbers.count,
            use=each.use.value,
            state=each.state.value,
            trunks=sorted(each.trunks),
            providers=sorted(each.providers),
            brand=None if brand is None else msgspec.to_builtins(brand),
            until=None if each.until is None else render_time(each.until),
        )


class NoticeShape(msgspec.Struct, frozen=True):
    """What an owner is told."""

    id: int
    at: str
    words: str
    number: int | None

    @classmethod
    def of(cls, notice: Notice) -> NoticeShape:
        """Render it."""
        return cls(notice.id, render_time(notice.at), notice.words, notice.registration_id)


class DayOfUse(msgspec.Struct, frozen=True):
    """Calls of one kind with a number on one day (UTC)."""

    day: str
    path: str
    """The kind of trunk they came by."""
    whose: str
    """`own`, `foreign` or `unknown`: whether that is a way of the owner's."""
    outcome: str
    """What became of them, or for calls to be signed the attestation."""
    calls: int


class UsePage(msgspec.Struct, frozen=True):
    """How a registration's numbers were shown, oldest day first."""

    use: list[DayOfUse]


class OwnerToken(msgspec.Struct, frozen=True):
    """A new token, in the one answer that shows it."""

    name: str
    token: str


class OwnersPage(msgspec.Struct, frozen=True):
    """Owners, oldest first."""

    owners: list[OwnerShape]


class NumbersPage(msgspec.Struct, frozen=True):
    """Registrations, oldest first; ask for the next page with `after` set to the last id."""

    numbers: list[NumbersShape]


class ProofsPage(msgspec.Struct, frozen=True):
    """Proofs, oldest first."""

    proofs: list[ProofShape]


class NoticesPage(msgspec.Struct, frozen=True):
    """Notices, the newest first."""

    notices: list[NoticeShape]


def event_shape(event: RegistrationEvent) -> EventShape:
    """Render it."""
    return EventShape(render_time(event.at), event.actor, event.step, event.state.value, event.why)
