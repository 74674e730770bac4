"""`callmark config`: whether the configuration is right, and what it says."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import click

from gateway.certificates.x5u import X5uPolicy
from gateway.cli.control_client import NoNodeError, exchange
from gateway.cli.options import data_directory_option
from gateway.cli.preview_words import show_preview
from gateway.control.reloading.configured_keys import configured_keys
from gateway.control.reloading.files import Configuration, read_configuration
from gateway.control.reloading.signing_key import signing_problem
from gateway.control.reloading.transport_files import transport_problems
from gateway.control.trust.pins import trust_list_problems
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings
from gateway.node_settings import CONFIGURATION_VARIABLE
from gateway.verification.policy import VerificationPolicy

_PREVIEW_SECONDS: Final = 120.0
"""Reading large lists, and judging 10,000 calls twice."""

configuration_option = click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path("config"),
    envvar=CONFIGURATION_VARIABLE,
    show_default=True,
    show_envvar=True,
    help="Where the configuration's files are.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


@click.group()
def config() -> None:
    """Check the configuration, or show what is in force.

    Exit status: 0 all is well, 1 there are problems (each is listed), 2 wrong usage.
    """


@config.command()
@configuration_option
@_json_option
def check(*, directory: Path, as_json: bool) -> None:
    """Read everything a start or a reload would read, and list every problem there is."""
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        _refuse(configuration, as_json=as_json)
    problems = transport_problems(configuration.settings) + trust_list_problems(configuration.settings)
    if (problem := signing_problem(configuration)) is not None:
        problems.append(problem)
    if problems:
        _refuse(problems, as_json=as_json)
    summary = _summary(configuration)
    if as_json:
        click.echo(json.dumps({"ok": True, "summary": summary}, indent=2))
        return
    counts = ", ".join(f"{words}: {count}" for words, count in summary.items() if isinstance(count, int))
    click.echo(f"{directory}: all good. {counts}; generation {str(summary['generation'])[:12]}.")


@config.command()
@configuration_option
@_json_option
def show(*, directory: Path, as_json: bool) -> None:
    """Show every key in force, its value, and the file, variable or default it comes from."""
    keys, problems = configured_keys(directory, os.environ)
    if problems:
        _refuse(problems, as_json=as_json)
    if as_json:
        click.echo(json.dumps([asdict(key) for key in keys], indent=2))
        return
    for key in keys:
        value = json.dumps(key.value, ensure_ascii=False) if key.value is not None else "(none)"
        click.echo(f"{key.section}.{key.key} = {value}  # {key.source}; {key.takes_effect}")


def _summary(configuration: Configuration) -> Mapping[str, object]:
    policy, trust = configuration.generation.policy, configuration.generation.trust
    return {
        "trunks": len(policy.trunks),
        "inventory ranges": len(policy.inventory),
        "do-not-originate entries": len(policy.verdict.dno_entries),
        "ranges of brands": len(policy.verdict.brands),
        "allocated blocks": len(policy.verdict.allocations),
        "trust anchors": len(trust.anchors),
        "generation": configuration.generation.digest,
    }


def verification_policy(settings: Settings) -> VerificationPolicy:
    """What the configuration says of verifying, as the rules take it."""
    x5u = settings.x5u
    return VerificationPolicy(
        freshness_seconds=settings.verification.freshness_seconds,
        x5u=X5uPolicy(allowed_ports=x5u.allowed_ports, allow_private_addresses=x5u.allow_private_addresses),
    )


def report_problems(problems: list[Problem], *, stop: bool = True) -> None:
    """List the problems on stderr; with `stop`, end with exit status 1."""
    for problem in problems:
        click.echo(str(problem), err=True)
    click.echo(f"{len(problems)} problem{'s' * (len(problems) != 1)} in the configuration.", err=True)
    if stop:
        raise click.exceptions.Exit(1)


def _refuse(problems: list[Problem], *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"ok": False, "problems": [asdict(each) for each in problems]}, indent=2))
    else:
        report_problems(problems, stop=False)
    raise click.exceptions.Exit(1)


@config.command()
@data_directory_option
@_json_option
def preview(*, data_directory: Path, as_json: bool) -> None:
    """Show what the configuration on the disk would do to the recent calls, without taking it.

    The last 10,000 calls are judged again, at their time and with what was known of them then, by the policy
    in force and by the one on the disk; what would be answered otherwise is listed by reason, with examples.

    Exit status: 0 within the limit of [reload] in policy.toml, 1 beyond it, refused or no node is running,
    2 wrong usage.
    """
    try:
        status, answer = asyncio.run(
            exchange(data_directory, "POST", "/admin/v1/config/preview", timeout_seconds=_PREVIEW_SECONDS)
        )
    except NoNodeError as error:
        raise click.ClickException(
            f"no node is running on {data_directory}: only a running node knows calls to judge again. "
            "`callmark config check` needs none."
        ) from error
    found = cast("dict[str, Any]", answer)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif "problems" in found:
        show_problems(found["problems"])
    elif status >= 400:
        raise click.ClickException(f"{found.get('detail') or found.get('title')} (status {status})")
    else:
        show_preview(found)
    if status >= 400 or not found["within_limit"]:
        raise click.exceptions.Exit(1)


def show_problems(problems: list[dict[str, Any]]) -> None:
    """List problems as the admin API gives them."""
    report_problems(
        [
            Problem(each["file"], each["line"], each["key"], each["problem"], each["hint"])
            for each in problems
        ],
        stop=False,
    )
