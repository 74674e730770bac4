"""What strangers serve at an x5u: chains of certificates written by hand, and the key that signs the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from tests.hostile import certificates as make
from tests.hostile.certificates import Extension, Made
from tests.hostile.der import OCTET_STRING, bits, explicit, integer, name, oid, seq, tlv

P384 = {"algorithm": make.ECDSA_SHA384, "digest": SHA384()}
"""How an authority with a key on P-384 signs."""
FIELDS = frozenset({
    "subject", "key", "more", "version", "serial", "algorithm", "outer_algorithm", "digest", "issuer_name",
    "not_before", "not_after", "public_key", "after", "within", "change", "path_length",
})  # fmt: skip
"""What `certificate` takes; anything else that is given for a certificate is an extension."""


@dataclass(frozen=True)
class World:
    """Three authorities that the node trusts, one below the first, and one that nobody knows."""

    root: Made
    p384_root: Made
    rsa_root: Made
    ca: Made
    stranger: Made


def make_world() -> World:
    root = make.authority("SHAKEN Outside ROOT", None)
    return World(
        root=root,
        p384_root=make.authority("SHAKEN Outside P-384 ROOT", None, key=make.new_key(ec.SECP384R1()), **P384),
        rsa_root=make.authority("SHAKEN Outside RSA ROOT", None, key=rsa_key(2048)),
        ca=make.authority("SHAKEN Outside CA", root),
        stranger=make.authority("SHAKEN Stranger ROOT", None),
    )


def rsa_key(size: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, size)


@dataclass(frozen=True)
class File:
    """What an x5u serves, and the key that signs the call."""

    body: bytes
    key: ec.EllipticCurvePrivateKey


Chain = Callable[[World], File]


def file(signer: Made, *behind: Made, body: bytes | None = None) -> File:
    key = signer.key if isinstance(signer.key, ec.EllipticCurvePrivateKey) else make.new_key()
    # With a key on another curve nobody can sign ES256: what is refused is the certificate.
    on_p256 = key if isinstance(key.curve, ec.SECP256R1) else make.new_key()
    return File(b"".join(one.pem for one in (signer, *behind)) if body is None else body, on_p256)


def leaf(issuer: Made | None, **changes: object) -> Made:
    fields = {name: value for name, value in changes.items() if name in FIELDS}
    return make.leaf(issuer, {name: changes[name] for name in changes.keys() - FIELDS}, **fields)  # type: ignore[misc]


def authority(common_name: str, issuer: Made | None, **changes: object) -> Made:
    fields = {name: value for name, value in changes.items() if name in FIELDS}
    extensions = {name: changes[name] for name in changes.keys() - FIELDS}
    return make.authority(common_name, issuer, extensions, **fields)  # type: ignore[arg-type]


def below(**changes: object) -> Chain:
    """A leaf with these changes, its authority behind it."""
    return lambda world: file(leaf(world.ca, **changes), world.ca)


def under(**changes: object) -> Chain:
    """A good leaf under an authority with these changes."""

    def made(world: World) -> File:
        ca = authority("SHAKEN Changed CA", world.root, **changes)
        return file(make.leaf(ca), ca)

    return made


def under_key(key: Callable[[], make.Key], **how: object) -> Chain:
    """A leaf, signed as `how` says, under an authority with such a key."""

    def made(world: World) -> File:
        ca = make.authority("SHAKEN Other Key CA", world.root, key=key())
        return file(leaf(ca, **how), ca)

    return made


def body(change: Callable[[Made, Made], bytes]) -> Chain:
    """A good leaf and its authority, served in another form."""

    def made(world: World) -> File:
        one = leaf(world.ca)
        return file(one, body=change(one, world.ca))

    return made


def behind(*others: Callable[[World, Made], Made]) -> Chain:
    """A good leaf, and what is sent along after it."""

    def made(world: World) -> File:
        one = leaf(world.ca)
        return file(one, *(other(world, one) for other in others))

    return made


def with_key(form: Callable[[ec.EllipticCurvePrivateKey], bytes], *more: Extension) -> Chain:
    """A leaf whose key is written in another form."""

    def made(world: World) -> File:
        key = make.new_key()
        return file(leaf(world.ca, key=key, public_key=form(key), more=more), world.ca)

    return made


def line(*lengths: int | None, reverse: bool = True) -> Chain:
    """A leaf below as many authorities as there are path lengths, the first one next to the root."""

    def made(world: World) -> File:
        issuer, authorities = world.root, []
        for number, length in enumerate(lengths):
            issuer = make.authority(f"SHAKEN CA {number}", issuer, path_length=length)
            authorities.append(issuer)
        return file(make.leaf(issuer), *authorities[:: -1 if reverse else 1])

    return made


def rolled_over(world: World) -> File:
    """A root's new key, certified by its old one: self-issued, and neither a root nor self-signed."""
    new = authority("", world.root, subject=world.root.subject)
    return file(make.leaf(new), new)


