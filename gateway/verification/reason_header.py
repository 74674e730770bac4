"""Values of the SIP Reason header for Identity headers that were refused: RFC 9410 section 4, RFC 9366.

    STIR;cause=436;text="Bad Identity Info";ppi="..sEL7…"

One for each refused header, in the order received; a switch may copy them as they are into a provisional
or final response. The PASSporT is named in compact form, as section 4 recommends: the full one would show
the call's numbers to every hop (section 9). `text` is RFC 8224's phrase, not ATIS-1000082's spelling of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.reasons import PPT_PARAMETER_UNSUPPORTED
from gateway.verification.conclude import HeaderResult

# What may stand between the quotes: a stranger's text of any other form is left out, not escaped.
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def reason_values(headers: Sequence[HeaderResult]) -> tuple[str, ...]:
    """Render the Reason values of all refused headers; of a type that is ignored (RFC 8224 6.2) none."""
    return tuple([value for header in headers if (value := _reason_value(header)) is not None])


def _reason_value(header: HeaderResult) -> str | None:
    reason = header.outcome.finding.reason
    if header.outcome.passport is not None or reason.cause is None or reason is PPT_PARAMETER_UNSUPPORTED:
        return None
    value = f'STIR;cause={reason.cause.code};text="{reason.cause.phrase}"'
    signature = header.token.rpartition(".")[2]
    return f'{value};ppi="..{signature}"' if _SIGNATURE.fullmatch(signature) else value
