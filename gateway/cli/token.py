"""`callmark token`: bearer tokens for switches, owners, operators and auditors."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.config import configuration_option
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.sample_requests import listener_url, opened_by, signing_line, token_line, verdict_line
from gateway.control.commands import create_token, list_tokens, revoke_token
from gateway.control.commands.documents import created_token_document, parse_token_request, token_document
from gateway.control.reloading.files import Configuration, read_configuration, read_settings
from gateway.facts.tokens import Scope
from gateway.generation.settings import Settings
from gateway.generation.trunks_file import TRUNKS_FILE
from gateway.record import Record


@click.group()
def token() -> None:
    """Create, list and revoke bearer tokens.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


@token.command()
@click.option("--name", required=True, help="What it is for; unique among live tokens.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it opens; may be given several times.",
)
@click.option("--trunk", help="The trunk of trunks.toml whose calls it brings.")
@click.option(
    "--expires-days", type=click.IntRange(1, 3650), help="Days it is good for; without, until revoked."
)
@configuration_option
@data_directory_option
@json_option
def create(
    *,
    name: str,
    scopes: tuple[str, ...],
    trunk: str | None,
    expires_days: int | None,
    directory: Path,
    data_directory: Path,
    as_json: bool,
) -> None:
    """Create a token and show it, once: only its hash is kept."""
    document: dict[str, object] = {"name": name, "scopes": list(scopes)}
    if trunk is not None:
        document["trunk"] = trunk
    if expires_days is not None:
        expiry = datetime.now(UTC) + timedelta(days=expires_days)
        document["expires"] = expiry.isoformat(timespec="seconds")

    async def locally(record: Record, actor: str, now: int) -> object:
        created = await create_token(record, parse_token_request(document), actor=actor, now=now)
        return created_token_document(created)

    errand = Errand(
        method="POST", path="/admin/v1/tokens", document=document, locally=locally, begins_record=True
    )
    created = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(created)
        return
    click.echo(f"Token {created['name']} (id {created['id']}): {_terms(created)}.")
    click.echo("It is shown this once; only its hash is kept.\n")
    click.echo(f"  {created['token']}\n")
    for line in _try_lines(created, directory):
        click.echo(line)


@token.command(name="list")
@click.option("--revoked", is_flag=True, help="Show the revoked ones too.")
@data_directory_option
@json_option
def list_(*, revoked: bool, data_directory: Path, as_json: bool) -> None:
    """List tokens: what each opens, since when, until when. Never the token itself."""

    async def locally(record: Record, _actor: str, _now: int) -> object:
        found = await list_tokens(record, include_revoked=revoked)
        return {"tokens": [token_document(each) for each in found]}

    query = {"revoked": "true"} if revoked else {}
    errand = Errand(method="GET", path="/admin/v1/tokens", query=query, locally=locally)
    answer = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(answer)
        return
    if not answer["tokens"]:
        click.echo("No tokens. `callmark token create` makes one.")
    for each in answer["tokens"]:
        click.echo(
            f"{each['id']:>5}  {each['name']:<24} {_terms(each)};"
            f" created {each['created']} by {each['created_by']}"
        )


@token.command()
@click.argument("id_or_name")
@data_directory_option
@json_option
def revoke(*, id_or_name: str, data_directory: Path, as_json: bool) -> None:
    """Revoke the token of this id or name; workers refuse it within a second."""
    key = (
        int(id_or_name)
        if id_or_name.isascii() and id_or_name.isdigit() and len(id_or_name) < 18
        else id_or_name
    )

    async def locally(record: Record, actor: str, now: int) -> object:
        return token_document(await revoke_token(record, key, actor=actor, now=now))

    path = f"/admin/v1/tokens/{_path_part(id_or_name)}"
    errand = Errand(method="DELETE", path=path, locally=locally)
    gone = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(gone)
        return
    click.echo(f"Token {gone['name']} (id {gone['id']}) is revoked.")


def _path_part(id_or_name: str) -> str:
    # A name that could not have been given is no name: it must not become another path.
    if (
        not id_or_name.replace("-", "").replace("_", "").replace(".", "").isalnum()
        or not id_or_name.isascii()
    ):
        raise click.UsageError(f"{id_or_name!r} is neither a token's id nor its name.")
    return id_or_name


def _terms(each: dict[str, Any]) -> str:
    terms = ", ".join(each["scopes"])
    if each["trunk"]:
        terms += f"; trunk {each['trunk']}"
    if each["revoked"]:
        return f"{terms}; revoked {each['revoked']}"
    return f"{terms}; {'until ' + each['expires'] if each['expires'] else 'without expiry'}"


def _try_lines(created: dict[str, Any], directory: Path) -> list[str]:
    """Return copy-paste lines for what the token opens, as far as the configuration can be read."""
    secret, scopes = created["token"], created["scopes"]
    settings = read_settings(directory, os.environ)
    configuration = read_configuration(directory, os.environ)
    known = settings if isinstance(settings, Settings) else Settings()
    calls, lines = listener_url(known, "calls"), []
    if {Scope.CALL_VERIFY, Scope.CALL_SIGN} & set(scopes) and isinstance(configuration, Configuration):
        own = opened_by(
            configuration.generation.policy.trunks, token_name=created["name"], bound=created["trunk"]
        )
        if own:
            calls += own[0].url_prefix
        else:
            lines.append(
                f'No trunk knows it yet: write {{ token_name = "{created["name"]}" }} among the credentials'
                f" of one in {directory / TRUNKS_FILE},\n"
                "then `callmark reload`. Until then its calls are refused.\n"
            )
    if Scope.CALL_VERIFY in scopes:
        lines.append(f"Ask for a verdict:\n\n{verdict_line(calls, secret)}")
    if Scope.CALL_SIGN in scopes:
        lines.append(f"Have a call signed:\n\n{signing_line(calls, secret)}")
    if Scope.OPERATOR in scopes:
        lines.append(f"List the tokens:\n\n{token_line(listener_url(known, 'control'), secret)}")
    return lines
