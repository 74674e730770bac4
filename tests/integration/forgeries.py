"""Forged Identity headers that need no forged certificate: how each is made, and what it is answered with."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests import pki
from tests.integration.material import Material
from tests.integration.openssl_pki import Certificate
from tests.integration.tokens import make_identity

FAILED, NONE = "TN-Validation-Failed", "No-TN-Validation"

Forge = Callable[[Material, Certificate], str]
FORGED: dict[str, tuple[Forge, tuple[str, int]]] = {
    "another key": (
        lambda m, leaf: make_identity(pki.new_key(), m.host.url("/forged.pem")), (FAILED, 438)),
    "zero signature": (
        lambda m, leaf: m.identity("forged", leaf, sign=lambda *_: bytes(64)), (FAILED, 438)),
    "short signature": (
        lambda m, leaf: m.identity("forged", leaf, sign=lambda *_: bytes(63)), (FAILED, 438)),
    "another caller": (
        lambda m, leaf: m.identity("forged", leaf, payload={"orig": {"tn": "12155550100"}}), (NONE, 438)),
    "another callee": (
        lambda m, leaf: m.identity("forged", leaf, payload={"dest": {"tn": ["12155550100"]}}), (NONE, 438)),
    "yesterday": (
        lambda m, leaf: m.identity("forged", leaf, payload={"iat": int(time.time()) - 86_400}), (NONE, 403)),
    "tomorrow": (
        lambda m, leaf: m.identity("forged", leaf, payload={"iat": int(time.time()) + 86_400}), (NONE, 403)),
    "iat a string": (
        lambda m, leaf: m.identity("forged", leaf, payload={"iat": str(int(time.time()))}), (NONE, 438)),
    "no origid": (
        lambda m, leaf: m.identity("forged", leaf, payload={"origid": None}), (NONE, 438)),
    "attest small": (
        lambda m, leaf: m.identity("forged", leaf, payload={"attest": "a"}), (NONE, 438)),
    "alg none": (
        lambda m, leaf: m.identity("forged", leaf, header={"alg": "none"}, sign=lambda *_: b""), (NONE, 437)),
    "typ JWT": (
        lambda m, leaf: m.identity("forged", leaf, header={"typ": "JWT"}), (NONE, 437)),
    "x5u of another": (
        lambda m, leaf: m.identity("forged", leaf, header={"x5u": m.host.url("/profile.pem")}), (NONE, 436)),
    "info of another": (
        lambda m, leaf: m.identity("forged", leaf).replace("info=<https:", "info=<http:"), (NONE, 436)),
    "http": (
        lambda m, leaf: make_identity(leaf.private_key, "http://127.0.0.1:8443/forged.pem"), (NONE, 436)),
    "another port": (
        lambda m, leaf: make_identity(leaf.private_key, "https://127.0.0.1:9443/forged.pem"), (NONE, 436)),
    "not there": (
        lambda m, leaf: make_identity(leaf.private_key, m.host.url("/nothing.pem")), (NONE, 436)),
    "no certificate": (
        lambda m, leaf: make_identity(leaf.private_key, m.host.url("/page.html")), (FAILED, 437)),
    "compact": (
        lambda m, leaf: ".." + m.identity("forged", leaf).partition(".")[2].partition(".")[2], (NONE, 438)),
    "ppt rph": (
        lambda m, leaf: m.identity("forged", leaf).replace("ppt=shaken", "ppt=rph"), (NONE, 438)),
}  # fmt: skip