def rolled_over_below_0(world: World) -> File:
    first = make.authority("SHAKEN Rolling CA", world.root, path_length=0)
    new = authority("", first, subject=first.subject)
    return file(make.leaf(new), new, first)


def crossed(*, ours_first: bool) -> Chain:
    """An authority that two roots certified, one of them unknown."""

    def made(world: World) -> File:
        key = make.new_key()
        ours = make.authority("SHAKEN Crossed CA", world.root, key=key)
        other = make.authority("SHAKEN Crossed CA", world.stranger, key=key)
        return file(make.leaf(ours), *((ours, other) if ours_first else (other, ours)))

    return made


def ring(*, rooted: bool) -> Chain:
    """Two authorities that certified each other."""

    def made(world: World) -> File:
        one, two = make.new_key(), make.new_key()
        first = make.authority("SHAKEN Ring One", world.root if rooted else world.stranger, key=one)
        second = make.authority("SHAKEN Ring Two", first, key=two)
        back = make.authority("SHAKEN Ring One", second, key=one)
        return file(make.leaf(second), second, back, *((first,) if rooted else ()))

    return made


HERE = name(("2.5.4.6", "US"), ("2.5.4.10", "Outside"))
ELSEWHERE = name(("2.5.4.6", "US"), ("2.5.4.10", "Elsewhere"))


def name_constraints(*permitted: bytes, critical: bool = True) -> Extension:
    """Names that an authority may certify, as GeneralNames."""
    subtrees = explicit(0, *(seq(each) for each in permitted))
    return make.extension("2.5.29.30", seq(subtrees), critical=critical)


# --- keys in other forms -------------------------------------------------------------------------

P256 = seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))


def compressed(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return seq(P256, bits(bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(32)))


def off_the_curve(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return seq(P256, bits(b"\4" + numbers.x.to_bytes(32) + (numbers.y ^ 1).to_bytes(32)))


def for_agreement(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same point under id-ecDH (RFC 5480 section 2.1.2)."""
    numbers = key.public_key().public_numbers()
    point = b"\4" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    return seq(seq(oid("1.3.132.1.12"), oid("1.2.840.10045.3.1.7")), bits(point))


def explicit_curve(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The same curve spelt out (RFC 5480 section 2.1.1 forbids it)."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    generator = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    parameters = seq(
        integer(1),
        seq(oid("1.2.840.10045.1.1"), integer(prime)),
        seq(tlv(OCTET_STRING, (prime - 3).to_bytes(32)), tlv(OCTET_STRING, b)),
        tlv(OCTET_STRING, b"\4" + generator.x.to_bytes(32) + generator.y.to_bytes(32)),
        integer(order),
        integer(1),
    )
    own = key.public_key().public_numbers()
    point = b"\4" + own.x.to_bytes(32) + own.y.to_bytes(32)
    return seq(seq(oid("1.2.840.10045.2.1"), parameters), bits(point))


# --- encodings that are not DER ------------------------------------------------------------------


def indefinite(der: bytes) -> bytes:
    """The outermost SEQUENCE with a length that its end says (BER)."""
    return b"\x30\x80" + der[2 + (der[1] & 0x7F) :] + b"\0\0"


def overlong(der: bytes) -> bytes:
    """The outermost length in one octet more than it needs."""
    return bytes([0x30, (0x80 | der[1] & 0x7F) + 1, 0]) + der[2:]
