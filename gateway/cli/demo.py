"""`callmark demo`: a running gateway shown at work, one call after another.

What each call should lead to is what the committed development configuration says; what it does lead to
is what the gateway answered. Where the two differ the demo says so and ends with 1: it never claims more
than it saw.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from gateway import __version__
from gateway.cli.demo_calls import DEMO_CALLS, Shown
from gateway.cli.demo_client import DemoClient, DemoError
from gateway.cli.wording import mark, show, title
from gateway.facts.tokens import hash_token
from gateway.reasons import REASONS

_TOKEN_FILE: Final = Path("data/token")
_KNOWN_WORDS: Final = frozenset(
    words for row in REASONS.values() for words in (row.words, row.description) if words
)
"""A detail that only repeats a row's words is not shown."""


def _default_url() -> str:
    return f"http://{os.environ.get('CALLMARK_LISTEN__CALLS', '127.0.0.1:8080')}"


@click.command()
@click.option(
    "--url",
    default=_default_url,
    envvar="CALLMARK_URL",
    show_envvar=True,
    show_default="where CALLMARK_LISTEN__CALLS says, or http://127.0.0.1:8080",
    help="Where the gateway answers calls.",
)
@click.option(
    "--token",
    metavar="TOKEN|FILE",
    default=str(_TOKEN_FILE),
    envvar="CALLMARK_TOKEN",
    show_default=True,
    show_envvar=True,
    help="A token with the scopes call:sign and call:verify, or the file that holds one.",
)
@click.option("--show-requests", is_flag=True, help="Show each request as the curl that sends it.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def demo(*, url: str, token: str, show_requests: bool, as_json: bool) -> None:
    """Walk a running gateway through seven calls and show what it says of each.

    A genuine call, a forged HMRC call from abroad, a home mobile from abroad, a replayed header, a
    tampered one, an old one, a call that is forwarded. Nothing is changed in the gateway but what calls
    leave: log lines, counts, journal records. Start a gateway in one terminal and the demo in another, in the
    same directory:

    \b
        callmark serve
        callmark demo
        callmark demo --show-requests            (the same as curl, to copy)

    The calls fit the development configuration in config/; with another policy, answers differ and are
    marked.

    Exit status: 0 every answer as expected, 1 some differ or no gateway answers, 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise click.BadParameter(f"{url!r} is no address such as http://127.0.0.1:8080.", param_hint="--url")
    secret, in_curl = read_token(token)
    try:
        shown = asyncio.run(
            _walk(url.rstrip("/"), secret, in_curl, aloud=not as_json, show_requests=show_requests)
        )
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise click.ClickException(
            f"the answers from {url} are not of the form this version of callmark knows. Is it a Callmark "
            f"gateway of the version {__version__}?"
        ) from error
    differing = sum(bool(each.differences) for each in shown)
    if as_json:
        document = {"as_expected": not differing, "calls": [asdict(each) for each in shown]}
        click.echo(json.dumps(document, indent=2))
    elif differing:
        show(
            title(f"{differing} of {len(shown)} calls were answered otherwise than expected.")
            + "\nThe demo expects the development configuration (config/ as it comes), no operator's"
            "\ndecisions and no complaints about its numbers."
        )
    else:
        show(title(f"All {len(shown)} calls were answered as expected."))
    raise click.exceptions.Exit(1 if differing else 0)


def read_token(given: str) -> tuple[str, str]:
    """The token, and what stands for it in a shell: a secret is not printed."""
    if hash_token(given) is not None:
        return given, "$CALLMARK_TOKEN"
    if given.startswith("cmk_"):
        raise click.ClickException("--token: what was given is not a whole token; was it cut off?")
    try:
        secret = Path(given).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a text file"
        raise click.ClickException(
            f"{given}: no token can be read there ({why}). The first `callmark serve` in this directory "
            f"makes {_TOKEN_FILE}; elsewhere `callmark token create` makes one (--help says how)."
        ) from error
    if hash_token(secret) is None:
        raise click.ClickException(f"{given} does not hold a token: nothing else may stand in that file.")
    return secret, f"$(cat {shlex.quote(given)})"


async def _walk(
    url: str, token: str, token_in_curl: str, *, aloud: bool, show_requests: bool
) -> tuple[Shown, ...]:
    """Every call in turn; aloud, each is shown as soon as it is answered."""
    shown: list[Shown] = []
    async with DemoClient(url, token, token_in_curl=token_in_curl) as client:
        async for each in _calls(client):
            shown.append(each)
            if aloud:
                if len(shown) == 1:
                    show(f"Calls shown to the gateway at {url}")
                show(_words(len(shown), each, show_requests=show_requests))
    return tuple(shown)


async def _calls(client: DemoClient) -> AsyncIterator[Shown]:
    for call in DEMO_CALLS:
        client.requests.clear()
        yield await call(client)


def _words(number: int, shown: Shown, *, show_requests: bool) -> str:
    lines = [title(f"{number}  {shown.title}"), *(f"   {line}" for line in shown.story)]
    for answer in shown.answers:
        attest = f", attestation {answer.attest}" if answer.attest else ""
        cli = "number shown" if answer.cli == "present" else "number withheld"
        action = click.style(answer.action.upper(), bold=True)
        lines += ["", f"   {answer.label:<10} {action}  {answer.verstat}{attest}, {cli}"]
        lines += [f"   {'':<10} {code}: {_reason(code, detail)}" for code, detail in answer.reasons]
        lines.append(f"   {'':<10} SIP: {answer.sip}")
        if answer.degraded:
            lines.append(f"   {'':<10} not known in time: {', '.join(answer.degraded)}")
    if show_requests:
        lines += ["", *(f"   {line}" for request in shown.requests for line in request.splitlines())]
    lines.append("")
    lines += [f"   {mark(passed=False)} {difference}" for difference in shown.differences]
    if not shown.differences:
        lines.append(f"   {mark(passed=True)} as expected")
    return "\n".join(lines)


def _reason(code: str, detail: str) -> str:
    row = REASONS.get(code)
    if row is None:
        return detail
    return row.words if detail in _KNOWN_WORDS else f"{row.words} [{detail}]"
