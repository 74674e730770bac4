"""`[x5u] prewarm_file`: addresses of certificates to have ready before the first call."""

from __future__ import annotations

from pathlib import Path

import structlog

from gateway.generation.settings import Settings

_log = structlog.get_logger("callmark.worker")


def prewarm_list(settings: Settings) -> list[str]:
    """The addresses; none, and a line in the log, where the file cannot be read."""
    if settings.x5u.prewarm_file is None:
        return []
    try:
        lines = Path(settings.x5u.prewarm_file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("the list for pre-warming cannot be read", problem=str(error))
        return []
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
