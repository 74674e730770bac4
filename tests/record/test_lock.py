from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gateway.record import RecordBusyError, RecordLock

_HOLD = """
import pathlib, sys
from gateway.record.lock import RecordLock
lock = RecordLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_lock_is_refused_and_names_the_holder(tmp_path):
    with RecordLock(tmp_path), pytest.raises(RecordBusyError, match=f"by process {os.getpid()}: wait"):
        RecordLock(tmp_path)


def test_a_released_lock_can_be_taken_and_released_twice(tmp_path):
    lock = RecordLock(tmp_path)
    lock.release()
    lock.release()
    RecordLock(tmp_path).release()


def test_a_killed_holder_holds_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RecordBusyError, match=str(holder.pid)):
            RecordLock(tmp_path)
        holder.kill()
        holder.wait()
    RecordLock(tmp_path).release()
