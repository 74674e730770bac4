"""`callmark reputation disputes`: what is said of numbers, disputed; and releasing a number at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import click
import msgspec

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.tables import show_table
from gateway.control.api.dispute_shapes import DisputeShape
from gateway.control.commands.disputes import answer_dispute, list_disputes, open_dispute, release_number
from gateway.generation.countries import FILE_RULES
from gateway.record import Record
from gateway.reputation.dispute import ANSWER_DAYS, DisputeState

_MOST: Final = 1_000


@click.group()
def disputes() -> None:
    """List, open and answer disputes about what is said of numbers."""


@disputes.command(name="list")
@click.option("--all", "include_all", is_flag=True, help="Those that are answered too.")
@data_directory_option
@json_option
def list_(*, include_all: bool, data_directory: Path, as_json: bool) -> None:
    """Show the disputes that wait for an answer, the oldest first."""
    state = None if include_all else DisputeState.OPEN

    async def locally(record: Record, _actor: str, _now: int) -> object:
        found = await list_disputes(record, owner_id=None, state=state, after_id=0, limit=_MOST)
        return {"disputes": [_document(DisputeShape.of(each)) for each in found]}

    path = f"/v1/disputes?limit={_MOST}" + ("" if state is None else f"&state={state}")
    found = cast(
        "dict[str, Any]", run_errand(data_directory, Errand(method="GET", path=path, locally=locally))
    )
    if as_json:
        show_json(found)
        return
    if not found["disputes"]:
        click.echo("Nobody disputes anything." if include_all else "No dispute waits for an answer.")
        return
    show_table(
        dict.fromkeys(("id", "number", "state", "opened", "answer by", "statement"), "left"),
        (
            (
                str(each["id"]),
                each["tn"],
                each["state"],
                each["opened"][:10],
                each["due"][:10],
                each["statement"],
            )
            for each in found["disputes"]
        ),
    )


@disputes.command(name="open")
@click.argument("number")
@click.option("--statement", required=True, help="What is wrong, and who says so.")
@data_directory_option
@json_option
def open_(*, number: str, statement: str, data_directory: Path, as_json: bool) -> None:
    """Open a dispute about what is said of NUMBER, for somebody who is no owner here."""

    async def locally(record: Record, actor: str, now: int) -> object:
        opened = await open_dispute(
            record, number, statement, owner_id=None, rules=FILE_RULES, actor=actor, now=now
        )
        return _document(DisputeShape.of(opened))

    document = {"tn": number, "statement": statement}
    errand = Errand(method="POST", path="/v1/disputes", document=document, locally=locally)
    opened = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(opened)
        return
    click.echo(f"Dispute {opened['id']} about {opened['tn']} is open; answer it within {ANSWER_DAYS} days.")


@disputes.command()
@click.argument("dispute", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; the owner is told it.")
@data_directory_option
@json_option
def uphold(*, dispute: int, reason: str, data_directory: Path, as_json: bool) -> None:
    """Release the number of DISPUTE: what was said of it until today counts no more."""
    _show(_answer(data_directory, dispute, DisputeState.UPHELD, reason), as_json=as_json)


@disputes.command()
@click.argument("dispute", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; the owner is told it.")
@data_directory_option
@json_option
def reject(*, dispute: int, reason: str, data_directory: Path, as_json: bool) -> None:
    """Reject DISPUTE: what is said of its number goes on counting."""
    _show(_answer(data_directory, dispute, DisputeState.REJECTED, reason), as_json=as_json)


@click.command()
@click.argument("number")
@click.option("--reason", required=True, help="Why; the next operator will read it.")
@data_directory_option
@json_option
def release(*, number: str, reason: str, data_directory: Path, as_json: bool) -> None:
    """Let what was said of NUMBER until today count no more: whoever disputes it is right.

    The open dispute about it is upheld, or one opened for it. The sightings stay in the record, and those of
    later days count. (`callmark decision add` lets a number through whatever is said of it.)

    callmark reputation release +442079460123 --reason "forged; owner's case 4711"
    """

    async def locally(record: Record, actor: str, now: int) -> object:
        released = await release_number(record, number, reason, rules=FILE_RULES, actor=actor, now=now)
        return _document(DisputeShape.of_answered(released))

    document = {"tn": number, "reason": reason}
    errand = Errand(method="POST", path="/admin/v1/releases", document=document, locally=locally)
    _show(cast("dict[str, Any]", run_errand(data_directory, errand)), as_json=as_json)


def _answer(data_directory: Path, dispute: int, state: DisputeState, reason: str) -> dict[str, Any]:
    async def locally(record: Record, actor: str, now: int) -> object:
        answered = await answer_dispute(record, dispute, state, reason, actor=actor, now=now)
        return _document(DisputeShape.of_answered(answered))

    document = {"state": state.value, "reason": reason}
    errand = Errand(method="POST", path=f"/v1/disputes/{dispute}/answer", document=document, locally=locally)
    return cast("dict[str, Any]", run_errand(data_directory, errand))


def _show(answered: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(answered)
    elif answered["state"] == DisputeState.REJECTED:
        click.echo(f"The dispute about {answered['tn']} is rejected; what is said of it goes on counting.")
    else:
        click.echo(
            f"{answered['tn']} is released: {answered['sightings']} sightings until "
            f"{answered['answered'][:10]} no longer count."
        )


def _document(shape: DisputeShape) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.to_builtins(shape))
