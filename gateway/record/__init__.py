"""The record in SQL: what must never be lost, and who changed it.

`schema.py` has every table; one module stands beside it per group of tables. Only the process that
holds `lock.py`'s lock opens the record for writing: the control process of a node, or a command
line when no node runs. A SQLite record is one node's; one in PostgreSQL several nodes may write, in turn.
Functions take an open transaction and values; the time is passed in as epoch seconds. Workers never
import this room: they read `gateway/facts`, its projection.
"""

from __future__ import annotations

from gateway.record.database import RecordError
from gateway.record.engine import Record, open_record, record_location, record_path
from gateway.record.lock import RecordBusyError, RecordLock

__all__ = [
    "Record",
    "RecordBusyError",
    "RecordError",
    "RecordLock",
    "open_record",
    "record_location",
    "record_path",
]
