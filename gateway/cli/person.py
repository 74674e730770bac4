"""`callmark person`: who can sign in with a browser, to the console or the portal."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.api.people import new_password_document, person_document
from gateway.control.people.accounts import (
    ROLES,
    create_person,
    list_people,
    remove_person,
    reset_person,
)
from gateway.record import Record

_PEOPLE = "/admin/v1/people"


@click.group()
def person() -> None:
    """Make, list, remove and reset people who sign in with a browser.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


@person.command()
@click.option("--email", required=True, help="The address to sign in with.")
@click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in ROLES]),
    help="What it may do: an owner looks after its own numbers, an auditor reads, an operator does.",
)
@click.option(
    "--owner", "owner_id", type=click.IntRange(1, 2**31 - 1), help="With --role owner: whose numbers."
)
@data_directory_option
@json_option
def create(*, email: str, role: str, owner_id: int | None, data_directory: Path, as_json: bool) -> None:
    """Make somebody who can sign in, and show its first password, once."""

    async def locally(record: Record, actor: str, now: int) -> object:
        made = await create_person(record, email=email, role=role, owner_id=owner_id, actor=actor, now=now)
        return new_password_document(made)

    document: dict[str, object] = {"email": email, "role": role}
    if owner_id is not None:
        document["owner"] = owner_id
    errand = Errand(method="POST", path=_PEOPLE, document=document, locally=locally, begins_record=True)
    _show_password(cast("dict[str, Any]", run_errand(data_directory, errand)), as_json=as_json)


@person.command(name="list")
@data_directory_option
@json_option
def list_(*, data_directory: Path, as_json: bool) -> None:
    """List people: address, role, whether a code is asked for, since when."""

    async def locally(record: Record, _actor: str, _now: int) -> object:
        return {"people": [person_document(each) for each in await list_people(record, limit=1_000)]}

    errand = Errand(method="GET", path=_PEOPLE, query={"limit": "1000"}, locally=locally)
    answer = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(answer)
        return
    if not answer["people"]:
        click.echo("Nobody can sign in. `callmark person create` makes somebody.")
    for each in answer["people"]:
        owner = "" if each["owner"] is None else f" of owner {each['owner']}"
        step = "with a second step" if each["second_step"] else "password alone"
        click.echo(
            f"{each['id']:>5}  {each['email']:<32} {each['role']}{owner}, {step};"
            f" created {each['created']} by {each['created_by']}"
        )


@person.command()
@click.argument("id_or_email")
@data_directory_option
@json_option
def remove(*, id_or_email: str, data_directory: Path, as_json: bool) -> None:
    """Remove somebody; open sessions end at once."""

    async def locally(record: Record, actor: str, now: int) -> object:
        return person_document(await remove_person(record, _key(id_or_email), actor=actor, now=now))

    errand = Errand(method="DELETE", path=f"{_PEOPLE}/{quote(id_or_email, safe='@')}", locally=locally)
    gone = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(gone)
        return
    click.echo(f"{gone['email']} (id {gone['id']}) can no longer sign in.")


@person.command()
@click.argument("id_or_email")
@data_directory_option
@json_option
def reset(*, id_or_email: str, data_directory: Path, as_json: bool) -> None:
    """Give somebody a new password; its second step and its sessions end."""

    async def locally(record: Record, actor: str, now: int) -> object:
        return new_password_document(await reset_person(record, _key(id_or_email), actor=actor, now=now))

    path = f"{_PEOPLE}/{quote(id_or_email, safe='@')}/reset"
    errand = Errand(method="POST", path=path, locally=locally)
    _show_password(cast("dict[str, Any]", run_errand(data_directory, errand)), as_json=as_json)


def _key(id_or_email: str) -> int | str:
    is_id = id_or_email.isascii() and id_or_email.isdigit() and len(id_or_email) <= 9
    return int(id_or_email) if is_id else id_or_email


def _show_password(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    click.echo(f"{made['email']} (id {made['id']}, {made['role']}) signs in with this password:\n")
    click.echo(f"  {made['password']}\n")
    click.echo("It is shown this once; only its hash is kept. It can be changed under Your account.")
