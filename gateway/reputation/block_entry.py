"""Evidence of a block in the form in which Redis holds it: `[day, numbers, fresh, lasting, …spreads]`, JSON.

Under 64 bytes, which keeps Redis' hashes in their compact form. Decoding is strict: a value, or EntryError.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from gateway.reputation.blocks import BlockEvidence
from gateway.reputation.entry import EntryError

LONGEST_BLOCK: Final = 128
"""Bytes."""
_LAST_DAY: Final = 100_000
_MOST: Final = 10**9

_DECODER: Final = msgspec.json.Decoder(tuple[int, int, float, float, float, float], strict=True)


def encode_block(evidence: BlockEvidence) -> bytes:
    """Return the stored form; `decode_block` gives the same back, weights to four figures."""
    weights = (evidence.fresh, evidence.lasting, evidence.fresh_spread, evidence.lasting_spread)
    return msgspec.json.encode(
        (evidence.day, evidence.numbers, *(float(f"{weight:.4g}") for weight in weights))
    )


def decode_block(data: bytes) -> BlockEvidence:
    """Return the evidence, or EntryError; never another error, whatever the bytes."""
    if len(data) > LONGEST_BLOCK:
        raise EntryError(f"longer than {LONGEST_BLOCK} bytes")
    try:
        day, numbers, *weights = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryError(str(error)) from error
    if not 0 <= day <= _LAST_DAY or not 1 <= numbers <= _MOST:
        raise EntryError("day or count of numbers out of range")
    if not all(math.isfinite(weight) and 0 <= weight <= _MOST for weight in weights):
        raise EntryError("a weight out of range")
    return BlockEvidence(day, numbers, *weights)
