"""Chains that RFC 5280, RFC 8226 or ATIS-1000080 forbid, sent through the HTTP API, each twice: all are 437.

The kinds follow x509-limbo and NIST's PKITS, as far as a verifier of calls can meet them.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA384

from tests.hostile import certificates as make
from tests.hostile.certificates import DAY, NOW, Made
from tests.hostile.chains import (
    ELSEWHERE,
    HERE,
    P256,
    Chain,
    File,
    World,
    authority,
    behind,
    below,
    body,
    explicit_curve,
    file,
    for_agreement,
    indefinite,
    leaf,
    line,
    name_constraints,
    off_the_curve,
    overlong,
    ring,
    rolled_over_below_0,
    rsa_key,
    under,
    under_key,
    with_key,
)  # fmt: skip
from tests.hostile.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    IA5,
    NULL,
    PRINTABLE,
    SET,
    UTC_TIME,
    UTF8,
    bits,
    explicit,
    implicit,
    integer,
    oid,
    seq,
    tlv,
)  # fmt: skip
from tests.hostile.signer import Stranger

REFUSED = ("TN-Validation-Failed", 437)
OLD_LABEL = "X509 CERTIFICATE"
SUBJECT = make.person("SHAKEN 709J")
SERVERS = "1.3.6.1.5.5.7.3.1"
EXPLICIT_POLICY = seq(implicit(0, b"\0"))


def critical(dotted: str, value: bytes) -> bytes:
    return make.extension(dotted, value, critical=True)


def of_that_name(world: World) -> File:
    """A stranger's root under the name of ours."""
    root = authority("", None, subject=world.root.subject)
    return file(leaf(root), root)


def without_leaf(*others: str) -> Chain:
    """The authorities first, or alone."""

    def made(world: World) -> File:
        one = leaf(world.ca)
        return File(
            b"".join((one if name == "leaf" else getattr(world, name)).pem for name in others), one.key
        )

    return made


def by_a_leaf(world: World) -> File:
    one = leaf(world.ca)
    return file(leaf(one), one, world.ca)


def nameless(world: World) -> File:
    ca = authority("", world.root, subject=seq())
    return file(leaf(ca), ca)


def bare(**how: object) -> Chain:
    """A certificate without extensions."""
    return lambda world: file(make.certificate(SUBJECT, {}, issuer=world.ca, **how), world.ca)  # type: ignore[arg-type]


def constraints(value: bytes) -> bytes:
    return critical("2.5.29.19", seq(value))


def pkcs7(*certificates: Made) -> bytes:
    """Signed data of nobody, certificates in it (RFC 5652 section 5.1)."""
    held = explicit(0, *(each.der for each in certificates))
    data = seq(integer(1), tlv(SET), seq(oid("1.2.840.113549.1.7.1")), held, tlv(SET))
    return seq(oid("1.2.840.113549.1.7.2"), explicit(0, data))


def codes(*entries: bytes) -> Chain:
    """A leaf with these entries in its TNAuthList."""
    return below(tn_list=make.tn_list(*entries))


