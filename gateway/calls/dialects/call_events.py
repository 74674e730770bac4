"""`POST /v1/call-events`: how calls ended, one JSON object a line.

What a line says is its switch's word about its own calls. A line names the trunk its call came by, or means
the one its credential stands for; of the trunks there are it may name those of the same credential and any
of a more careful kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from gateway.generation.trunks import Trunk
from gateway.journal import CallEvent
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.web.problems import printable
from gateway.web.shape import ShapeError, read_shape

OLDEST_SECONDS: Final = 2 * 86_400
"""A switch that could not send for a night, or a weekend's first day, still can."""
AHEAD_SECONDS: Final = 60
"""By how much a switch's clock may be ahead of ours."""
LONGEST_CALL_SECONDS: Final = 7 * 86_400

_Text = Annotated[str, msgspec.Meta(max_length=2048)]


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename={"caller": "from"}):
    call_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    time: Annotated[float, msgspec.Meta(gt=0, lt=2**53)]
    to: _Text
    answered: bool
    duration_seconds: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_CALL_SECONDS)]
    caller: _Text | None = None
    trunk: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    cause: Annotated[int, msgspec.Meta(ge=1, le=127)] | None = None


def line_reader(named: Callable[[str | None], Trunk | None], *, now: float) -> Callable[[bytes], CallEvent]:
    """What reads the lines of one batch: a call event, or ShapeError.

    `named` gives the trunk a line speaks for, None for one its credential may not name; `now` in epoch
    seconds.
    """

    def read(line: bytes) -> CallEvent:
        said = read_shape(line, _Line)
        trunk = named(said.trunk)
        if trunk is None:
            raise ShapeError("/trunk", "is no trunk that this credential may name; see trunks.toml")
        if said.time > now + AHEAD_SECONDS:
            raise ShapeError("/time", f"is more than {AHEAD_SECONDS} s ahead of the gateway's clock")
        if said.time < now - OLDEST_SECONDS:
            raise ShapeError("/time", f"is more than {OLDEST_SECONDS // 3600} hours ago")
        return CallEvent(
            call_id=printable(said.call_id),
            time=said.time,
            trunk=trunk.name,
            orig=None if said.caller is None else _tn(said.caller, "/from", trunk.dialling),
            dest=_tn(said.to, "/to", trunk.dialling),
            answered=said.answered,
            duration_seconds=said.duration_seconds,
            cause=said.cause,
        )

    return read


def _tn(text: str, pointer: str, dialling: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise ShapeError(pointer, error.problem) from None
