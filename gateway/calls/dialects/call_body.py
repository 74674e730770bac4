"""The member `call` of the gateway's own bodies: what a switch says of a call, and where it is mistaken.

`POST /v1/verdicts` and `POST /v1/signatures` take the same one. Unlike ATIS-1000082, unknown members are
refused: a misspelt `roaming` that is silently ignored would withhold every roamer's number. An error names
the place as a JSON pointer (RFC 6901).
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from gateway.calls.dialects.fields import number_in_uri
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.priority import MAX_R_VALUES
from gateway.verdicts.call import Call, Roaming
from gateway.web.problems import at, printable
from gateway.web.shape import ShapeError, read_shape

MAX_IDENTITIES: Final = 10
"""Of one call: a `shaken`, and up to five `div`, leave room."""
MAX_NUMBERS: Final = 100

T = TypeVar("T")

Text = Annotated[str, msgspec.Meta(max_length=2048)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class One(msgspec.Struct, forbid_unknown_fields=True):
    """One number."""

    tn: Text


class Many(msgspec.Struct, forbid_unknown_fields=True):
    """One number, or several."""

    tn: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=MAX_NUMBERS)]


class _Diversion(msgspec.Struct, forbid_unknown_fields=True):
    tn: Text
    reason: Text = ""


class CallBody(msgspec.Struct, forbid_unknown_fields=True, rename={"caller": "from"}):
    """`call`, its numbers still text."""

    id: Id
    to: Many
    time: Annotated[int, msgspec.Meta(gt=0, lt=2**53)]
    caller: One | None = None
    anonymous: bool = False
    request_uri: Text | None = None
    resource_priority: Annotated[list[Text], msgspec.Meta(max_length=MAX_R_VALUES)] | None = None
    priority: Text | None = None
    pai: One | None = None
    diversion: Annotated[list[_Diversion], msgspec.Meta(max_length=MAX_IDENTITIES)] = []
    identity: Annotated[list[str], msgspec.Meta(max_length=MAX_IDENTITIES)] = []
    trunk: Text | None = None
    roaming: Roaming = Roaming.UNKNOWN

    def on(self, trunk: Trunk) -> Call:
        """The call, its numbers read by the trunk's dialling rules. Raises Problem."""
        dialling = trunk.dialling
        if self.caller is None and not self.anonymous:
            raise at("/call/from", 'is missing; a call without a number says "anonymous": true')
        return Call(
            # A Call-ID is printable (RFC 3261 section 25.1). To refuse another would let a caller choose
            # that his call is not judged.
            id=printable(self.id),
            trunk=trunk.name,
            trunk_kind=trunk.kind,
            time=self.time,
            orig=None if self.caller is None else read_tn(self.caller.tn, "/call/from/tn", dialling),
            network_tn=None if self.pai is None else read_tn(self.pai.tn, "/call/pai/tn", dialling),
            dests=tuple(read_tn(tn, f"/call/to/tn/{place}", dialling) for place, tn in enumerate(self.to.tn)),
            anonymous=self.anonymous,
            roaming=self.roaming,
            request_uri=None if self.request_uri is None else number_in_uri(self.request_uri, dialling),
            resource_priority=None if self.resource_priority is None else frozenset(self.resource_priority),
            priority=None if self.priority is None else self.priority.lower(),
        )


def read_body(body: bytes, shape: type[T]) -> T:
    """The body, if it has this shape. Raises Problem with the place of the first mistake."""
    try:
        return read_shape(body, shape)
    except ShapeError as error:
        raise at(error.pointer, error.problem) from None


def read_tn(text: str, pointer: str, dialling: DiallingRules) -> TelephoneNumber:
    """One number in canonical form. Raises Problem."""
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise at(pointer, error.problem) from None
