"""Calls traced back through a real node: found, handed on as evidence, and checked as another party would."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import sqlite3
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.certificates.trust import build_trust
from gateway.cli.bundle_check import Believed, check_bundle
from gateway.cli.trace import trace
from gateway.control.tracing.evidence_key import open_evidence_key
from gateway.control.trust.chain_task import forget_unneeded
from gateway.journal import JournalWriter
from gateway.passport.strict import read_base64url
from tests import pki
from tests.gateway_node import GatewayNode, eventually, running_node

FROM, TO, OTHER = "+442079460123", "+441614960000", "+442079460999"
ORIGID = "de305d54-75b4-431b-adb2-eb6b9e546014"


def callmark(place: Path, *arguments: str, ends_with: int = 0) -> Result:
    """Run the command in that directory."""
    with contextlib.chdir(place):
        result = CliRunner().invoke(trace, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends_with, result.output
    return result


def found(place: Path, *arguments: str, ends_with: int = 0) -> list[dict[str, Any]]:
    document = json.loads(callmark(place, "find", *arguments, "--json", ends_with=ends_with).stdout)
    return document["calls"]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("traced")) as running:
        make_calls(running)
        yield running


def make_calls(node: GatewayNode) -> None:
    """A call signed here, verified here, one of a header altered on its way, and one without any."""
    now = int(time.time())
    signing = {
        "signingRequest": {
            "attest": "A",
            "orig": {"tn": FROM},
            "dest": {"tn": [TO]},
            "iat": now,
            "origid": ORIGID,
        }
    }
    identity = node.post("/stir/v1/signing", signing).json["signingResponse"]["identity"]
    altered = identity.replace(identity.split(";")[0][-20:], "A" * 20)
    for name, number, headers in (
        ("genuine", FROM, [identity]),
        ("altered", FROM, [altered]),
        ("bare", OTHER, []),
    ):
        call = {
            "id": name,
            "from": {"tn": number},
            "to": {"tn": [TO]},
            "time": now,
            "identity": headers,
            "trunk": "domestic-1",
        }
        assert node.post("/v1/verdicts", {"call": call}).status == 200
    eventually(lambda: node.administer("GET", "/admin/v1/calls").json["kept"] == 4)
    eventually(lambda: list((node.directory / "data" / "chains").glob("*.pem")))


@pytest.fixture(scope="module")
def bundle(node, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "case.jws"
    path.write_text("an older case, which everybody may read" * 1_000)
    path.chmod(0o644)
    told = callmark(node.directory, "find", "--from", "1", "--output", str(path))
    assert "give that to its reader by another way" in told.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    return path


@pytest.fixture(scope="module")
def anchors(node, bundle, tmp_path_factory) -> Path:
    """What another party has: the roots it believes, and the carrier's evidence certificate."""
    place = tmp_path_factory.mktemp("anchors")
    shutil.copy(node.directory / "certs/trust/development-root.pem", place)
    shutil.copy(node.directory / "data/evidence.pem", place)
    return place


def test_calls_are_found_by_everything_that_names_them(node):
    place = node.directory

    def names(*arguments: str) -> list[str]:
        return sorted(each["call_id"] for each in found(place, *arguments))

    assert names("--number", "02079460999") == ["bare"]
    assert len(names("--number", TO)) == 4
    assert names("--call-id", "altered") == ["altered"]
    # The one that was signed here has no name of the switch's own.
    assert len(names("--origid", ORIGID)) == 3
    assert "genuine" in names("--origid", ORIGID, "--trunk", "domestic-1")
    chain = x509.load_pem_x509_certificate((place / "certs/dev/shaken.pem").read_bytes())
    fingerprint = chain.fingerprint(SHA256()).hex()
    assert names("--certificate", fingerprint) == ["genuine"]
    assert names("--certificate", fingerprint[:16].upper()) == ["genuine"]
    assert len(names("--from", "2020-01-01")) == 4


def test_what_does_not_fit_is_not_found_and_what_names_nothing_is_refused(node):
    place = node.directory
    assert found(place, "--number", "+441632960000", ends_with=1) == []
    assert found(place, "--until", "2020-01-01T00:00Z", ends_with=1) == []
    assert found(place, "--trunk", "international-1", ends_with=1) == []
    assert "at least one of the options" in callmark(place, "find", ends_with=2).stderr
    assert "certificate" in callmark(place, "find", "--certificate", "xyz", ends_with=1).stderr
    assert "is no time" in callmark(place, "find", "--from", "yesterday", ends_with=2).stderr
    assert "number" in callmark(place, "find", "--number", "abc", ends_with=1).stderr


