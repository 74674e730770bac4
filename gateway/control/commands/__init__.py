"""What an operator can do to the record: the same functions behind the admin API and the command line.

Each takes the open record, its request as values, who asks (`actor`) and the time, and writes the
change, its audit row and its outbox row in one transaction. It answers with frozen values, or raises
CommandError, saying which part of the request is wrong. `documents.py` turns both to and from JSON.
"""

from __future__ import annotations

from gateway.control.commands.audit import verify_audit
from gateway.control.commands.decisions import (
    DecisionRequest,
    add_decision,
    list_decisions,
    remove_decision,
)
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.commands.tokens import (
    CreatedToken,
    TokenRequest,
    create_token,
    list_tokens,
    revoke_token,
)

__all__ = [
    "CommandError",
    "CreatedToken",
    "DecisionRequest",
    "TokenRequest",
    "Trouble",
    "add_decision",
    "create_token",
    "list_decisions",
    "list_tokens",
    "remove_decision",
    "revoke_token",
    "verify_audit",
]
