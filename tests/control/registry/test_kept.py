"""What is kept of an owner: it is all handed over, and what opens a door is not."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.control.registry import owners
from gateway.control.registry.use import note_calls
from gateway.record.use import Shown
from tests.control.registry.people import NOW

DAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()


async def exported(people, owner_id, kind):
    pieces = [piece async for piece in owners.export_owner(people.record, owner_id)]
    return [piece[kind] for piece in pieces if kind in piece]


async def test_an_export_has_proofs_with_what_letters_say_and_how_numbers_were_used(people):
    owner = await people.owner()
    number = await people.claim(owner)
    await people.prove_by_letter(number)
    code = await people.begin_code(number)
    shown = Shown(number, DAY, "international", "foreign", "block")
    await note_calls(people.record, {shown: 3})
    (kept,) = await exported(people, owner, "registration")
    assert [(proof["kind"], proof["state"]) for proof in kept["proofs"]] == [
        ("letter", "given"),
        ("code", "pending"),
    ]
    assert kept["proofs"][0]["statement"] == "Signed by the board."
    assert kept["until"] == kept["proofs"][0]["until"]
    assert kept["calls"] == [
        {"day": DAY, "path": "international", "whose": "foreign", "outcome": "block", "calls": 3}
    ]
    assert code.code not in str(kept)
    assert "hash" not in str(kept)