def test_evidence_is_checked_offline_step_by_step(bundle, anchors, tmp_path):
    told = callmark(tmp_path, "verify", str(bundle), "--anchors", str(anchors)).stdout
    assert "✓ The signature was made over exactly these bytes." in told
    assert "whose certificate you have" in told
    assert "✓ TN-Validation-Passed, as it says" in told
    assert "✓ TN-Validation-Failed, as it says" in told
    assert "The headers it says it signed hold." in told
    assert "It carried no Identity header" in told
    assert "Everything that could be checked holds." in told
    document = json.loads(
        callmark(tmp_path, "verify", str(bundle), "--anchors", str(anchors), "--json").stdout
    )
    assert document["holds"] is True
    assert {call["call_id"] for call in document["calls"]} >= {"genuine", "altered", "bare"}
    explained = callmark(tmp_path, "verify", str(bundle), "--anchors", str(anchors), "--explain").stdout
    assert "The steps of RFC 8224 section 6.2" in explained


def test_a_signer_or_a_chain_that_the_reader_does_not_believe_is_a_cross(bundle, anchors, tmp_path):
    only_roots = tmp_path / "roots"
    only_roots.mkdir()
    shutil.copy(anchors / "development-root.pem", only_roots)
    told = callmark(tmp_path, "verify", str(bundle), "--anchors", str(only_roots), ends_with=1).stdout
    assert "nobody you trust vouches for that" in told
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(anchors / "evidence.pem", other)
    (other / "root.pem").write_bytes(pki.make_root().pem)
    told = callmark(tmp_path, "verify", str(bundle), "--anchors", str(other), ends_with=1).stdout
    assert "judged again here it is TN-Validation-Failed (stir.certificate.untrusted)" in told
    assert "--anchors" in callmark(tmp_path, "verify", str(bundle), ends_with=2).stderr


def believed(anchors: Path) -> Believed:
    trust = build_trust(anchors=[("root.pem", (anchors / "development-root.pem").read_bytes())])
    return Believed(
        trust, frozenset({x509.load_pem_x509_certificate((anchors / "evidence.pem").read_bytes())})
    )


def test_any_altered_byte_fails(node, anchors, tmp_path):
    # One call alone: each of its bytes is altered in turn.
    path = tmp_path / "one.jws"
    callmark(node.directory, "find", "--call-id", "bare", "--output", str(path))
    data, whom = path.read_bytes(), believed(anchors)
    assert check_bundle(data, whom).holds
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1
        assert not check_bundle(bytes(altered), whom).holds, place
    for place in range(0, len(data), 7):
        assert not check_bundle(data[:place] + data[place + 1 :], whom).holds, place
    for more in (b"\n", b" ", b"A", b"=", b"."):
        assert not check_bundle(data + more, whom).holds


@pytest.mark.parametrize("data", [b"", b"..", b"a.b.c", b"e30.e30.", b"\xff" * 100, b"{}", b"." * 1000])
def test_what_is_no_evidence_gives_a_sentence(data, anchors):
    checked = check_bundle(data, believed(anchors))
    assert not checked.holds
    assert "altered" in checked.steps[0].words or "no evidence file" in checked.steps[0].words


def test_a_bundle_signed_by_another_for_the_same_calls_is_not_believed(bundle, anchors, tmp_path):
    payload = read_base64url(bundle.read_text().split(".")[1])
    forged = open_evidence_key(tmp_path, organisation="Example Carrier", now=int(time.time()))
    checked = check_bundle(forged.sign(payload), believed(anchors))
    assert not checked.holds
    assert [step.passed for step in checked.steps] == [True, True, False]


def test_a_carrier_that_says_of_a_header_what_it_does_not_prove_is_found_out(bundle, anchors, tmp_path):
    payload = json.loads(read_base64url(bundle.read_text().split(".")[1]))
    [altered] = [call for call in payload["calls"] if call["sip"]["call_id"] == "altered"]
    altered["verification"] |= {"verstat": "TN-Validation-Passed", "reason": "stir.passed"}
    key = open_evidence_key(tmp_path, organisation="Example Carrier", now=int(time.time()))
    whom = Believed(believed(anchors).trust, frozenset(key.certificates))
    checked = check_bundle(key.sign(json.dumps(payload).encode()), whom)
    assert [call.call_id for call in checked.calls if any(s.passed is False for s in call.steps)] == [
        "altered"
    ]


@pytest.mark.parametrize(
    ("place", "written"),
    [
        ("at", "0001-01-01T00:00:00"),
        ("at", "0001-01-01T00:00:00+23:59"),
        ("taken", "9999-12-31T23:59:59-23:59"),
        ("taken", "2026-11-23T00:00:00"),
    ],
)
def test_a_time_that_no_call_was_made_at_is_a_sentence(bundle, anchors, tmp_path, place, written):
    payload = json.loads(read_base64url(bundle.read_text().split(".")[1]))
    (payload["made"] if place == "at" else payload["calls"][0]["sip"])[place] = written
    key = open_evidence_key(tmp_path, organisation="Example Carrier", now=int(time.time()))
    whom = Believed(believed(anchors).trust, frozenset(key.certificates))
    checked = check_bundle(key.sign(json.dumps(payload).encode()), whom)
    assert [step.passed for step in checked.steps] == [True, True, False]


