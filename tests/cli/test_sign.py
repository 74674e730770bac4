from __future__ import annotations

import json
import time
import uuid

import pytest
from cryptography import x509

from gateway.cli.sign import sign
from gateway.passport.claims import read_shaken_claims
from gateway.passport.identity import parse_identity
from gateway.passport.passport import decode
from gateway.passport.signature import verify

CALL = ("--orig", "+442079460123", "--dest", "+441614960000")


def claims_of(result):
    return claims_of_value(result.stdout.strip())


def claims_of_value(value):
    return read_shaken_claims(decode(parse_identity(value).token).payload)


def test_what_is_signed_verifies_and_holds_canonical_numbers(run, pki_files):
    result = run(sign, "--orig", "020-7946-0123", "--dest", "+441614960000", "--dest", "0161-496-0001")
    assert result.exit_code == 0, result.output
    header = parse_identity(result.stdout.strip())
    key = x509.load_pem_x509_certificates(pki_files.shaken.read_bytes())[0].public_key()
    verified = verify(decode(header.token), key)
    assert verified is not None
    assert verified.claims.orig == "442079460123"
    assert verified.claims.dest == ("441614960000", "441614960001")
    assert abs(verified.claims.iat - time.time()) < 60
    assert header.info == "https://callmark.localhost:8443/certs/shaken.pem"


def test_standard_output_is_the_header_alone_and_the_sentence_is_beside_it(run):
    result = run(sign, *CALL)
    assert result.stdout.count("\n") == 1
    assert "shaken: signed with attestation A on trunk access-1" in result.stderr


@pytest.mark.parametrize(
    ("orig", "trunk", "attest"),
    [
        ("+442079460123", "access-1", "A"),
        ("+442079460123", "customer-1", "B"),
        ("+447911123456", "access-1", "B"),
        ("+442079460123", "international-1", "C"),
    ],
)
def test_attestation_is_decided_by_right_to_use(run, orig, trunk, attest):
    result = run(sign, "--orig", orig, "--dest", "+441614960000", "--trunk", trunk)
    assert claims_of(result).attest == attest
    assert ("A was asked for" in result.stderr) == (attest != "A")


def test_attestation_is_never_raised_above_the_wish(run):
    assert claims_of(run(sign, *CALL, "--attest", "C")).attest == "C"


def test_a_policy_that_refuses_signs_nothing_and_says_what_to_do(run):
    refusing = {"CALLMARK_ATTESTATION__WHEN_NO_RIGHT": "refuse"}
    result = run(sign, "--orig", "+447911123456", "--dest", "+441614960000", env=refusing)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "inventory.csv" in result.stderr


def test_json_names_everything_that_was_signed(run):
    origid = str(uuid.uuid4())
    answer = json.loads(run(sign, *CALL, "--origid", origid, "--json").stdout)
    assert answer["attest"] == answer["asked"] == "A"
    assert answer["origid"] == origid
    assert answer["dest"] == ["441614960000"]
    assert [parse_identity(value).ppt for value in answer["identity"]] == ["shaken"]
    assert [(each["ppt"], each["code"]) for each in answer["reasons"]] == [("shaken", "attest.granted")]


def test_another_time_is_signed_with_a_warning_within_the_certificate_alone(run):
    later = int(time.time()) + 3600
    result = run(sign, *CALL, "--iat", str(later))
    assert claims_of(result).iat == later
    assert "stale" in result.stderr
    refused = run(sign, *CALL, "--iat", "1000000000")
    assert refused.exit_code == 1
    assert "not valid at iat" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--orig", "nobody", "--dest", "+441614960000"), "--orig"),
        (("--orig", "+442079460123", "--dest", "+0"), "--dest"),
        ((*CALL, "--origid", "no-uuid"), "--origid"),
        ((*CALL, "--trunk", "no-trunk"), "access-1"),
        ((*CALL, "--attest", "D"), "--attest"),
        (("--orig", "+442079460123"), "--dest"),
        ((*CALL, "--ppt", "msg"), "--ppt"),
        ((*CALL, "--ppt", "div"), "--div"),
        ((*CALL, "--ppt", "div", "--div", "+441614960000"), "--sent-on-to"),
        ((*CALL, "--ppt", "rph", "--rph", "ets"), "--rph"),
        ((*CALL, "--crn", "Your appointment"), "--crn"),
    ],
)
def test_wrong_usage_names_the_option_and_ends_with_2(run, arguments, named):
    result = run(sign, *arguments)
    assert result.exit_code == 2
    assert named in result.stderr
    assert result.stdout == ""


def test_without_signing_it_says_which_keys_to_set(run):
    without = dict.fromkeys(
        ("CALLMARK_SIGNING__KEY_FILE", "CALLMARK_SIGNING__CERTIFICATE_FILE", "CALLMARK_SIGNING__X5U"), ""
    )
    result = run(sign, *CALL, env=without)
    assert result.exit_code == 1
    assert "[signing]" in result.stderr


def test_a_key_of_another_certificate_signs_nothing_and_is_not_shown(run, pki_files):
    result = run(sign, *CALL, env={"CALLMARK_SIGNING__KEY_FILE": str(pki_files.tls_key)})
    assert result.exit_code == 1
    assert "does not belong" in result.stderr
    assert pki_files.tls_key.read_text().splitlines()[1] not in result.output


def test_a_directory_without_configuration_is_named(run):
    result = run(sign, *CALL, "--directory", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


SENT_ON = ("--div", "+441614960000", "--sent-on-to", "+447700900777")


def test_a_call_and_its_diversion_are_signed_together_and_verify(run):
    result = run(sign, *CALL, "--ppt", "shaken", "--ppt", "div", *SENT_ON)
    assert result.exit_code == 0, result.output
    headers = [parse_identity(line) for line in result.stdout.splitlines()]
    assert [header.ppt for header in headers] == ["shaken", "div"]
    payload = decode(headers[1].token).payload
    assert (payload["div"], payload["dest"]) == ({"tn": "441614960000"}, {"tn": ["447700900777"]})
    assert "div: signed on trunk access-1" in result.stderr


def test_a_diversion_stands_behind_the_header_it_is_given(run):
    shaken = run(sign, *CALL).stdout.strip()
    result = run(sign, *CALL, "--ppt", "div", *SENT_ON, "--identity", shaken)
    assert result.exit_code == 0, result.output
    assert decode(parse_identity(result.stdout.strip()).token).payload["iat"] == claims_of_value(shaken).iat
    alone = run(sign, *CALL, "--ppt", "div", *SENT_ON)
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert "no Identity header of the call leads to the number" in alone.stderr


def test_what_is_not_granted_is_not_signed_and_the_rest_is(run):
    result = run(sign, *CALL, "--ppt", "rcd", "--ppt", "shaken", "--ppt", "rph", "--rph", "ets.0")
    assert result.exit_code == 1
    assert parse_identity(result.stdout.strip()).ppt == "shaken"
    for words in ("rcd: not signed.", "brands.toml", "rph: not signed.", "priority_namespaces"):
        assert words in result.stderr
