"""Looks at everything and says how it stands, in the order in which an operator would mend it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from gateway.control.reloading.files import Configuration, read_configuration, read_settings
from gateway.control.reloading.transport_files import transport_problems
from gateway.control.trust.pins import trust_list_problems
from gateway.control.trust.trust_task import kept_files
from gateway.doctor.clock import judge_clock
from gateway.doctor.diagnosis import Diagnosis, good, wrong
from gateway.doctor.evidence import judge_evidence
from gateway.doctor.files import judge_files
from gateway.doctor.looking.clock import look_at_clock
from gateway.doctor.looking.evidence import look_at_evidence
from gateway.doctor.looking.files import look_at_files
from gateway.doctor.looking.node import look_at_node
from gateway.doctor.looking.record import look_at_record
from gateway.doctor.looking.signing import look_at_signing
from gateway.doctor.looking.surroundings import Surroundings
from gateway.doctor.looking.trust import look_at_trust
from gateway.doctor.node import judge_node
from gateway.doctor.record import judge_record
from gateway.doctor.signing import judge_signing
from gateway.doctor.trust import judge_trust
from gateway.generation.problem import Problem
from gateway.node_settings import data_directory

CONFIGURATION = "configuration"


async def examine(
    directory: Path,
    environment: Mapping[str, str],
    *,
    published: Path | None,
    ask: Callable[[Path, str], Awaitable[Mapping[str, object] | None]],
) -> tuple[Diagnosis, ...]:
    """Every diagnosis.

    `published`: what a web server publishes of this gateway; `ask` is given a data directory and a path, and
    asks the node that runs there.
    """
    settings = read_settings(directory, environment)
    if isinstance(settings, list):
        return tuple(_configuration(settings, directory))
    data = data_directory(settings)
    configuration = read_configuration(directory, environment, obtained=kept_files(settings, now=time.time()))
    problems = configuration if isinstance(configuration, list) else []
    problems = [*problems, *transport_problems(settings), *trust_list_problems(settings)]
    ask_there = partial(ask, data)
    around = Surroundings(
        settings=settings,
        configuration=configuration if isinstance(configuration, Configuration) else None,
        data_directory=data,
        ask=ask_there,
        is_running=await ask_there("/livez") is not None,
        now=int(time.time()),
    )
    return (*_configuration(problems, directory), *(await _examined(around, published)))


async def _examined(around: Surroundings, published: Path | None) -> list[Diagnosis]:
    found: list[Diagnosis] = []
    found += judge_node(await look_at_node(around))
    found += judge_clock(await look_at_clock(around))
    signing = await look_at_signing(around)
    if signing is not None:
        found += judge_signing(signing, now=around.now)
    trust = look_at_trust(around)
    if trust is not None:
        found += judge_trust(trust, now=around.now)
    found += judge_files(look_at_files(around, published=published))
    found += judge_evidence(await look_at_evidence(around))
    found += judge_record(await look_at_record(around), now=around.now)
    return found


def _configuration(problems: list[Problem], directory: Path) -> Iterator[Diagnosis]:
    for each in problems:
        yield wrong(CONFIGURATION, f"{each}.", "callmark config check")
    if not problems:
        yield good(CONFIGURATION, f"{directory} has no mistake.")
