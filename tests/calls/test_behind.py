"""A call that was answered is judged and recorded behind its answer: each, with all that is known of it."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from structlog.testing import capture_logs

from gateway.calls.account import Account
from gateway.calls.behind import AnsweredCall, Behind, _decide_each, _of_each
from gateway.journal import JournalWriter, Record, read_entry
from gateway.verdicts.call import Known
from gateway.verdicts.case import Case
from gateway.verdicts.verdict import Action
from tests.gateway_node import eventually, running_node
from tests.integration.tokens import FROM, TO, signing_request, verification_request
from tests.test_journal import a_record
from tests.verdicts.cases import FAILED, NOW, POLICY, a_call
from tests.verification.calls import A, shaken, verified

CALLS = 40


def records_in(journal: Path) -> list[Record]:
    lines = [line for path in journal.glob("*.ndjson") for line in path.read_bytes().splitlines()]
    return [entry for line in lines if isinstance(entry := read_entry(line), Record)]


def test_a_step_that_fails_for_one_call_is_gone_for_the_others_and_said():
    with capture_logs() as logs:
        assert _of_each([1, 0, 2], lambda number: 2 / number) == [2.0, 1.0]
    assert [line["log_level"] for line in logs] == ["error"]


def test_a_rule_that_fails_for_one_call_takes_no_other_calls_verdict():
    whole = Case(a_call(), FAILED, Known(), POLICY, NOW, None)
    broken = msgspec.structs.replace(whole, policy=None)
    nothing: Any = None
    calls = [AnsweredCall(nothing, nothing, verified(shaken(A)), float(at), 0.0, None) for at in range(3)]
    with capture_logs() as logs:
        judged = _decide_each(list(zip(calls, [whole, broken, whole], strict=True)))
    assert [call.started for call, _ in judged] == [0, 2]
    assert {each.verdict.action for _, each in judged} == {Action.LABEL}
    assert [line["log_level"] for line in logs] == ["error"]


async def test_a_record_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path):
    async def nothing_waits() -> None: ...

    journal = JournalWriter(tmp_path, slot="0")
    plane: Any = SimpleNamespace(journal=journal, knowledge=SimpleNamespace(close=nothing_waits))
    behind = Behind(plane, Account(worker="worker-0"))
    for call_id in ("first", "half of a pair: \ud800", "last"):
        behind.account(partial(a_record, call_id=call_id))
    with capture_logs() as logs:
        await behind.close()
    journal.close()
    assert [record.call_id for record in records_in(tmp_path)] == ["first", "last"]
    assert [line["log_level"] for line in logs] == ["error"]


def test_what_was_answered_right_before_a_stop_is_in_the_journal(tmp_path: Path):
    with running_node(tmp_path) as node, closing(node.connect()) as connection:
        call = {"id": "before", "from": {"tn": TO}, "to": {"tn": [FROM]}, "time": int(time.time())}
        eventually(lambda: node.post("/v1/verdicts", {"call": call}).json["verdict"]["degraded"] == [])
        signed = node.post("/stir/v1/signing", signing_request()).json
        asked = verification_request(signed["signingResponse"]["identity"])
        for number in range(CALLS):
            answer = node.ask_on(
                connection, "POST", "/stir/v1/verification", asked, headers={"X-RequestID": f"call-{number}"}
            )
            assert answer.json["verificationResponse"]["verstat"] == "TN-Validation-Passed"
    records = records_in(tmp_path / "data" / "journal")
    verified = {record.call_id: record for record in records if record.operation == "verification"}
    assert verified.keys() == {f"call-{number}" for number in range(CALLS)}
    whole = [record for record in verified.values() if not record.degraded]
    # Each is told of those before it; on busy cores Redis may not have answered in time for one or another.
    counts = sorted(record.grounds.known.replay_calls for record in whole if record.grounds)
    assert len(set(counts)) == len(counts) == len(whole) > 0
    assert set(counts) <= set(range(1, CALLS + 1))
