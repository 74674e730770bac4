from __future__ import annotations

from tests.record_on_both import record, record_location

__all__ = ["record", "record_location"]
