"""Many numbers by a CSV file: what became of each line, and the refused ones as a file to mend."""

from __future__ import annotations

import csv
import io
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import IO, Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.control.api.asking import ACTOR, STATE, trunks_of
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.home import owner_of
from gateway.control.registry.bulk import COLUMNS, LineResult, claim_lines, read_claims
from gateway.web.problems import Problem

PATH: Final = "/portal/numbers/bulk"
MOST_BYTES: Final = 16 * 1024 * 1024
"""Some 250,000 lines, as long as somebody waits at a page; the API takes longer ones."""
MOST_REFUSED: Final = 1_000
"""Lines that are shown and given back; a file with more is wrong throughout."""
_PIECE_BYTES: Final = 64 * 1024
_MOST_TEXT: Final = 250_000
"""Characters: as a form they may become three times as many bytes, and a form has a mebibyte."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file."""

    taken: int
    refused: int
    shown: tuple[LineResult, ...]
    """The first refused lines, at most `MOST_REFUSED`."""
    given_back: str
    """The same lines as they were, under the heading."""


async def get_bulk(request: web.Request) -> web.Response:
    """Ask for the file."""
    return page(request, "portal/bulk.html", form=Form(), columns=COLUMNS, result=None)


async def post_bulk(request: web.Request) -> web.Response:
    """Claim line by line."""
    with tempfile.TemporaryFile() as file:
        await _receive(request, file)
        file.seek(0)
        try:
            result = await _claim(request, file)
        except CommandError as error:
            form = Form()
            form.refuse("file", f"{error.problem[:1].upper()}{error.problem[1:]}.")
            status = 429 if error.trouble is Trouble.TOO_OFTEN else 400
            return page(request, "portal/bulk.html", status=status, form=form, columns=COLUMNS, result=None)
    return page(request, "portal/bulk.html", form=Form(), columns=COLUMNS, result=result)


async def post_refused(request: web.Request) -> web.Response:
    """Give the refused lines back as a file."""
    form = await read_form(request)
    return web.Response(
        text=form.raw("lines")[:_MOST_TEXT],
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="refused.csv"'},
    )


async def _receive(request: web.Request, file: IO[bytes]) -> None:
    """Write the uploaded file to the disk. Raises Problem."""
    if request.content_type != "multipart/form-data":
        raise Problem(415, "unsupported-type", "This address takes the form of its page.")
    size = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name != "file":
                continue
            while piece := await part.read_chunk(_PIECE_BYTES):
                size += len(piece)
                if size > MOST_BYTES:
                    raise Problem(
                        413,
                        "too-large",
                        "The file is too large.",
                        "At most 16 MiB here; longer ones by the API.",
                    )
                file.write(piece)
    except (ValueError, AssertionError, LookupError, RuntimeError, HttpProcessingError) as error:
        # What aiohttp raises for a multipart body that is none.
        raise Problem(
            400, "invalid-request", "What was sent cannot be read.", "Open the page again."
        ) from error


async def _claim(request: web.Request, file: IO[bytes]) -> Taken:
    taken, refused, shown = 0, 0, list[LineResult]()
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    async for result in claim_lines(
        request.app[STATE].record,
        read_claims(text),
        owner_id=owner_of(request),
        trunks=trunks_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    ):
        if result.id is not None:
            taken += 1
            continue
        refused += 1
        if len(shown) < MOST_REFUSED:
            shown.append(result)
    text.seek(0)
    return Taken(taken, refused, tuple(shown), _rows(text, {each.line for each in shown}))


def _rows(text: io.TextIOWrapper, lines: Collection[int]) -> str:
    """These lines of the file once more, under the heading; at most `_MOST_TEXT` characters."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = csv.reader(line.replace("\x00", "\ufffd") for line in text)
    try:
        for row in rows:
            if rows.line_num in lines and written.tell() < _MOST_TEXT - 9_000:
                writer.writerow(value[:400] for value in row[:20])
    except csv.Error:
        pass  # the rest cannot be read: it was refused so, and is in the file that was sent
    return written.getvalue()


PAGES = (
    Page("GET", PATH, get_bulk, Who.OWNER),
    Page("POST", PATH, post_bulk, Who.OWNER),
    Page("POST", PATH + "/refused", post_refused, Who.OWNER),
)
