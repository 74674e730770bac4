"""Evidence of blocks in the form in which Redis holds it: packed, with the parts that are worth asking for.

A block takes fourteen bytes: the day (two), the numbers (four) and its four weights (two each, on a scale
of equal ratios, 0.06 % from step to step). Behind it stand the digits of those of its ten parts whose own
evidence counts, so that nobody looks for the others. An exchange stands behind its area, and behind the
range between the two that it was given out in: a byte for its width, and a block. All of it is under 64
bytes, which keeps Redis' hashes in their compact form. Decoding is strict: a value, or EntryError.
"""

from __future__ import annotations

import math
import struct
from typing import Final

import msgspec

from gateway.reputation.blocks import BlockEvidence, GivenOut
from gateway.reputation.entry import EntryError
from gateway.reputation.wide_range import WIDTHS

BLOCK_BYTES: Final = 14
_PACKED: Final = struct.Struct("<HIHHHH")
_LEAST: Final = 1e-9
_MOST: Final = 1e9
"""Weights between which the scale lies; what is lighter weighs nothing, what is heavier weighs that much."""
_STEPS: Final = 0xFFFF - 1
_STEP: Final = math.log(_MOST / _LEAST) / _STEPS
_WEIGHTS: Final = (0.0, *(_LEAST * math.exp(_STEP * step) for step in range(_STEPS + 1)))
_MOST_PARTS: Final = 10
_LAST_DAY: Final = 0xFFFF
_MOST_NUMBERS: Final = 0xFFFFFFFF


def encode_block(evidence: BlockEvidence, parts: str = "") -> bytes:
    """Return the stored form; `parts` are the last digits of the parts that have evidence of their own."""
    packed = _PACKED.pack(
        min(max(evidence.day, 0), _LAST_DAY),
        min(evidence.numbers, _MOST_NUMBERS),
        _stepped(evidence.fresh),
        _stepped(evidence.lasting),
        _stepped(evidence.fresh_spread),
        _stepped(evidence.lasting_spread),
    )
    return packed + parts.encode("ascii")


def encode_exchange(area: BlockEvidence, exchange: BlockEvidence, parts: str = "") -> bytes:
    """Return the stored form of an exchange with its area, and its range; `parts` as above."""
    wide = exchange.given_out
    between = b"" if wide is None else bytes((wide.width,)) + encode_block(wide.evidence)
    return encode_block(area) + between + encode_block(exchange, parts)


def decode_block(data: bytes, at: int = 0) -> BlockEvidence:
    """Return the block that begins there, or EntryError; never another error, whatever the bytes."""
    if not at + BLOCK_BYTES <= len(data) <= at + BLOCK_BYTES + _MOST_PARTS:
        raise EntryError("not as long as a block")
    if len(data) > at + BLOCK_BYTES and not data[at + BLOCK_BYTES :].isdigit():
        raise EntryError("parts that are no digits")
    return _unpack(data, at)


def decode_exchange(data: bytes) -> tuple[BlockEvidence, BlockEvidence]:
    """Return area and exchange, or EntryError; never another error, whatever the bytes."""
    if len(data) <= 2 * BLOCK_BYTES + _MOST_PARTS:
        exchange = decode_block(data, BLOCK_BYTES)
    else:
        inner = decode_block(data, 2 * BLOCK_BYTES + 1)
        if data[BLOCK_BYTES] not in WIDTHS:
            raise EntryError("a range that is not between area and exchange")
        given_out = GivenOut(data[BLOCK_BYTES], _unpack(data, BLOCK_BYTES + 1))
        exchange = msgspec.structs.replace(inner, given_out=given_out)
    return _unpack(data, 0), exchange


def _unpack(data: bytes, at: int) -> BlockEvidence:
    day, numbers, fresh, lasting, fresh_spread, lasting_spread = _PACKED.unpack_from(data, at)
    if not numbers:
        raise EntryError("a block in which no number was seen")
    return BlockEvidence(
        day, numbers, _WEIGHTS[fresh], _WEIGHTS[lasting], _WEIGHTS[fresh_spread], _WEIGHTS[lasting_spread]
    )


def _stepped(weight: float) -> int:
    if weight < _LEAST:
        return 0
    return 1 + round(math.log(min(weight, _MOST) / _LEAST) / _STEP)
