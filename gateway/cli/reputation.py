"""`callmark reputation`: files of sightings in and out, and why a number is worth what it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click

from gateway.cli.administration import Errand, actor, local_record, run, run_errand
from gateway.cli.control_client import NoNodeError, download
from gateway.cli.evidence_store import (
    EMBEDDED,
    last_allocations,
    last_generation,
    open_loader,
    redis_url,
    room_of,
)
from gateway.cli.jobs import Show, progress_bar, run_job
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.reputation_disputes import disputes, release
from gateway.cli.reputation_eval import eval_
from gateway.cli.reputation_providers import providers
from gateway.cli.reputation_score import score
from gateway.cli.reputation_sources import sources
from gateway.control.commands.reputation import explain_number, explanation_document
from gateway.control.evidence.importing import ImportReport, ImportRequest, import_file
from gateway.control.evidence.imports import report_document, words_of_written
from gateway.control.evidence.reputation_cache import cache_import
from gateway.control.evidence.sightings_csv import write_sightings
from gateway.generation.countries import FILE_RULES
from gateway.knowledge.connect import RedisUrlError
from gateway.knowledge.importers.loader import LoadError
from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import NumberError, canonical
from gateway.record import Record
from gateway.reputation.reading import FORMATS, Format
from gateway.reputation.score import HALF_LIFE_DAYS, decay


@click.group()
def reputation() -> None:
    """Import, export and explain what is known of numbers.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


reputation.add_command(score)
reputation.add_command(eval_)
reputation.add_command(providers)
reputation.add_command(disputes)
reputation.add_command(sources)
reputation.add_command(release)


@reputation.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format", "format_", required=True, type=click.Choice(FORMATS), help="How the file is written."
)
@click.option("--feed", help="Whose file it is, such as ftc-dnc; the format's name without it.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of lines that name none; without it the day in the file's name.",
)
@click.option(
    "--accept-flood",
    is_flag=True,
    help="Take a file that names more than one in twenty of the numbers of an area.",
)
@data_directory_option
@json_option
def import_(
    *,
    file: Path,
    format_: Format,
    feed: str | None,
    day: datetime | None,
    accept_flood: bool,
    data_directory: Path,
    as_json: bool,
) -> None:
    """Read FILE into the record, then bring its numbers up to date in Redis.

    A running node reads it itself, and calls see the new scores when this command ends. A file read before
    changes nothing; one that was broken off (Ctrl-C too) goes on where it stopped.

    ftc-dnc is the FTC's daily file, or its single column Company_Phone_Number. csv has a header and jsonl
    an object a line with tn and, if wanted, day, feed, reporter, label, confidence, expires, path.
    """
    request = ImportRequest(
        path=file.resolve(),
        format=format_,
        feed=feed or format_,
        day=None if day is None else day.date(),
        accept_flood=accept_flood,
    )
    with progress_bar(file.name, hidden=as_json) as show:
        result = run(_import(data_directory, request, show))
    if as_json:
        show_json(result)
        return
    before = f" ({result['taken_before']} by the attempt before)" if result["taken_before"] else ""
    click.echo(
        f"{file.name}: {result['taken']} taken{before}, {result['merged']} merged (known already), "
        f"{result['refused']} refused."
    )
    for problem in result["problems"]:
        click.echo(f"  line {problem['line']}: {problem['problem']}")
    if result["refused"] > len(result["problems"]):
        click.echo(f"  and {result['refused'] - len(result['problems'])} more")
    click.echo(result["redis"])
    if result["newest_day"] is not None:
        age = (datetime.now(UTC).date() - date.fromisoformat(result["newest_day"])).days
        if age > 3 * HALF_LIFE_DAYS:
            click.echo(
                f"Its newest day is {result['newest_day']}, {age} days ago: a complaint of that day weighs "
                f"{decay(age):.3f} of a fresh one (half-life {HALF_LIFE_DAYS} days)."
            )


