"""A search through the journal: by the running node, or by this command where none runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click
import msgspec

from gateway.cli.administration import actor, local_record
from gateway.cli.control_client import NoNodeError, ask_control, download
from gateway.cli.evidence_store import last_generation
from gateway.cli.jobs import Show, run_job
from gateway.control.api.call_documents import in_full
from gateway.control.api.traces import TraceShape, found_document, sought_of
from gateway.control.tracing.evidence_key import CERTIFICATE_FILE, EvidenceKeyError
from gateway.control.tracing.search import search
from gateway.control.tracing.traceback_csv import traceback_csv
from gateway.control.tracing.traces import SignedBundle, Trace, note_export, signed_bundle, signer_in
from gateway.generation.countries import FILE_RULES
from gateway.web.problems import Problem

JOURNAL = "journal"
CHAINS = "chains"


@dataclass(frozen=True, slots=True)
class TraceErrand:
    """What to search for, as the API takes it, and what is wanted besides."""

    document: Mapping[str, object]
    csv: bool
    evidence: bool


@dataclass(frozen=True, slots=True)
class CallsFound:
    """What came of it."""

    document: Mapping[str, Any]
    csv: str = ""
    evidence: bytes = b""
    signer: str = ""
    """SHA-256 of the evidence certificate, hex."""


async def find_calls(data_directory: Path, errand: TraceErrand, show: Show) -> CallsFound:
    """Search, and have the evidence signed if wanted. Raises ClickException."""
    try:
        return await _by_node(data_directory, errand, show)
    except NoNodeError:
        return await _here(data_directory, errand, show)


async def _by_node(data_directory: Path, errand: TraceErrand, show: Show) -> CallsFound:
    result = await run_job(data_directory, "/admin/v1/traces", dict(errand.document), show, can_stop=True)
    where = f"/admin/v1/traces/{result['id']}"
    document = cast("dict[str, Any]", await ask_control(data_directory, "GET", where))
    rows = await _whole(data_directory, f"{where}/csv") if errand.csv else b""
    evidence = await _whole(data_directory, f"{where}/evidence") if errand.evidence else b""
    signer = signer_in(data_directory / CERTIFICATE_FILE) if errand.evidence else ""
    members = ("fitting", "journal_begins", "calls")
    return CallsFound({name: document[name] for name in members}, rows.decode(), evidence, signer)


async def _whole(data_directory: Path, path: str) -> bytes:
    return b"".join([piece async for piece in download(data_directory, path)])


async def _here(data_directory: Path, errand: TraceErrand, show: Show) -> CallsFound:
    try:
        shape = msgspec.convert(errand.document, TraceShape)
        sought = sought_of(shape, FILE_RULES)
    except Problem as problem:
        raise click.ClickException(problem.detail.removeprefix("/")) from problem
    except msgspec.ValidationError as error:
        raise click.ClickException(str(error)) from error
    journal = data_directory / JOURNAL
    if not journal.is_dir():
        raise click.ClickException(
            f"there is no journal in {data_directory}, and no node answers there. "
            "Say where the node keeps its data with --data-directory."
        )
    try:
        found = await asyncio.to_thread(
            search, journal, sought, limit=shape.limit, advance=lambda done, total: show("", done, total)
        )
        trace = Trace(sought, found)
        signed = await _signed_here(data_directory, trace) if errand.evidence else None
    except (EvidenceKeyError, OSError) as error:
        raise click.ClickException(str(error)) from error
    rows = traceback_csv(found.records, in_full) if errand.csv else ""
    document = found_document(found, in_full)
    return CallsFound(document, rows, *((signed.data, signed.signer) if signed else ()))


async def _signed_here(data_directory: Path, trace: Trace) -> SignedBundle:
    now = int(time.time())
    signed = await asyncio.to_thread(
        signed_bundle,
        trace,
        data=data_directory,
        chains=data_directory / CHAINS,
        generation=last_generation(data_directory),
        now=now,
    )
    async with local_record(data_directory, makes=False) as record:
        await note_export(record, trace, signed, actor=actor(), now=now)
    return signed
