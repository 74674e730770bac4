"""When changed files are reloaded by themselves: quiet, whole, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.control.reloading.file_watch import QUIET_SECONDS, FileWatch, is_being_written, signature_of
from tests.control.reloading.test_reload import anchor_pem, node

__all__ = ["anchor_pem", "node"]


class Watched:
    """A directory, what was read of it last, and a watch on it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "policy.toml"
        self.path.write_text("one")
        self.read = self.look()
        self.watch = FileWatch(look=self.look, read=lambda: self.read, is_on=lambda: True, reload=self.reload)

    def look(self):
        return {self.path: signature_of(self.path)}

    async def reload(self) -> None:
        self.read = self.look()

    def is_due(self, now: float) -> bool:
        return self.watch.is_due(self.look(), now=now)


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def replace(path: Path, text: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.rename(path)


def test_what_was_read_is_not_due(watched):
    assert not any(watched.is_due(now) for now in (0.0, 5.0, 10.0))


def test_a_rename_is_due_after_a_quiet_second(watched):
    replace(watched.path, "two")
    assert not watched.is_due(0.0)
    assert not watched.is_due(QUIET_SECONDS / 2)
    assert watched.is_due(QUIET_SECONDS)


def test_each_write_begins_the_second_anew(watched):
    for turn in range(5):
        watched.path.write_text("x" * turn)
        assert not watched.is_due(turn * 0.9)
    assert watched.is_due(4 * 0.9 + 1.1 * QUIET_SECONDS)


def test_a_file_that_somebody_still_writes_is_never_due(watched):
    with watched.path.open("w") as file:
        file.write("half of ")
        file.flush()
        assert is_being_written(watched.path)
        assert not any(watched.is_due(now) for now in (0.0, 5.0, 20.0))
        file.write("it")
    assert not is_being_written(watched.path)
    assert not watched.is_due(21.0)
    assert watched.is_due(21.0 + QUIET_SECONDS)


def test_a_change_that_is_taken_back_is_none(watched):
    before = watched.path.stat()
    watched.path.rename(watched.path.with_suffix(".away"))
    assert not watched.is_due(0.0)
    watched.path.with_suffix(".away").rename(watched.path)
    os.utime(watched.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    watched.read = watched.look()
    assert not watched.is_due(QUIET_SECONDS)


async def test_the_files_of_a_configuration_are_those_that_its_settings_name(node, tmp_path):
    node.reloader.begin()
    seen = node.reloader.look()
    names = {path.name for path in seen}
    assert {"gateway.toml", "policy.toml", "trunks.toml", "inventory.csv", "dno.csv", "brands.toml"} <= names
    assert tmp_path / "trust" / "root.pem" in seen
    assert node.reloader.read == seen
    (tmp_path / "trust" / "later.pem").write_bytes(b"")
    assert node.reloader.look() != seen
    (tmp_path / "config" / "gateway.toml").write_text("torn = ")
    assert tmp_path / "trust" / "later.pem" in node.reloader.look()


async def test_a_reload_that_was_refused_is_not_tried_again_by_itself(node):
    node.reloader.begin()
    node.change("x = \n")
    assert not (await node.reloader.reload()).taken
    assert node.reloader.look() == node.reloader.read
