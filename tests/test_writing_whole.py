from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.generations import write_whole


def test_files_that_differ_by_their_ending_are_written_at_once_each_whole(tmp_path):
    content = {tmp_path / f"candidate.{each}": each.encode() * 100_000 for each in ("json", "text", "file")}

    def write(path):
        for _ in range(50):
            write_whole(path, content[path])

    with ThreadPoolExecutor(len(content)) as pool:
        list(pool.map(write, content))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == content


def test_what_cannot_be_written_leaves_nothing_aside(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]