def test_a_bundle_in_which_a_name_stands_twice_does_not_hold(bundle, anchors, tmp_path):
    payload = read_base64url(bundle.read_text().split(".")[1])
    key = open_evidence_key(tmp_path, organisation="Example Carrier", now=int(time.time()))
    whom = Believed(believed(anchors).trust, frozenset(key.certificates))
    assert check_bundle(key.sign(payload), whom).holds
    twice = check_bundle(key.sign(b'{"calls":[],' + payload[1:]), whom)
    assert not twice.holds
    assert "all read alike" in twice.steps[-1].words


def test_the_bundle_has_all_that_is_promised_of_it(bundle):
    payload = json.loads(read_base64url(bundle.read_text().split(".")[1]))
    [call] = [call for call in payload["calls"] if call["sip"]["call_id"] == "genuine"]
    assert call["sip"]["from"] == FROM
    assert call["sip"]["trunk"] == "domestic-1"
    assert call["verification"]["origid"] == ORIGID
    assert call["verification"]["credential"]["domain"] == "default"
    assert call["verification"]["credential"]["warnings"]
    assert len(call["generation"]["digest"]) == 64
    assert call["evidence"]["reputation"] == []
    assert call["verdict"]["action"] == "allow"
    assert call["verdict"]["rules"] is not None
    [name] = call["identities"][0]["certificates"]
    assert payload["certificates"][name]["pem"].count("BEGIN CERTIFICATE") == 2


def test_rows_for_a_traceback_hold_no_formula(node):
    text = callmark(node.directory, "find", "--number", TO, "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["call_id"] for row in rows} >= {"genuine", "altered", "bare"}
    [row] = [row for row in rows if row["call_id"] == "genuine"]
    assert (row["calling_number"], row["upstream"], row["attestation"]) == (FROM, "domestic-1", "A")
    assert row["identity"].startswith("eyJ")
    assert row["origid"] == ORIGID


def test_an_auditor_sees_what_was_found_without_numbers_and_gets_no_evidence(node):
    auditor = node.make_token("auditor", "auditor")
    begun = node.administer("POST", "/admin/v1/traces", {"number": TO})
    assert begun.status == 202
    where = begun.headers["Location"]
    eventually(lambda: node.administer("GET", where).json["state"] == "done")
    shown = node.administer("GET", where, token=auditor)
    assert (shown.status, shown.json["fitting"]) == (200, 4)
    rows = node.administer("GET", f"{where}/csv", token=auditor)
    for body in (shown.body.decode(), rows.body.decode()):
        assert TO.removeprefix("+44") not in body
        assert "eyJ" not in body
        assert ORIGID not in body
    assert node.administer("GET", f"{where}/evidence", token=auditor).status == 403
    assert node.administer("POST", "/admin/v1/traces", {"number": TO}, token=auditor).status == 403
    evidence = node.administer("GET", f"{where}/evidence")
    assert (evidence.status, evidence.headers["Content-Type"]) == (200, "application/jose")
    assert node.administer("GET", "/admin/v1/traces").json["traces"]
    for wrong in ({}, {"limit": 0, "number": TO}, {"number": 7}, {"from": 9, "until": 8}, {"nmber": TO}):
        assert node.administer("POST", "/admin/v1/traces", wrong).status == 400
    assert node.administer("GET", "/admin/v1/traces/0123456789abcdef").status == 404


def test_without_a_node_the_command_searches_and_signs_itself(node, anchors, tmp_path):
    shutil.copytree(node.directory, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock", "valkey"))
    place = tmp_path / "copy"
    assert [each["call_id"] for each in found(place, "--call-id", "genuine")] == ["genuine"]
    callmark(place, "find", "--number", TO, "--output", "own.jws")
    told = callmark(place, "verify", "own.jws", "--anchors", str(anchors)).stdout
    assert "Everything that could be checked holds." in told
    with contextlib.closing(sqlite3.connect(place / "data" / "record.sqlite")) as record:
        rows = record.execute("select subject, actor from audit where action = 'evidence.export'").fetchall()
    digest = sha256((place / "own.jws").read_bytes()).hexdigest()
    assert rows[-1][0] == f"sha256:{digest}"
    assert rows[-1][1].startswith("cli:")
    assert "there is no journal" in callmark(tmp_path, "find", "--number", TO, ends_with=1).stderr


def test_chains_are_their_owners_alone_and_go_with_the_journal(node, tmp_path):
    folder = node.directory / "data" / "chains"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in folder.glob("*.pem"))
    copy, journal = tmp_path / "chains", tmp_path / "journal"
    shutil.copytree(folder, copy)
    writer = JournalWriter(journal, slot="0")
    assert forget_unneeded(journal, copy) == 0
    for segment in (node.directory / "data" / "journal").glob("*.ndjson"):
        shutil.copy(segment, journal)
    writer.close()
    assert forget_unneeded(journal, copy) == 0
    for each in copy.glob("*.pem"):
        os.utime(each, (1, 1))
    assert forget_unneeded(journal, copy) >= 1
    assert not list(copy.glob("*.pem"))
