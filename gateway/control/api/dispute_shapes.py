"""`/v1/disputes` as types: what is read, what is answered."""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from gateway.control.api.registry_shapes import Text
from gateway.control.commands.disputes import Answered
from gateway.control.commands.documents import render_time
from gateway.numbers.canonical import to_e164
from gateway.record.disputes import Dispute


class NewDispute(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What somebody says of what is said of a number."""

    tn: Text
    statement: Text


class DisputeAnswer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an operator says to it."""

    state: Literal["upheld", "rejected"]
    reason: Text
    """The owner is told it."""


class DisputeShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dispute."""

    id: int
    tn: str
    statement: str
    state: str
    opened: str
    due: str
    """By when it is answered."""
    owner: int | None = None
    """None where an operator opened it for somebody who is no owner here."""
    answer: str | None = None
    answered: str | None = None
    sightings: int | None = None
    """How many no longer count; said once, where it is upheld."""

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        """The dispute as answered."""
        return cls(
            id=dispute.id,
            tn=to_e164(dispute.tn),
            statement=dispute.statement,
            state=dispute.state.value,
            opened=render_time(dispute.opened_at),
            due=render_time(dispute.due_at),
            owner=dispute.owner_id,
            answer=dispute.answer,
            answered=None if dispute.answered_at is None else render_time(dispute.answered_at),
        )

    @classmethod
    def of_answered(cls, answered: Answered) -> Self:
        """The same with what it changed."""
        return msgspec.structs.replace(cls.of(answered.dispute), sightings=answered.sightings)


class DisputesPage(msgspec.Struct, frozen=True):
    """Some of them, oldest first."""

    disputes: list[DisputeShape]
