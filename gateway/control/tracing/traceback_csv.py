"""Traced calls as a traceback group asks for them: one row a call, with the upstream it came by.

The columns are those that traceback requests have in common, not any one group's template. Text that a
spreadsheet would take for a formula is quoted; numbers keep their plus.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

from gateway.control.api.call_documents import Shown, redacted
from gateway.control.tracing.bundle import moment
from gateway.control.tracing.search import origids
from gateway.journal import Record

COLUMNS: Final = (
    "call_id",
    "time",
    "calling_number",
    "network_number",
    "called_number",
    "upstream",
    "attestation",
    "origid",
    "signer_spc",
    "signer_sha256",
    "verstat",
    "action",
    "identity",
)
_NUMBER: Final = re.compile(r"\+[0-9]+")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def traceback_csv(records: Sequence[Record], shown: Shown) -> str:
    """The rows, newest last. Whoever may not see numbers sees neither identities nor origids."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for record in records:
        identities = () if shown is redacted else (*record.earlier, *record.identities)
        row = (
            record.call_id,
            moment(record.time),
            shown(record.orig) or "",
            shown(record.network_tn) or "",
            " ".join(str(shown(dest)) for dest in record.dests),
            record.trunk,
            record.attest or "",
            "" if shown is redacted else " ".join(sorted(origids(record))),
            " ".join(record.spcs),
            record.fingerprint or "",
            record.verstat or "",
            record.action or "",
            " ".join(identities),
        )
        writer.writerow([_plain(cell) for cell in row])
    return out.getvalue()


def _plain(cell: str) -> str:
    is_numbers = all(_NUMBER.fullmatch(part) for part in cell.split())
    return f"'{cell}" if cell.startswith(_FORMULA) and not is_numbers else cell
