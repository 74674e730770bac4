"""DER written by hand: for certificates and lists that no library agrees to make (X.690)."""

from __future__ import annotations

from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL = 0x01, 0x02, 0x03, 0x04, 0x05
UTF8, PRINTABLE, IA5, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x16, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
TRUE = b"\x01\x01\xff"


def tlv(tag: int, *contents: bytes) -> bytes:
    """Tag, length in as few octets as can be, content."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def seq(*contents: bytes) -> bytes:
    return tlv(SEQUENCE, *contents)


def explicit(number: int, *contents: bytes) -> bytes:
    """[n] EXPLICIT, and [n] IMPLICIT of anything constructed."""
    return tlv(0xA0 | number, *contents)


def implicit(number: int, content: bytes) -> bytes:
    """[n] IMPLICIT of anything primitive."""
    return tlv(0x80 | number, content)


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    octets = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        octets += bytes(reversed(septets))
    return tlv(0x06, bytes(octets))


def bits(octets: bytes, *, unused: int = 0) -> bytes:
    return tlv(BIT_STRING, bytes([unused]), octets)


def named_bits(*numbers: int) -> bytes:
    """A BIT STRING with these bits set and no zero bit at its end (X.690 section 11.2.2)."""
    if not numbers:
        return bits(b"")
    size = max(numbers) + 1
    value = sum(1 << (size - 1 - number) for number in numbers)
    unused = -size % 8
    return bits((value << unused).to_bytes((size + 7) // 8), unused=unused)


def utc_time(epoch_seconds: float) -> bytes:
    return tlv(UTC_TIME, datetime.fromtimestamp(epoch_seconds, UTC).strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(epoch_seconds: float) -> bytes:
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return tlv(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def name(*parts: tuple[str, str], string: int = UTF8) -> bytes:
    """A distinguished name: `("2.5.4.3", "SHAKEN 709J")` is a common name."""
    return seq(*(tlv(SET, seq(oid(kind), tlv(string, text.encode()))) for kind, text in parts))
