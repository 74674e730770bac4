"""What the doctor says of what was seen: the limits, and what it says when nothing is wrong."""

from __future__ import annotations

import pytest

from gateway.doctor.clock import ClockSeen, HostTime, judge_clock
from gateway.doctor.diagnosis import DAY_SECONDS, State, lasting
from gateway.doctor.evidence import EvidenceSeen, judge_evidence
from gateway.doctor.files import FilesSeen, SecretSeen, judge_files
from gateway.doctor.node import ListenerSeen, NodeSeen, judge_node
from gateway.doctor.record import RecordSeen, TokenSeen, judge_record
from gateway.doctor.signing import Served, SigningSeen, in_order, judge_signing
from gateway.doctor.trust import AnchorSeen, CrlSeen, TrustListSeen, TrustSeen, judge_trust
from tests import pki
from tests.pki import NOW

PKI = pki.make_pki()
CHAIN = tuple(each.certificate for each in (PKI.leaf, PKI.intermediate, PKI.root))


def states(found) -> list[State]:
    return [each.state for each in found]


@pytest.mark.parametrize(
    ("is_kept", "ahead", "state"),
    [
        (True, None, State.GOOD),
        (False, None, State.ATTENTION),
        (None, None, State.UNKNOWN),
        (True, 0.4, State.GOOD),
        (None, -1.9, State.GOOD),
        (False, 0.0, State.ATTENTION),
        (True, 5.0, State.ATTENTION),
        (True, -29.0, State.ATTENTION),
        (True, 31.0, State.WRONG),
        (True, -4_000.0, State.WRONG),
    ],
)
def test_a_servers_word_on_the_clock_counts_over_the_kernels(is_kept, ahead, state):
    hosts = () if ahead is None else (HostTime("sti-pa.example.org", ahead, 0.6),)
    [found] = judge_clock(ClockSeen(is_kept, hosts, freshness_seconds=60))
    assert found.state is state
    assert ("timedatectl" in found.command) == (state is not State.GOOD)


def test_the_clock_that_is_surely_most_off_is_told_of():
    hosts = (HostTime("slow.example.org", 40.0, 39.0), HostTime("near.example.org", 9.0, 0.5))
    [found] = judge_clock(ClockSeen(None, hosts, freshness_seconds=60))
    assert "near.example.org" in found.words


def signing(*certificates, **how) -> SigningSeen:
    how.setdefault("served", Served("https://c.example.org/a.pem", body=b"PEM\r\n"))
    return SigningSeen(
        key_file="k.pem",
        certificate_file="c.pem",
        x5u="https://c.example.org/a.pem",
        key_problem=how.pop("key_problem", ""),
        pem=b"PEM\n",
        certificates=certificates or CHAIN[:2],
        local=how.pop("local", None),
        **how,
    )


def test_the_places_of_a_chain_are_found_whatever_its_order():
    leaf, intermediate, root = CHAIN
    assert in_order((leaf, intermediate, root)) == (0, 1, 2)
    assert in_order((leaf, root, intermediate)) == (0, 2, 1)
    assert in_order((leaf, root)) is None
    assert in_order((leaf, intermediate, pki.make_root("Another").certificate)) is None


@pytest.mark.parametrize(
    ("seen", "state", "words"),
    [
        (signing(), None, ""),
        (signing(CHAIN[0], CHAIN[2], CHAIN[1]), State.WRONG, "not in order"),
        (signing(CHAIN[0], CHAIN[2]), State.WRONG, "no chain"),
        (signing(*CHAIN), State.ATTENTION, "root"),
        (signing(CHAIN[0]), State.ATTENTION, "alone"),
        (signing(key_problem="Another key."), State.WRONG, "Another key"),
        (signing(served=Served("x", problem="nobody there")), State.WRONG, "nobody there"),
        (signing(served=Served("x", body=b"OTHER")), State.WRONG, "another chain"),
        (signing(served=Served("x", body=b"PEM", remarks=("the content type",))), State.ATTENTION, "content"),
        (signing(served=None), State.UNKNOWN, "this machine alone"),
        (signing(served=None, local=Served("here", body=b"OTHER")), State.WRONG, "here serves another"),
    ],
)
def test_of_the_signing_chain_exactly_what_is_not_right_is_told(seen, state, words):
    told = [each for each in judge_signing(seen, now=NOW) if each.state is not State.GOOD]
    assert states(told) == ([] if state is None else [state])
    assert all(words in each.words and each.command for each in told)


@pytest.mark.parametrize(
    ("days", "state"),
    [(-31, State.WRONG), (0, State.GOOD), (15, State.GOOD), (17, State.ATTENTION), (31, State.WRONG)],
)
def test_a_chain_has_a_beginning_and_an_end(days, state):
    # The leaf of the test's own authority is good for thirty days before and after.
    found = [each.state for each in judge_signing(signing(), now=NOW + days * DAY_SECONDS)]
    assert (state in found) if state is not State.GOOD else set(found) == {State.GOOD}