CHAINS: dict[str, Chain] = {
    # --- dates
    "expired": below(not_after=NOW - 1),
    "not valid yet": below(not_before=NOW + DAY),
    "ends before it begins": below(not_before=NOW + 60, not_after=NOW - 60),
    "authority expired": under(not_after=NOW - 1),
    "authority not valid yet": under(not_before=NOW + DAY),
    "date without seconds": below(not_before=tlv(UTC_TIME, b"2601010000Z")),
    "date with an offset": below(not_before=tlv(UTC_TIME, b"260101000000+0100")),
    "date with a fraction": below(not_before=tlv(GENERALIZED_TIME, b"20260101000000.5Z")),
    "date that is none": below(not_before=tlv(UTC_TIME, b"260230000000Z")),
    # --- paths
    "unknown root": lambda world: file(leaf(world.stranger)),
    "unknown root sent along": lambda world: file(leaf(world.stranger), world.stranger),
    "root of the same name": of_that_name,
    "self-signed": lambda _: file(leaf(None)),
    "self-signed under the root's name": lambda world: file(leaf(None, subject=world.root.subject)),
    "no authority behind it": lambda world: file(leaf(world.ca)),
    "another authority behind it": behind(lambda w, _: authority("SHAKEN Outside CA", w.stranger)),
    "leaf missing": without_leaf("ca", "root"),
    "authority first": without_leaf("ca", "leaf"),
    "root first": without_leaf("root", "ca", "leaf"),
    "the authority signs the call": lambda world: file(world.ca),
    "the root signs the call": lambda world: file(world.root),
    "signed by a leaf": by_a_leaf,
    "path length 0": line(0, None),
    "path length 1 of three": line(1, None, None),
    "too many authorities": line(*[None] * 5),
    "a ring": ring(rooted=False),
    # --- authorities
    "authority without CA": under(constraints=make.constraints(ca=False)),
    "authority without basic constraints": under(constraints=None),
    "authority may not sign certificates": under(usage=make.usage(make.SIGN, make.LISTS)),
    "authority without usage": under(usage=None),
    "authority without a name": nameless,
    "authority of RSA, 1024 bits": under_key(lambda: rsa_key(1024)),
    "authority on secp256k1": under_key(lambda: make.new_key(ec.SECP256K1())),
    "authority for servers alone": under(purposes=make.extended_usage(SERVERS, critical=True)),
    "authority with an unknown critical extension": under(unknown=critical("1.3.6.1.4.1.99999.1", b"\5\0")),
    "authority with a critical key identifier": under(subject_key=make.subject_key(b"1234", critical=True)),
    "authority with a critical key identifier of its own": under(
        authority_key=make.authority_key(b"1234", critical=True)),
    "authority with an extension twice": under(more=[make.constraints(ca=True)]),
    "authority with a negative path length": under(constraints=make.constraints(ca=True, path_length=-1)),
    "authority for other names": under(names=name_constraints(make.directory(ELSEWHERE))),
    "authority for other names, not critical": under(
        names=name_constraints(make.directory(ELSEWHERE), critical=False)),
    "authority for a thousand names": under(
        names=name_constraints(*(implicit(2, b"a%d.example" % number) for number in range(1_000)))),
    "authority that wants policies": under(
        policies=make.policies("1.2.3.4"), limits=critical("2.5.29.36", EXPLICIT_POLICY)),
    "authority that wants policies, not critical": under(
        policies=make.policies("1.2.3.4"), limits=make.extension("2.5.29.36", EXPLICIT_POLICY)),
    # --- stricter than RFC 5280 (docs/differs.md)
    "authority for these names": under(names=name_constraints(make.directory(HERE))),
    "authority's new key below a length of 0": rolled_over_below_0,
    "authority's name in another case": below(issuer_name=make.person("SHAKEN OUTSIDE CA")),
    "authority's name in another string type": below(
        issuer_name=make.person("SHAKEN Outside CA", string=PRINTABLE)),
    # --- extensions
    "unknown critical": below(unknown=critical("1.3.6.1.4.1.99999.1", b"\5\0")),
    "usage absent": below(usage=None),
    "usage empty": below(usage=make.usage()),
    "usage without signatures": below(usage=make.usage(1, 2)),
    "usage for certificates": below(usage=make.usage(make.SIGN, make.CERTIFICATES)),
    "usage for lists": below(usage=make.usage(make.SIGN, make.LISTS)),
    "CA": below(constraints=make.constraints(ca=True)),
    "CA with a path length": below(constraints=make.constraints(ca=True, path_length=0)),
    "path length without CA": below(constraints=make.constraints(ca=False, path_length=0)),
    "false spelt out": below(constraints=constraints(tlv(BOOLEAN, b"\0"))),
    "true of another octet": under(constraints=constraints(tlv(BOOLEAN, b"\1"))),
    "extension twice": below(more=[make.usage(make.SIGN)]),
    "TNAuthList twice": below(more=[make.tn_list(make.code("1234"))]),
    "extensions empty": bare(within=explicit(3, seq())),
    "no extensions": bare(),
    "critical key identifier": below(subject_key=make.subject_key(b"1234", critical=True)),
    "critical authority key identifier": below(authority_key=make.authority_key(b"1234", critical=True)),
    "critical access": below(access=critical("1.3.6.1.5.5.7.1.1", seq(seq(
        oid("1.3.6.1.5.5.7.48.2"), make.uri("https://ca.example.org/ca"))))),
    "for servers alone": below(purposes=make.extended_usage(SERVERS)),
    "for servers alone, critical": below(purposes=make.extended_usage(SERVERS, critical=True)),
    "nobody's": below(subject=seq()),
    "name constraints": below(names=name_constraints(make.directory(HERE))),
    "policy constraints": below(limits=critical("2.5.29.36", EXPLICIT_POLICY)),
    # --- policies
    "no policy": below(policies=None),
    "foreign policy": below(policies=make.policies("1.2.3.4")),
    "any policy": below(policies=make.policies("2.5.29.32.0")),
    "policy that begins alike": below(policies=make.policies(f"{make.POLICY}.1")),
    "policy twice": below(policies=make.policies(make.POLICY, make.POLICY)),
    # --- keys
    "P-384": below(key=make.new_key(ec.SECP384R1())),
    "P-521": below(key=make.new_key(ec.SECP521R1())),
    "secp256k1": below(key=make.new_key(ec.SECP256K1())),
    "RSA": below(key=rsa_key(2048)),
    "curve spelt out": with_key(explicit_curve),
    "curve spelt out, and named elsewhere": with_key(
        explicit_curve, make.extension("1.3.6.1.4.1.99999.1", P256 + b"\3")),
    "point off the curve": with_key(off_the_curve),
    "point at infinity": with_key(lambda _: seq(P256, bits(b"\0"))),
    "key for agreement": with_key(for_agreement),
    "key without curve": with_key(
        lambda _: seq(seq(oid("1.2.840.10045.2.1"), tlv(NULL)), bits(b"\4" + bytes(64)))),
    # --- signatures
    "signed with SHA-1": below(algorithm=make.ECDSA_SHA1, digest=SHA1()),
    "signed with RSA and SHA-1": lambda world: file(
        leaf(world.rsa_root, algorithm=make.RSA_SHA1, digest=SHA1())),
    "algorithms differ": below(outer_algorithm=make.ECDSA_SHA384),
    "algorithm with parameters": below(algorithm=seq(oid("1.2.840.10045.4.3.2"), tlv(NULL))),
    "another digest than it says": below(digest=SHA384()),
    "signature changed": below(change=lambda made: made[:-1] + bytes([made[-1] ^ 1])),
    "signature empty": below(change=lambda _: b""),
    "signature of zeros": below(change=lambda _: seq(integer(0), integer(0))),
    "signature and more": below(change=lambda made: made + b"\0"),
    "signature of another": below(change=lambda _: make.sign(b"another", make.new_key())),
    "issuer's name empty": below(issuer_name=seq()),
    "issuer's name of another": below(issuer_name=make.person("SHAKEN Nobody")),
    # --- encoding
    "version 1": bare(version=b""),
    "version 1 with extensions": below(version=b""),
    "version 1 spelt out": below(version=explicit(0, integer(0))),
    "version 2": below(version=explicit(0, integer(1))),
    "version 4": below(version=explicit(0, integer(3))),
    "serial 0": below(serial=0),
    "serial negative": below(serial=-1),
    "serial of 21 octets": below(serial=2**160),
    "bytes behind it": below(after=b"\0"),
    "bytes within it": below(within=explicit(4, tlv(NULL))),
    "indefinite length": body(lambda one, ca: make.armour(indefinite(one.der)) + ca.pem),
    "overlong length": body(lambda one, ca: make.armour(overlong(one.der)) + ca.pem),
    # --- files
    "nothing": body(lambda *_: b""),
    "HTML": body(lambda *_: b"<html>-----BEGIN CERTIFICATE-----</html>"),
    "DER": body(lambda one, _: one.der),
    "DER of both": body(lambda one, ca: one.der + ca.der),
    "UTF-16": body(lambda one, ca: (one.pem + ca.pem).decode().encode("utf-16")),
    "PKCS 7": body(lambda one, ca: make.armour(pkcs7(one, ca), "PKCS7")),
    "request": body(lambda one, _: make.armour(one.der, "CERTIFICATE REQUEST")),
    "trusted certificate": body(lambda one, ca: make.armour(one.der, "TRUSTED CERTIFICATE") + ca.pem),
    "end cut": body(lambda one, _: one.pem.partition(b"-----END")[0]),
    "base64 changed": body(lambda one, ca: one.pem.replace(b"\n-----END", b"!\n-----END") + ca.pem),
    "a key beside it": body(lambda one, ca: one.pem + make.armour(b"\0", "PRIVATE KEY") + ca.pem),
    "eleven certificates": body(lambda one, ca: one.pem + ca.pem * 10),
    "eleven of the older label": body(lambda one, ca: one.pem + make.armour(ca.der, OLD_LABEL) * 10),
    # --- TNAuthLists
    "no list": below(tn_list=None),
    "empty list": codes(),
    "critical list": below(tn_list=make.tn_list(make.code("709J"), critical=True)),
    "two codes": codes(make.code("709J"), make.code("1234")),
    "untagged code": codes(tlv(IA5, b"709J")),
    "implicit code": codes(implicit(0, b"709J")),
    "UTF-8 code": codes(explicit(0, tlv(UTF8, b"709J"))),
    "empty code": codes(make.code("")),
    "code with a newline": codes(make.code("709J\n")),
    "choice that is none": codes(explicit(3, tlv(IA5, b"709J"))),
    "more behind the list": below(
        tn_list=make.extension("1.3.6.1.5.5.7.1.26", seq(make.code("709J")) + b"\0")),
    "numbers that nobody delegated": codes(make.numbers("442079460000", 1000)),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHAINS)
def test_a_chain_that_may_not_stand_behind_a_call_is_refused(stranger: Stranger, world: World, kind: str):
    assert stranger.answers(f"bad {kind}", CHAINS[kind](world)) == {REFUSED}
