from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from gateway.cli import main
from gateway.cli.pasted import read_values
from gateway.cli.sign import sign
from gateway.cli.verify import verify
from tests import pki
from tests.cli.headers import CALL, altered, signed_with
from tests.repository import Repository

ALL_PASSED = {"Reading": True, **{f"Step {number}": True for number in range(1, 6)}}


def answer_of(run, *arguments, **how):
    result = run(verify, *arguments, "--json", **how)
    return result.exit_code, json.loads(result.stdout)


def states(answer):
    (header,) = answer["headers"]
    return {step["step"]: step["passed"] for step in header["steps"]}


def test_a_genuine_header_passes_every_step(run, identity):
    status, answer = answer_of(run, identity, "--from", "020-7946-0123", "--to", "+441614960000")
    assert status == 0
    assert states(answer) == ALL_PASSED
    assert answer["answer"] == {"verificationResponse": {"verstat": "TN-Validation-Passed"}}
    assert answer["headers"][0]["claims"]["attest"] == "A"
    assert [one["spc"] for one in answer["headers"][0]["certificates"]["chain"]] == [["818H"], [], []]
    assert answer["headers"][0]["certificates"]["anchored"] is True
    assert {each["code"] for each in answer["headers"][0]["certificates"]["warnings"]} == {
        "stir.revocation.unknown"
    }


@pytest.mark.parametrize(
    "pasted",
    ["{}", "Identity: {}", "identity:{}\r\n", "y: {}", "  {}\n"],
    ids=["bare", "named", "lower case, CRLF", "compact name", "spaces"],
)
def test_a_header_is_taken_as_it_is_pasted(run, identity, pasted):
    assert run(verify, pasted.format(identity)).exit_code == 0
    assert run(verify, "-", input=pasted.format(identity)).exit_code == 0


def test_a_folded_header_is_unfolded(run, identity):
    assert run(verify, input="Identity: " + identity.replace(";", "\r\n ;")).exit_code == 0


def test_another_number_fails_step_2_and_shows_both(run, identity):
    result = run(verify, identity, "--from", "+442079460124", "--to", "+441614960000")
    assert result.exit_code == 1
    assert "✗ Step 2" in result.stdout
    assert "signed: 442079460123 to 441614960000" in result.stdout
    assert "call:   +442079460124 to +441614960000" in result.stdout
    assert "✓ Step 5" in result.stdout
    assert "reasoncode 438" in result.stdout


def test_an_old_header_is_stale_but_looked_at_to_the_end(run):
    iat = int(time.time()) - 1800
    old = run(sign, *CALL, "--iat", str(iat)).stdout.strip()
    status, answer = answer_of(run, old)
    assert status == 1
    assert states(answer) == ALL_PASSED | {"Step 4": False}
    assert answer["answer"]["verificationResponse"]["reasoncode"] == 403
    assert any(f"--time {iat}" in remedy for remedy in answer["remedies"])
    assert answer_of(run, old, "--time", str(iat))[0] == 0


def test_everything_wrong_is_found_and_the_answer_is_the_first(run, identity):
    wrong = altered(identity, iat=int(time.time()) - 3600)
    _, answer = answer_of(run, wrong, "--from", "+442079460124", "--to", "+441614960001")
    assert states(answer) == ALL_PASSED | {"Step 2": False, "Step 4": False, "Step 5": False}
    assert answer["code"] == "stir.iat.stale"
    met = [finding["code"] for step in answer["headers"][0]["steps"] for finding in step["findings"]]
    assert met.count("stir.tn.mismatch") == 2


def test_a_tampered_header_fails_at_its_signature(run, identity):
    status, answer = answer_of(run, altered(identity, attest="B"))
    assert status == 1
    assert states(answer) == ALL_PASSED | {"Step 5": False}
    assert answer["verstat"] == "TN-Validation-Failed"