def test_a_secret_is_its_owners_alone_and_one_that_is_missing_is_no_trouble():
    seen = FilesSeen(
        secrets=(
            SecretSeen("a.key", "[signing] key_file", 0o600),
            SecretSeen("b b.key", "[tls] key_file", 0o640),
            SecretSeen("data", "[data] directory", 0o755, is_directory=True),
            SecretSeen("c", "the development token", None),
            SecretSeen("d", "[codes] secret_file", None, problem="Permission denied"),
        ),
        exposed=("www/shaken.pem",),
        published=3,
    )
    found = list(judge_files(seen))
    assert [(each.state, each.command) for each in found] == [
        (State.WRONG, "chmod 600 'b b.key'"),
        (State.WRONG, "chmod 700 data"),
        (State.UNKNOWN, ""),
        (State.GOOD, ""),
        (State.WRONG, "rm www/shaken.pem && openssl ecparam -name prime256v1 -genkey -noout -out new.key"),
    ]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"server": "valkey", "version": "7.2.4", "is_persistent": True}, {State.GOOD}),
        ({"version": "7.0.15", "maxmemory_policy": "noeviction", "is_persistent": None}, {State.GOOD}),
        ({"version": "6.2.14", "is_persistent": True}, {State.WRONG, State.GOOD}),
        ({"version": "7.4", "maxmemory_policy": "allkeys-lru"}, {State.WRONG, State.GOOD}),
        ({"version": "7.4", "is_persistent": False}, {State.ATTENTION, State.GOOD}),
        ({"version": "7.4", "exposure": ("no password",)}, {State.ATTENTION, State.GOOD}),
        ({"problem": "Connection refused"}, {State.WRONG}),
        ({"waits_for_node": True}, {State.UNKNOWN}),
    ],
)
def test_redis_is_judged_by_version_memory_and_persistence(how, expected):
    assert set(states(judge_evidence(EvidenceSeen(where="redis://r", **how)))) == expected


def test_a_record_is_of_the_newest_version_or_says_what_to_do():
    def state(**how) -> State:
        seen = RecordSeen(where="record.sqlite", newest="0007", **how)
        return next(iter(judge_record(seen, now=NOW))).state

    assert state(version="0007") is State.GOOD
    assert state(version="0006") is State.ATTENTION
    assert state(version=None) is State.ATTENTION
    assert state(version="0009", is_known=False) is State.WRONG
    assert state(problem="it is no database") is State.WRONG
    assert state(is_there=False) is State.UNKNOWN


def test_tokens_that_end_soon_are_told_with_the_command_for_the_next_one():
    tokens = (
        TokenSeen("sbc-1", ("call:verify",), "domestic-1", NOW + 5 * DAY_SECONDS),
        TokenSeen("old", ("operator",), None, NOW - DAY_SECONDS),
        TokenSeen("long", ("operator",), None, NOW + 90 * DAY_SECONDS),
        TokenSeen("for-ever", ("auditor",), None, None),
    )
    found = list(judge_record(RecordSeen(where="r", version="1", newest="1", tokens=tokens), now=NOW))[1:]
    assert [each.command for each in found] == [
        "callmark token create --name sbc-1-next --scope call:verify --trunk domestic-1",
        "callmark token revoke old",
    ]


def trust(**how) -> TrustSeen:
    usual = {
        "anchors": (AnchorSeen("CN=Root", NOW + 900 * DAY_SECONDS),),
        "development_root": "",
        "is_on_loopback": True,
        "crls": (CrlSeen("https://crl.example.org/crl", NOW + DAY_SECONDS, 7 * DAY_SECONDS),),
        "never_obtained": (),
        "trust_lists": (),
    }
    return TrustSeen(**{**usual, **how})


def crl(days: int) -> CrlSeen:
    return CrlSeen("crls/a.pem", NOW + days * DAY_SECONDS, 7 * DAY_SECONDS)


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ({}, None),
        ({"crls": (crl(-1),)}, State.ATTENTION),
        ({"crls": (crl(-8),)}, State.WRONG),
        ({"crls": ()}, State.ATTENTION),
        ({"crls": (), "development_root": "certs/trust/development-root.pem"}, None),
        ({"never_obtained": ("https://crl.example.org/other",)}, State.WRONG),
        ({"development_root": "certs/trust/development-root.pem", "is_on_loopback": False}, State.WRONG),
        ({"anchors": (AnchorSeen("CN=Root", NOW - 1),)}, State.ATTENTION),
        ({"anchors": (AnchorSeen("CN=Root", NOW + DAY_SECONDS),)}, State.ATTENTION),
        ({"trust_lists": (TrustListSeen("default", "https://x", None, 0),)}, State.WRONG),
        ({"trust_lists": (TrustListSeen("default", "https://x", NOW + 9, 0),)}, None),
        ({"trust_lists": (TrustListSeen("default", "l.jws", NOW - 9, 60),)}, State.ATTENTION),
        ({"trust_lists": (TrustListSeen("default", "l.jws", NOW - 90, 60),)}, State.WRONG),
    ],
)
def test_of_trust_exactly_what_has_grown_old_is_told(how, state):
    told = [each for each in judge_trust(trust(**how), now=NOW) if each.state is not State.GOOD]
    assert states(told) == ([] if state is None else [state])
    assert all(each.command for each in told)


def test_a_node_is_whole_or_says_what_it_lacks():
    whole = NodeSeen(
        is_running=True,
        workers=2,
        workers_ready=2,
        listeners=(ListenerSeen("calls", "127.0.0.1:8080", ""),),
        data_directory="data",
        free_bytes=2**30,
        needed_bytes=2**20,
    )
    assert set(states(judge_node(whole))) == {State.GOOD}
    broken = NodeSeen(
        is_running=True,
        workers=2,
        workers_ready=1,
        reasons=("Redis does not answer",),
        is_configuration_in_force=False,
        listeners=(ListenerSeen("calls", "127.0.0.1:8080", "nobody answers there"),),
        data_directory="data",
        free_bytes=2**19,
        needed_bytes=2**20,
    )
    assert [(each.check, each.state) for each in judge_node(broken)] == [
        ("node", State.ATTENTION),
        ("node", State.ATTENTION),
        ("node", State.WRONG),
        ("ports", State.WRONG),
        ("disk", State.WRONG),
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (7_000, "116 minutes"), (86_400, "24 hours"), (200_000, "2 days")],
)
def test_a_span_is_told_in_its_largest_fitting_unit(seconds, words):
    assert lasting(seconds) == words
