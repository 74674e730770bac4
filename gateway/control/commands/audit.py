"""Checking the audit."""

from __future__ import annotations

from gateway.record.audit import AuditReport, verify_chain
from gateway.record.engine import Record


async def verify_audit(record: Record) -> AuditReport:
    """Walk the whole chain; a break is in the report, not raised."""
    async with record.read() as transaction:
        return await verify_chain(transaction)
