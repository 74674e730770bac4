from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.attestation.decide import TrunkKind
from gateway.control.figures.certificate_hosts import CertificateHosts
from gateway.control.figures.forged import Forged, Forgery
from gateway.control.figures.hourly import HourlyCounts
from gateway.control.figures.seconds import SECONDS_KEPT, Seconds
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.verdicts.policy import Brand, DnoEntry, VerdictPolicy
from tests.control.figures.calls import NOON, a_call

BANK = NumberRange(TelephoneNumber("442079460000"), 10)
HMRC = NumberRange(TelephoneNumber("442079460999"))
POLICY = VerdictPolicy(
    brands=RangeMap([(BANK, Brand("Example Bank", "bank", (BANK,), frozenset()))]),
    dno_entries=RangeMap([(HMRC, DnoEntry("HMRC (example)", "list"))]),
)


def identity(x5u: object) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"x5u": x5u}).encode()).decode().rstrip("=")
    return f"{header}.e30.c2ln;info=<https://certs.example.org/a>"


def test_what_was_shown_without_right_is_counted_by_path_and_reason():
    forged = Forged(lambda: POLICY)
    for _ in range(3):
        forged.take(a_call(orig="442079460999", deciding="dno.exact", action="block"))
    forged.take(a_call(orig="442079460001", deciding="brand.path", kind=TrunkKind.DOMESTIC))
    forged.take(a_call(orig="447700900123", verstat="TN-Validation-Failed", reason="stir.signature.invalid"))
    assert forged.numbers(since=NOON) == [
        (Forgery("442079460999", "international/unsigned", "dno.exact"), 3),
        (Forgery("442079460001", "domestic/unsigned", "brand.path"), 1),
        (Forgery("447700900123", "international/failed", "stir.signature.invalid"), 1),
    ]
    assert forged.brands(since=NOON) == [
        (Forgery("HMRC (example)", "international/unsigned", "dno.exact"), 3),
        (Forgery("Example Bank", "domestic/unsigned", "brand.path"), 1),
    ]
    assert forged.numbers(since=NOON + 3600) == []


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"deciding": "reputation.score", "action": "block"},
        {"deciding": "decision.operator", "action": "block"},
        {"orig": None, "deciding": "dno.exact"},
        {"operation": "signing", "verstat": None, "deciding": None},
    ],
)
def test_a_call_that_nothing_calls_forged_is_not_counted(how):
    forged = Forged(lambda: POLICY)
    forged.take(a_call(**how))
    assert forged.numbers(since=0) == []


def test_a_host_is_in_trouble_while_its_last_call_had_no_certificate():
    hosts = CertificateHosts()
    good, bad = identity("https://good.example.org/a.pem"), identity("https://bad.example.org:8443/b.pem")
    for number in range(3):
        hosts.take(a_call(NOON + number, identities=(good,), reason="stir.passed"))
    hosts.take(a_call(NOON + 4, identities=(bad,), reason="stir.credential.unobtainable"))
    troubled, well = hosts.all(since=NOON)
    assert (troubled.name, troubled.calls, troubled.not_obtained) == ("bad.example.org", 1, 1)
    assert (troubled.is_well, troubled.reason) == (False, "stir.credential.unobtainable")
    assert (well.name, well.calls, well.is_well, well.last_obtained) == (
        "good.example.org",
        3,
        True,
        NOON + 2,
    )
    hosts.take(a_call(NOON + 5, identities=(bad,), reason="stir.passed"))
    assert all(host.is_well for host in hosts.all(since=NOON))


@given(st.text(max_size=80) | st.text(max_size=60).map(identity) | st.integers().map(identity))
def test_no_header_stops_the_counting(header):
    hosts = CertificateHosts()
    hosts.take(a_call(identities=(header,)))
    assert len(hosts.all(since=0)) <= 1


def test_rare_things_make_room_and_frequent_ones_stay():
    counts: HourlyCounts[str] = HourlyCounts(most=100)
    for number in range(1000):
        counts.count("often", at=NOON)
        counts.count(f"once-{number}", at=NOON)
    found = counts.sum(since=NOON)
    assert found["often"] == 1000
    assert len(found) <= 100


def test_hours_older_than_a_day_are_let_go():
    counts: HourlyCounts[str] = HourlyCounts()
    for hour in range(30):
        counts.count("a", at=NOON + hour * 3600)
    counts.count("a", at=NOON)
    assert counts.sum(since=0)["a"] == 24


def test_the_last_seconds_are_those_that_are_over():
    seconds = Seconds()
    for at in (NOON, NOON + 0.5, NOON + 3, NOON + 9.9):
        seconds.count(at)
    latest = seconds.latest(NOON + 10)
    assert len(latest) == SECONDS_KEPT
    assert latest[-10:] == [0, 2, 0, 0, 1, 0, 0, 0, 0, 0]
    assert seconds.latest(NOON + 500) == [0] * SECONDS_KEPT
