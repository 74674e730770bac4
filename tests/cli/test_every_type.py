"""`callmark verify` on every type of PASSporT, and on several headers of one call."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.cli.sign import sign
from gateway.cli.verify import verify
from gateway.passport.canonical_json import render_json
from gateway.passport.signature import encode_header
from gateway.passport.signature import sign as sign_token
from tests.cli.headers import CALL, altered

A, B, C = "442079460123", "441614960000", "447700900777"
SENT_ON = ("--div", f"+{B}", "--sent-on-to", f"+{C}")
X5U = "https://callmark.localhost:8443/certs/shaken.pem"


def words_of(result) -> str:
    return " ".join(result.stdout.split())


@pytest.fixture
def make(pki_files):
    """Headers of any type under the development certificate, of a call from A to B."""
    key = load_pem_private_key(pki_files.shaken_key.read_bytes(), None)

    def token(ppt, **claims):
        header = {"alg": "ES256", "typ": "passport", "x5u": X5U} | ({} if ppt is None else {"ppt": ppt})
        usual = {"orig": {"tn": A}, "dest": {"tn": [B]}, "iat": int(time.time())}
        return sign_token(header=encode_header(header), payload=render_json(usual | claims), key=key)

    def identity(ppt, **claims):
        named = "" if ppt is None else f";ppt={ppt}"
        return f"{token(ppt, **claims)};info=<{X5U}>;alg=ES256{named}"

    identity.token = token
    return identity


@pytest.fixture
def chain(run):
    """A call from A to B that B sent on to C."""
    return run(sign, *CALL, "--ppt", "shaken", "--ppt", "div", *SENT_ON).stdout.splitlines()


def test_a_chain_of_diversions_is_explained_link_by_link(run, chain):
    result = run(verify, "--explain", input="\n".join(f"Identity: {value}" for value in chain))
    assert result.exit_code == 0
    assert result.stdout.count("✓ Step") == 10
    for words in (
        "Header 1 of 2: shaken",
        "Header 2 of 2: div",
        "Those of header 1.",
        f"called +{B} (header 1, shaken)",
        f"✓ header 2 {B} sends it on to {C}",
        "✓ together: the diversions hold, link by link",
        f"where the last diversion leads, +{C}",
    ):
        assert words in words_of(result)


def test_the_link_that_breaks_a_chain_is_named(run, chain):
    shaken, div = chain
    second = run(
        sign, *CALL, "--ppt", "div", "--div", "+441614960000", "--sent-on-to", "+441614960001",
        "--identity", shaken,
    ).stdout.strip()  # fmt: skip
    result = run(verify, shaken, altered(div, iat=int(time.time()) - 3600))
    assert result.exit_code == 1
    assert f"✗ header 2 {B} sends it on to {C} The PASSporT was made at another time" in words_of(result)
    assert "✗ together: The PASSporT was made at another time" in words_of(result)
    result = run(verify, shaken, second, "--request-uri", f"+{C}")
    assert "signed: on to 441614960001" in result.stdout
    assert f"call:   to +{C}" in result.stdout
    assert "stir.div.callee: Send the Request-URI's number" in result.stdout


def test_a_diversion_alone_says_what_is_missing(run, chain):
    result = run(verify, chain[1])
    assert result.exit_code == 1
    assert "✗ Step 2" in result.stdout
    assert "signed by no header" in result.stdout
    assert "A network on the way dropped the first Identity header" in result.stdout


def test_the_call_before_its_diversion_is_held_against_where_it_went(run, chain):
    result = run(verify, chain[0], "--request-uri", f"+{C}")
    assert result.exit_code == 1
    assert f"and on to +{C}" in result.stdout


def test_what_is_within_a_nested_diversion_is_explained_too(run, make, chain):
    opt = chain[0].partition(";")[0]
    nested = make("div-o", dest={"tn": [C]}, div={"tn": B}, opt=opt)
    result = run(verify, nested)
    assert result.exit_code == 0, result.stdout
    assert "Within it, 1. PASSporT of 1" in result.stdout
    assert result.stdout.count("✓ Step 5") == 2
    answer = json.loads(run(verify, nested, "--json").stdout)
    assert answer["headers"][0]["within"][0]["claims"]["attest"] == "A"
    assert answer["diversion"]["diverted"] == [B]
    forged = altered(chain[0], attest="B").partition(";")[0]
    result = run(verify, make("div-o", dest={"tn": [C]}, div={"tn": B}, opt=forged))
    assert result.exit_code == 1
    within = result.stdout.partition("Steps of the 1. PASSporT within")
    assert "✓ Step 5" in within[0]
    assert "✗ Step 5" in within[2]


@pytest.mark.parametrize(
    ("ppt", "claims", "words"),
    [
        (None, {}, "TN-Validation-Passed"),
        ("rcd", {"rcd": {"nam": "Example Bank"}, "crn": "Your card"}, "name Example Bank (Your card)"),
        ("rph", {"rph": {"auth": ["ets.0"]}}, "priority RPH-Validation-Passed (ets.0)"),
    ],
)
def test_every_type_is_explained(run, make, ppt, claims, words):
    result = run(verify, make(ppt, **claims))
    assert result.exit_code == 0, result.stdout
    assert result.stdout.count("✓ Step") == 5
    assert words in words_of(result)


def test_rich_call_data_with_a_wrong_digest_fails_where_it_is_read(run, make):
    value = make("rcd", rcd={"nam": "Bank"}, rcdi={"/nam": "sha256-" + "A" * 43})
    result = run(verify, value)
    assert result.exit_code == 1
    assert "✗ Reading" in result.stdout
    assert "stir.rcd.integrity: The signer's rcdi was made from other content" in result.stdout


def test_a_priority_that_was_not_signed_shows_both(run, make):
    value = make("rph", rph={"auth": ["esnet.0"]}, sph="psap-callback")
    asked = ("--resource-priority", "wps.0", "--priority", "urgent")
    result = run(verify, value, *asked)
    assert result.exit_code == 1
    assert "signed: esnet.0; Priority psap-callback" in result.stdout
    assert "call:   wps.0; Priority urgent" in result.stdout
    answer = json.loads(run(verify, value, *asked, "--json").stdout)
    codes = [finding["code"] for step in answer["headers"][0]["steps"] for finding in step["findings"]]
    assert codes == ["stir.rph.mismatch", "stir.rph.mismatch"]
    assert answer["priority"]["verstat"] == "No-RPH-Validation"


def test_in_brief_only_the_answer_is_given(run, chain, make):
    result = run(verify, *chain, "--brief")
    assert result.exit_code == 0
    assert "PASSporT header" not in result.stdout
    assert "✓ header 2, div: stir.passed" in result.stdout
    broken = make("rph", rph={"auth": []})
    result = run(verify, chain[0], broken, "--brief")
    assert result.exit_code == 1
    assert 'STIR;cause=438;text="Invalid Identity Header";ppi="..' in result.stdout
    assert "header 2, rph: stir.claim.invalid" in result.stdout


def test_a_name_that_is_not_believed_says_why(run, make):
    shaken = {"attest": "A", "origid": "de305d54-75b4-431b-adb2-eb6b9e546014"}
    result = run(verify, make("shaken", **shaken, rcd={"nam": ""}))
    assert result.exit_code == 0
    assert "name not believed" in words_of(result)
