"""The folder codes are called out from, whatever lies in it."""

from __future__ import annotations

import os

import pytest

from gateway.control.registry.sending import Spool
from gateway.registry.codes import CODE_SECONDS


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "codes"
    made.mkdir()
    return made


async def test_a_code_is_put_there_though_another_is_taken_away_meanwhile(people, folder):
    (folder / "1.json").symlink_to(folder / "taken")
    begun = await people.begin_code(await people.claim(await people.owner()))
    await Spool(folder).send(begun)
    assert begun.code in (folder / f"{begun.begun.proof.id}.json").read_text()


async def test_no_code_lies_there_when_it_has_run_out_not_even_one_that_was_being_written(people, folder):
    for name in ("8.json", "9.new", "kept.txt"):
        (folder / name).write_text("{}")
        os.utime(folder / name, (0, folder.stat().st_mtime - CODE_SECONDS - 60))
    begun = await people.begin_code(await people.claim(await people.owner()))
    await Spool(folder).send(begun)
    assert {each.name for each in folder.iterdir()} == {f"{begun.begun.proof.id}.json", "kept.txt"}
