from __future__ import annotations

import asyncio
import os

import pytest

from gateway.node.lock import DataDirectoryError, lock_data_directory


async def test_a_second_node_is_told_which_process_holds_the_directory(tmp_path):
    held = await lock_data_directory(tmp_path / "data")
    with pytest.raises(DataDirectoryError, match=rf"in use by another node \(process {os.getpid()}\)"):
        await lock_data_directory(tmp_path / "data", wait_seconds=0.1)
    os.close(held)


async def test_it_waits_for_the_last_child_of_a_predecessor(tmp_path):
    held = await lock_data_directory(tmp_path)
    inherited = os.dup(held)
    os.close(held)
    waiting = asyncio.create_task(lock_data_directory(tmp_path))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    os.close(inherited)
    os.close(await asyncio.wait_for(waiting, 60))


async def test_a_directory_that_cannot_be_used_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError, match="Make it writable, or set CALLMARK_DATA__DIRECTORY"):
        await lock_data_directory(tmp_path / "file" / "data")
