"""Tokens exchanged with `secsipidx` (Debian), a STIR implementation that shares no code with this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from gateway.calls.signer import Signer, encode_headers
from gateway.certificates.chain import ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.canonical import DiallingRules, canonical
from gateway.passport.claims import render_shaken
from gateway.passport.ppt import Ppt
from gateway.reasons import Finding, Verstat
from gateway.verification.examine import VerificationPolicy, VerificationRequest, examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Outcome
from tests import pki
from tests.pki import DAY, Pki

pytestmark = pytest.mark.skipif(
    shutil.which("secsipidx") is None and not os.environ.get("CI"),
    reason="secsipidx is not installed (on Debian: apt install secsipidx)",
)

X5U = "https://certs.example.org/shaken.pem"
FROM, TO = "442079460123", "441614960000"
ORIGID = "de305d54-75b4-431b-adb2-eb6b9e546014"
RULES = DiallingRules()


@pytest.fixture(scope="module")
def provider() -> Pki:
    now = int(time.time())
    valid = {"not_before": now - DAY, "not_after": now + DAY}
    root = pki.make_root(**valid)
    intermediate = pki.make_intermediate(root, **valid)
    return Pki(root, intermediate, pki.make_leaf(intermediate, **valid))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, provider: Pki) -> Path:
    directory = tmp_path_factory.mktemp("secsipidx")
    key = provider.leaf.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = provider.leaf.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (directory / "key.pem").write_bytes(key)
    (directory / "public.pem").write_bytes(public)
    return directory


def secsipidx(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["secsipidx", *arguments], check=False, capture_output=True, text=True, timeout=120)


def signed_there(files: Path, *, orig: str = FROM, dest: str = TO, attest: str = "A") -> str:
    done = secsipidx(
        "-sign-full", "-fprvkey", str(files / "key.pem"), "-orig-tn", orig, "-dest-tn", dest,
        "-attest", attest, "-x5u", X5U, "-orig-id", ORIGID,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def verified_here(identity: str, provider: Pki, *, orig: str = FROM, dest: str = TO) -> Outcome:
    now = int(time.time())
    trust = build_trust(anchors=[("root.pem", provider.root.pem)])
    assert isinstance(trust, Trust)
    chain = validate(parse_chain(provider.chain_pem), trust, now)
    assert isinstance(chain, ValidatedChain)
    request = VerificationRequest(
        orig=canonical(orig, RULES),
        dests=frozenset({canonical(dest, RULES)}),
        time=now,
        identity=identity,
    )
    examined = examine(request, policy=VerificationPolicy(), dialling=RULES, now=now)
    return Outcome.refused(examined) if isinstance(examined, Finding) else judge(examined, chain, now=now)


def signed_here(provider: Pki) -> str:
    leaf = provider.leaf.certificate
    signer = Signer(
        x5u=X5U,
        fingerprint="",
        not_before=int(leaf.not_valid_before_utc.timestamp()),
        not_after=int(leaf.not_valid_after_utc.timestamp()),
        chain_pem=provider.chain_pem,
        _key=provider.leaf.key,
        _headers=encode_headers(X5U),
    )
    payload = render_shaken(attest="A", dest=[TO], iat=int(time.time()), orig=FROM, origid=ORIGID)
    return signer.sign(Ppt.SHAKEN, payload)


def checked_there(files: Path, identity: str) -> bool:
    (files / "identity.txt").write_text(identity)
    done = secsipidx(
        "-check", "-fidentity", str(files / "identity.txt"), "-fpubkey", str(files / "public.pem"),
        "-expire", "60",
    )  # fmt: skip
    return done.returncode == 0 and "ok" in done.stdout.lower()


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_its_tokens_verify_here(provider: Pki, files: Path, attest: str):
    outcome = verified_here(signed_there(files, attest=attest), provider)
    assert outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert outcome.passport is not None
    assert (outcome.passport.claims.attest, outcome.passport.claims.origid) == (attest, ORIGID)


def test_its_tokens_for_other_numbers_do_not(provider: Pki, files: Path):
    outcome = verified_here(signed_there(files), provider, orig="442079460124")
    assert outcome.finding.reason.case == "E16"
    outcome = verified_here(signed_there(files, dest="441614960001"), provider)
    assert outcome.finding.reason.case == "E16"


def test_tokens_signed_here_verify_there(provider: Pki, files: Path):
    assert checked_there(files, signed_here(provider))


def test_tokens_signed_here_and_altered_do_not(provider: Pki, files: Path):
    identity = signed_here(provider)
    header, payload, rest = identity.split(".", 2)
    middle = len(payload) // 2
    other = "A" if payload[middle] != "A" else "B"
    assert not checked_there(files, f"{header}.{payload[:middle]}{other}{payload[middle + 1 :]}.{rest}")
