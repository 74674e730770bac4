"""Traced calls as a traceback group asks for them: one row a call, with the upstream it came by.

The columns are those that traceback requests have in common, not any one group's template. Text that a
spreadsheet would take for a formula is quoted; numbers keep their plus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.control.api.call_documents import Shown, redacted
from gateway.control.spreadsheet import spreadsheet
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


def traceback_csv(records: Sequence[Record], shown: Shown) -> str:
    """The rows, newest last. Whoever may not see numbers sees neither identities nor origids."""
    rows = []
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
        rows.append(row)
    return spreadsheet(COLUMNS, rows)