@reputation.command()
@click.argument("number")
@data_directory_option
@json_option
def show(*, number: str, data_directory: Path, as_json: bool) -> None:
    """Explain what NUMBER is worth today: its sightings by day and feed, their weight, the score.

    And what is known of the blocks around it, level by level, and what the policy in force does to a call
    for either score alone.
    """
    try:
        canonical(number, FILE_RULES)
    except NumberError as error:
        raise click.ClickException(f"{number}: {error.problem}") from error

    async def locally(record: Record, _actor: str, now: int) -> object:
        explained = await explain_number(
            record, number, rules=FILE_RULES, generation=last_generation(data_directory), now=now
        )
        return explanation_document(explained)

    path = f"/admin/v1/reputation/{quote(number, safe='')}"
    errand = Errand(method="GET", path=path, locally=locally)
    explained = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(explained)
        return
    click.echo(f"{explained['tn']}: score {explained['score']:.2f} of 1")
    if not explained["sightings"]:
        click.echo("  nothing is known of the number itself")
    else:
        for part in explained["evidence"]:
            less = part["source_weight"]
            measured = "" if less == 1 else f" (its sightings weigh {less:.2f}: callmark reputation sources)"
            click.echo(f"  {part['detail']}{measured}")
        click.echo(f"  (a complaint's weight halves every {HALF_LIFE_DAYS} days; w / (w + 3) is the score)")
    if explained["policy"] is not None:
        click.echo(f"  {_effect(explained['policy'])}")
    if explained["neighbours"]["levels"]:
        _show_neighbours(explained["neighbours"], explained["policy"])
    for each in explained["sightings"]:
        line = f"  {each['day']}  {each['feed']}  {each['count']:>5}  {each['label']}"
        click.echo(line.rstrip())


@reputation.command()
@data_directory_option
def export(*, data_directory: Path) -> None:
    """Write every sighting that still counts to standard output, as a csv file that import reads."""
    run(_export(data_directory))


async def _import(data_directory: Path, request: ImportRequest, show: Show) -> Mapping[str, Any]:
    document = {
        "path": str(request.path),
        "format": request.format,
        "feed": request.feed,
        "day": None if request.day is None else str(request.day),
        "accept_flood": request.accept_flood,
    }
    try:
        return await run_job(data_directory, "/admin/v1/imports", document, show, can_stop=True)
    except NoNodeError:
        pass
    now = int(time.time())
    async with local_record(data_directory, makes=True) as record:
        report = await import_file(
            record,
            request,
            actor=actor(),
            now=now,
            room=await room_of(redis_url()),
            progress=lambda so_far: show(so_far.step, so_far.done, so_far.total),
        )
        show("Redis", 0, 0)
        allocations = last_allocations(data_directory)
        return {**report_document(report), "redis": await _into_redis(record, report, allocations, now)}


async def _into_redis(record: Record, report: ImportReport, allocations: Allocations | None, now: int) -> str:
    url = redis_url()
    if url == EMBEDDED:
        return "No node is running: the next start brings it to the embedded Valkey."
    try:
        async with open_loader(url) as loader:
            written = await cache_import(record, loader, report, now=now, allocations=allocations)
    except (LoadError, RedisUrlError) as error:
        return f"The record has it, Redis does not: {error}. `callmark cache rebuild` brings it there."
    return words_of_written(written)


async def _export(data_directory: Path) -> None:
    out = sys.stdout.buffer
    try:
        async for piece in download(data_directory, "/admin/v1/sightings"):
            out.write(piece)
    except NoNodeError:
        async with local_record(data_directory, makes=False) as record:
            async for text in write_sightings(record, since=datetime.now(UTC).date()):
                out.write(text.encode())


def _show_neighbours(neighbours: Mapping[str, Any], policy: Mapping[str, Any] | None) -> None:
    click.echo(f"its neighbours: score {neighbours['score']:.2f} of 1")
    for each in neighbours["levels"]:
        click.echo(f"  {each['detail']}")
    if neighbours["allocated"] is not None:
        click.echo(f"  {neighbours['allocated']['detail']}")
    if policy is not None:
        effect = policy["neighbours_effect"]
        does = {"none": "does nothing to its calls", "label": "labels its calls"}.get(
            effect, f"{effect}s its calls"
        )
        click.echo(f"  the policy {does} for its neighbours, unless they are signed with A")


def _effect(policy: Mapping[str, Any]) -> str:
    limits = ", ".join(
        f"{effect} from {policy[key]:.2f}"
        for effect, key in (("label", "label_at"), ("challenge", "challenge_at"), ("block", "block_at"))
        if policy[key] is not None
    )
    does = {"none": "does nothing to its calls", "label": "labels its calls"} | {
        effect: f"{effect}s its calls" for effect in ("challenge", "block")
    }
    return f"the policy ({limits or 'no threshold'}) {does[policy['effect']]} for this score alone"
