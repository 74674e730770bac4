"""What every look begins with: the configuration as it can be read, and the node, where one runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from gateway.control.reloading.files import Configuration
from gateway.generation.settings import Settings

Ask: TypeAlias = Callable[[str], Awaitable[Mapping[str, object] | None]]
"""Asks the running node (GET over `control.sock`); None where none runs, or it does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One installation, as this command sees it."""

    settings: Settings
    configuration: Configuration | None
    """None where it has mistakes; `gateway.toml` could be read all the same."""
    data_directory: Path
    ask: Ask
    is_running: bool
    now: int
