"""`/admin/v1/people`: who can sign in. A password that is made here is in its answer and nowhere else."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from gateway.control.api.asking import ACTOR, MOST_ID, STATE, answer, read_body, read_whole
from gateway.control.commands.documents import render_time
from gateway.control.people.accounts import (
    NewPassword,
    create_person,
    list_people,
    remove_person,
    reset_person,
)
from gateway.record.people import Person


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody who is to be able to sign in. `owner` goes with the role owner."""

    email: str
    role: str
    owner: int | None = None


async def get_people(request: web.Request) -> web.Response:
    """A page of people."""
    found = await list_people(
        request.app[STATE].record,
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer({"people": [person_document(person) for person in found]})


async def post_person(request: web.Request) -> web.Response:
    """Make somebody who can sign in."""
    asked = await read_body(request, NewPerson)
    made = await create_person(
        request.app[STATE].record,
        email=asked.email,
        role=asked.role,
        owner_id=asked.owner,
        actor=request[ACTOR],
        now=int(time.time()),
    )
    return answer(new_password_document(made), status=201)


async def post_reset(request: web.Request) -> web.Response:
    """Give a new password; sessions and second step end."""
    made = await reset_person(
        request.app[STATE].record, _named(request), actor=request[ACTOR], now=int(time.time())
    )
    return answer(new_password_document(made))


async def delete_person(request: web.Request) -> web.Response:
    """Remove somebody."""
    gone = await remove_person(
        request.app[STATE].record, _named(request), actor=request[ACTOR], now=int(time.time())
    )
    return answer(person_document(gone))


def person_document(person: Person) -> dict[str, object]:
    """A person as listed: nothing that opens a door."""
    return {
        "id": person.id,
        "email": person.email,
        "role": person.role,
        "owner": person.owner_id,
        "second_step": person.totp_secret is not None,
        "created": render_time(person.created_at),
        "created_by": person.created_by,
    }


def new_password_document(made: NewPassword) -> dict[str, object]:
    """A person with its new password, for the one answer that shows it."""
    return {**person_document(made.person), "password": made.password}


def _named(request: web.Request) -> int | str:
    name = request.match_info["person"]
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 9 else name


ROUTES = [
    web.get("/admin/v1/people", get_people),
    web.post("/admin/v1/people", post_person),
    web.post("/admin/v1/people/{person}/reset", post_reset),
    web.delete("/admin/v1/people/{person}", delete_person),
]
