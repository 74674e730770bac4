"""Chains that RFC 5280, RFC 8226 and ATIS-1000080 allow, sent through the HTTP API, each twice: all pass.

The kinds follow x509-limbo and NIST's PKITS, as far as a verifier of calls can meet them.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.hostile import certificates as make
from tests.hostile.certificates import NOW
from tests.hostile.chains import (
    P384,
    Chain,
    World,
    behind,
    below,
    body,
    compressed,
    crossed,
    file,
    leaf,
    line,
    ring,
    rolled_over,
    under,
    under_key,
    with_key,
)
from tests.hostile.der import GENERALIZED_TIME, PRINTABLE, generalized_time, implicit, name, seq, tlv
from tests.hostile.signer import PASSED, Stranger

UNKNOWN = make.extension("1.3.6.1.4.1.99999.1", b"\5\0")
OLD_LABEL = "X509 CERTIFICATE"
CHAINS: dict[str, Chain] = {
    "by the book": below(),
    # --- paths
    "below the root": lambda world: file(leaf(world.root)),
    "the root sent along": behind(lambda w, _: w.ca, lambda w, _: w.root),
    "the root before the authority": behind(lambda w, _: w.root, lambda w, _: w.ca),
    "a stranger's root sent along": behind(lambda w, _: w.stranger, lambda w, _: w.ca),
    "an unrelated leaf sent along": behind(lambda w, _: leaf(w.ca), lambda w, _: w.ca),
    "everything twice": behind(lambda _, one: one, lambda w, _: w.ca, lambda w, _: w.ca),
    "authorities in reverse": line(None, None, reverse=False),
    "three authorities": line(None, None, None),
    "path lengths to the letter": line(2, 1, 0),
    "path lengths that grow": line(1, 7),
    "a root's new key": rolled_over,
    "crossed, ours first": crossed(ours_first=True),
    "crossed, ours last": crossed(ours_first=False),
    "a ring with a way out": ring(rooted=True),
    "a P-384 root": lambda world: file(leaf(world.p384_root, **P384)),
    "a P-384 authority": under_key(lambda: make.new_key(ec.SECP384R1()), **P384),
    "an RSA root": lambda world: file(leaf(world.rsa_root)),
    # --- fields
    "valid from this second": below(not_before=NOW),
    "an end beyond 2049": below(not_after=generalized_time(2_600_000_000)),
    "no end": below(not_after=tlv(GENERALIZED_TIME, b"99991231235959Z")),
    "a serial number of 20 octets": below(serial=2**159 - 1),
    "a compressed point": with_key(compressed),
    "a subject of one part": below(subject=name(("2.5.4.3", "SHAKEN 709J"))),
    "a subject in PrintableString": below(subject=make.person("SHAKEN 709J", string=PRINTABLE)),
    # --- extensions
    "an unknown extension": below(unknown=UNKNOWN),
    "an unknown extension of an authority": under(unknown=UNKNOWN),
    "critical policies": below(policies=make.policies(make.POLICY, critical=True)),
    "critical policies of an authority": under(policies=make.policies(make.POLICY, critical=True)),
    "an authority of any policy": under(policies=make.policies("2.5.29.32.0")),
    "an authority without policy": under(policies=None),
    "the policy among others": below(policies=make.policies("1.2.3.4", make.POLICY)),
    "an alternative name": below(names=make.extension("2.5.29.17", seq(implicit(2, b"sti.example.org")))),
    "no key identifiers": below(subject_key=None, authority_key=None),
    "a usage that is not critical": below(usage=make.usage(make.SIGN, critical=False)),
    "a usage for more than signatures": below(usage=make.usage(make.SIGN, 1)),
    "no basic constraints": below(constraints=None),
    "basic constraints not critical": below(constraints=make.constraints(ca=False, critical=False)),
    "basic constraints of an authority not critical": under(
        constraints=make.constraints(ca=True, critical=False)
    ),
    "a critical extended usage of any kind": below(
        purposes=make.extended_usage("2.5.29.37.0", critical=True)
    ),
    "a code of four digits": below(tn_list=make.tn_list(make.code("9999"))),
    # --- files (RFC 7468)
    "CRLF": body(lambda one, ca: (one.pem + ca.pem).replace(b"\n", b"\r\n")),
    "text round them": body(lambda one, ca: b"subject=A\n" + one.pem + b"\nissuer:\n" + ca.pem + b"bye"),
    "UTF-8 before": body(lambda one, ca: "Signé\n".encode() + one.pem + ca.pem),
    "a byte order mark": body(lambda one, ca: b"\xef\xbb\xbf" + one.pem + ca.pem),
    "no newline at the end": body(lambda one, ca: one.pem + ca.pem.rstrip()),
    "blank lines": body(lambda one, ca: b"\n\n" + one.pem + b"\n\n" + ca.pem + b"\n\n"),
    "the older label": body(lambda one, ca: make.armour(one.der, OLD_LABEL) + make.armour(ca.der, OLD_LABEL)),
}


@pytest.mark.parametrize("kind", CHAINS)
def test_a_chain_that_may_stand_behind_a_call_passes(stranger: Stranger, world: World, kind: str):
    assert stranger.answers(f"good {kind}", CHAINS[kind](world)) == {(PASSED, None)}