@pytest.mark.parametrize(
    ("change", "status"), [(lambda identity: identity, 0), (lambda identity: identity + ";ppt=div", 1)]
)
def test_the_command_ends_with_the_status_it_promises(run, identity, monkeypatch, capsys, change, status):
    monkeypatch.setattr(sys, "argv", ["callmark", "verify", change(identity)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == status


def test_a_stranger_certificate_from_a_file_is_shown_and_not_believed(run, tmp_path):
    now = int(time.time())
    stranger = pki.make_pki(key=pki.new_key(), not_before=now - pki.DAY, not_after=now + pki.DAY)
    file = tmp_path / "chain.pem"
    file.write_bytes(stranger.chain_pem)
    value = signed_with(stranger, "https://cert.example.org/a.pem", iat=now)
    status, answer = answer_of(run, value, "--certificate", str(file))
    assert status == 1
    assert answer["code"] == "stir.certificate.untrusted"
    assert states(answer)["Step 3"] is False
    assert states(answer)["Step 5"] is True
    assert answer["headers"][0]["certificates"]["anchored"] is False


def test_a_revoked_certificate_is_named_so(run, tmp_path):
    now = int(time.time())
    theirs = pki.make_pki(not_before=now - pki.DAY, not_after=now + pki.DAY)
    issuer = pki.make_crl_issuer(not_before=now - pki.DAY, not_after=now + pki.DAY)
    for folder, content in (
        ("anchors", theirs.root.pem),
        ("issuers", issuer.pem),
        ("crls", pki.make_crl(issuer, [theirs.leaf], this_update=now - 60, next_update=now + pki.DAY)),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.pem").write_bytes(content)
    (tmp_path / "chain.pem").write_bytes(theirs.chain_pem)
    environment = {
        "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(tmp_path / "anchors"),
        "CALLMARK_TRUST__CRL_ISSUERS_DIRECTORY": str(tmp_path / "issuers"),
        "CALLMARK_TRUST__CRLS_DIRECTORY": str(tmp_path / "crls"),
    }
    value = signed_with(theirs, "https://cert.example.org/a.pem", iat=now)
    _, answer = answer_of(run, value, "--certificate", str(tmp_path / "chain.pem"), env=environment)
    assert answer["code"] == "stir.certificate.revoked"


def test_a_certificate_file_that_is_none_fails_step_3(run, identity, tmp_path):
    (tmp_path / "no.pem").write_text("nothing")
    _, answer = answer_of(run, identity, "--certificate", str(tmp_path / "no.pem"))
    assert answer["code"] == "stir.credential.unreadable"
    assert states(answer)["Step 5"] is None


def test_a_certificate_is_fetched_by_the_rules_of_the_settings(run, tmp_path):
    now = int(time.time())
    theirs = pki.make_pki(not_before=now - pki.DAY, not_after=now + pki.DAY)
    (tmp_path / "root.pem").write_bytes(theirs.root.pem)
    with serving(theirs.chain_pem) as repository:
        value = signed_with(theirs, repository.url("/a.pem"), iat=now)
        refused = answer_of(run, value)[1]
        assert refused["code"] == "stir.x5u.forbidden"
        assert repository.connections == 0
        environment = {
            "CALLMARK_TRUST__ANCHORS_DIRECTORY": str(tmp_path),
            "CALLMARK_X5U__ALLOWED_PORTS": str(repository.port),
            "CALLMARK_X5U__ALLOW_PRIVATE_ADDRESSES": "true",
            "CALLMARK_X5U__TLS_CA_FILE": str(repository.ca_file),
            **dict.fromkeys(
                (
                    "CALLMARK_SIGNING__KEY_FILE",
                    "CALLMARK_SIGNING__CERTIFICATE_FILE",
                    "CALLMARK_SIGNING__X5U",
                ),
                "",
            ),
        }
        status, answer = answer_of(run, value, env=environment)
        assert status == 0, answer
        assert repository.requests["/a.pem"] == 1
        missing = signed_with(theirs, repository.url("/none.pem"), iat=now)
        _, answer = answer_of(run, missing, env=environment)
        assert answer["code"] == "stir.credential.unobtainable"
        assert any("--certificate" in remedy for remedy in answer["remedies"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("",), "empty"),
        (("Identity:",), "empty"),
        (("x", "--from", "nobody"), "--from"),
        (("x", "--to", "+0"), "--to"),
        (("x", "--time", "yesterday"), "--time"),
        (("x", "--certificate", "/nowhere.pem"), "--certificate"),
        (("x", "--trunk", "nowhere"), "access-1"),
        (("x", "--directory", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_judged_ends_with_2_and_says_why(run, arguments, named):
    result = run(verify, *arguments, input="")
    assert result.exit_code == 2
    assert named in result.stderr
    assert result.stdout == ""


def test_a_value_is_read_without_its_name():
    assert read_values(["Identity : a;b"]) == ("a;b",)
    assert read_values(["yes"]) == ("yes",)


def test_of_a_whole_message_the_identity_headers_are_taken():
    message = (
        "INVITE sip:+441614960000@example.org SIP/2.0\r\nIdentity: a;\r\n info=<b>\r\nTo: <sip:c>\r\ny:d\r\n"
    )
    assert read_values([message]) == ("a; info=<b>", "d")
    assert read_values(["a;b\nc;d\n", "e"]) == ("a;b", "c;d", "e")


@contextmanager
def serving(pem):
    """A certificate repository in a loop of its own: the command runs one too."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    repository = Repository()
    asyncio.run_coroutine_threadsafe(repository.__aenter__(), loop).result(60)
    repository.serve("/a.pem", pem)
    try:
        yield repository
    finally:
        asyncio.run_coroutine_threadsafe(repository.__aexit__(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
