"""Every key in Redis, once. Keys hold canonical digits and hashes only, never text a caller chose.

A number's partition is its exchange (the number less its last four digits) hashed to one of 256; the
partition is the hash tag, so all that one call asks of its caller lies in one cluster slot.

    cm:complete:{p3f}             string  "complete:<epoch>" | "building:<epoch>"; absent: nothing is known
    cm:rep:{p3f}:44207946         hash    last four digits -> entry (gateway.reputation.entry); expires.
                                          x -> evidence of area and exchange; 0, 01, 012 -> of the
                                          blocks in it (gateway.reputation.block_entry)
    cm:replay:{p3f}:<hash>        set     hashes of the call ids that used one PASSporT; expires
    cm:traffic:{p3f}              hash    path and number -> what it did lately (functions.lua); expires
    cm:emergency:{p3f}:442079460123  string  it dialled an emergency number lately; expires
    cm:chain:{p3f}:<hash of the URL>  string  a certificate chain, PEM; expires

Reputation lies in one hash per exchange, not one key per number: Redis keeps small hashes in one
allocation, where ten million keys cost some ninety bytes each before their value.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from functools import lru_cache
from typing import Final

from gateway.numbers.canonical import TelephoneNumber

PARTITIONS: Final = 256
EXCHANGE_FIELD: Final = "x"
REPUTATION_PATTERN: Final = "cm:rep:*"
_TAGS: Final = tuple(f"{{p{number:02x}}}" for number in range(PARTITIONS))
_TAG: Final = re.compile(rb"\{p([0-9a-f]{2})\}")
_DIGITS: Final = re.compile(r"[0-9*#]{1,32}")


def exchange_of(tn: TelephoneNumber) -> str:
    """Return the number less its last four digits; empty for numbers that have no more.

    ValueError for anything but 1 to 32 of the characters a canonical number may hold: the type promises
    it, and a key is not built on a promise.
    """
    if _DIGITS.fullmatch(tn) is None:
        raise ValueError("not a canonical number")
    return tn[:-4]


@lru_cache(maxsize=4096)
def partition_of(exchange: str) -> int:
    """0 to 255; remembered, for a call asks of its caller's several times."""
    return zlib.crc32(exchange.encode()) % PARTITIONS


def tag_of(partition: int) -> str:
    """Return the hash tag that all keys of the partition have, braces included."""
    return _TAGS[partition]


def partition_of_key(key: bytes) -> int | None:
    """Return the partition a reputation's key names; None for one that is not ours."""
    found = _TAG.search(key)
    return None if found is None else int(found[1], 16)


def marker_key(partition: int) -> str:
    """Says whether the partition's reputation is whole."""
    return f"cm:complete:{_TAGS[partition]}"


def reputation_key(exchange: str, partition: int) -> str:
    """Return the hash of an exchange; a number's field in it is `field_of(tn)`."""
    return f"cm:rep:{_TAGS[partition]}:{exchange}"


def field_of(tn: TelephoneNumber) -> str:
    """Return the number's last four digits."""
    return tn[-4:]


def block_field(block: str, exchange: str) -> str:
    """Return a block's field in the hash of its exchange; `block` are the digits its numbers begin with."""
    return block[len(exchange) :] or EXCHANGE_FIELD


def replay_key(partition: int, parts: tuple[str, ...]) -> str:
    """Return the key of one PASSporT by orig, dest, iat and origid, each part fenced by its length."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"cm:replay:{_TAGS[partition]}:{digest}"


def traffic_key(partition: int) -> str:
    """Return the key of what the numbers and blocks of a partition did lately."""
    return f"cm:traffic:{_TAGS[partition]}"


def subject_of(path: str, tn: str) -> str:
    """Return the field of a number, `iu442079460123`: the path's two initials, which no two paths share."""
    return f"{short_path(path)}{tn}"


def block_subject_of(path: str, tn: str) -> str:
    """Return the field of the thousand numbers that a number stands among."""
    return f"{short_path(path)}{tn[:-3]}*"


@lru_cache(maxsize=64)
def short_path(path: str) -> str:
    """Return the initials of trunk kind and signature state."""
    kind, _, state = path.partition("/")
    return kind[:1] + state[:1]


def emergency_key(tn: TelephoneNumber) -> tuple[str, int]:
    """Return the key that says a number called for help lately, and its partition. ValueError as above."""
    partition = partition_of(exchange_of(tn))
    return f"cm:emergency:{_TAGS[partition]}:{tn}", partition


def call_member(call_id: str) -> int:
    """Return a call id as the 63-bit integer kept of it: sets of integers stay compact in every server."""
    digest = hashlib.blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def chain_key(url: str) -> tuple[str, int]:
    """Return the key of a certificate chain by its x5u, and its partition: any, chains are spread."""
    digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()
    return f"cm:chain:{_TAGS[digest[0]]}:{digest.hex()}", digest[0]
