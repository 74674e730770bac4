"""Killed at any moment: what was acknowledged is there, nothing is there by half, the audit is whole."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

import pytest
from sqlalchemy import select, text

from gateway.record import open_record
from gateway.record.audit import verify_chain
from gateway.record.registry_tables import registration_blocks, registration_events, registrations
from gateway.record.schema import audit
from tests.gateway_node import PROJECT

REGISTRATIONS = int(os.environ.get("CALLMARK_TEST_REGISTRATIONS", "60"))
"""A thousand take minutes: by hand, with this variable."""
FIRST = 10_000
MOST_ROUNDS = 200


def register_until_killed(where, first, seconds):
    """What it had acknowledged when it was killed, by id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.control.registry.registering", str(where), str(first)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        began = process.stdout.readline()
        assert began, process.stderr.read().decode()
        time.sleep(seconds)
    finally:
        process.kill()
    rest, complaints = process.communicate()
    assert b"Traceback" not in complaints, complaints.decode()
    said = (began + rest).decode().split("\n")[:-1]
    return {tuple(line.split()) for line in said}


@pytest.mark.timeout(1_200)
async def test_registrations_outlive_kills_at_any_moment(record_location):
    chosen = random.Random(5)  # the moments differ all the same, with the machine
    acknowledged: set[tuple[str, str]] = set()
    for _ in range(MOST_ROUNDS):
        first = FIRST + len(acknowledged) * 2
        acknowledged |= register_until_killed(record_location, first, chosen.uniform(0.2, 4.0))
        if len([each for each in acknowledged if each[0] == "claimed"]) >= REGISTRATIONS:
            break
    else:
        raise AssertionError("too slow to be killed often enough")
    record = await open_record(record_location)
    async with record.read() as transaction:
        report = await verify_chain(transaction)
        assert report.is_intact, report.breaks
        states = dict((await transaction.execute(select(registrations.c.id, registrations.c.state))).all())
        blocks = set((await transaction.execute(select(registration_blocks.c.registration_id))).scalars())
        events = (await transaction.execute(select(registration_events))).all()
        rows = (await transaction.execute(select(audit.c.action, audit.c.detail))).all()
        waiting = (await transaction.execute(text("SELECT max(sequence) FROM outbox"))).scalar_one()
        head = (
            await transaction.execute(text("SELECT sequence FROM heads WHERE chain = 'outbox'"))
        ).scalar_one()
    await record.close()
    assert waiting == head
    assert {int(number) for what, number in acknowledged if what == "claimed"} <= set(states)
    for what, number in acknowledged:
        if what == "verified":
            assert states[int(number)] == "verified"
    # Nothing by half: each has its numbers, and as many events as the audit tells of.
    assert blocks == set(states)
    audited = [(action, json.loads(detail)) for action, detail in rows]
    claimed = {detail["registration"] for action, detail in audited if action == "registration.claim"}
    assert claimed == set(states)
    steps = sorted(
        (detail["registration"], action.removeprefix("registration."))
        for action, detail in audited
        if action.startswith("registration.") and action != "registration.claim"
    )
    assert steps == sorted((event.registration_id, event.step) for event in events)
