"""The settings of a running node as its processes get them, and where each keeps what in the data directory.

`callmark serve` reads `gateway.toml` once and hands the result to its children in one variable: a process
restarted tomorrow runs with the settings of the start, not with half of an edited file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.channel import VALKEY_SOCKET_VARIABLE
from gateway.generation.settings import Settings
from gateway.journal_retention import Retention

PLANE_VARIABLE: Final = "CALLMARK_PLANE"
SETTINGS_VARIABLE: Final = "CALLMARK_NODE_SETTINGS"
CONFIGURATION_VARIABLE: Final = "CALLMARK_CONFIG_DIRECTORY"


class Plane(StrEnum):
    """What a node of a fleet does."""

    ALL = "all"
    CALLS = "calls"
    """Answers calls; its control process has no listener and never leads."""
    CONTROL = "control"
    """Answers operators and owners, and may lead; no workers."""


def plane_from_environment(environment: Mapping[str, str] = os.environ) -> Plane:
    """The plane this process is part of."""
    return Plane(environment.get(PLANE_VARIABLE, Plane.ALL))


def settings_to_environment(settings: Settings) -> dict[str, str]:
    """The variable for a child."""
    return {SETTINGS_VARIABLE: settings.model_dump_json()}


def settings_from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings this process was started with. KeyError without a supervisor."""
    return Settings.model_validate_json(environment[SETTINGS_VARIABLE])


def data_directory(settings: Settings) -> Path:
    """`[data] directory`."""
    return Path(settings.data.directory)


def facts_path(settings: Settings) -> Path:
    """The node-local facts."""
    return data_directory(settings) / "facts.sqlite"


def embedded_socket(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The socket of the embedded Valkey; None where Redis is another server."""
    path = environment.get(VALKEY_SOCKET_VARIABLE)
    return None if path is None else Path(path)


def journal_directory(settings: Settings) -> Path:
    """The calls' records."""
    return data_directory(settings) / "journal"


def journal_retention(settings: Settings) -> Retention:
    """How long they are kept."""
    journal = settings.journal
    return Retention(seconds=journal.keep_hours * 3600, bytes=journal.keep_megabytes * 1024 * 1024)


def chains_directory(settings: Settings) -> Path:
    """The chains behind recorded calls."""
    return data_directory(settings) / "chains"


def call_paths_file(settings: Settings) -> Path:
    """Path and signer of the last calls."""
    return data_directory(settings) / "call-paths"


def published_file(settings: Settings) -> Path:
    """The certificates that are published, and were."""
    return data_directory(settings) / "published.json"


def metrics_directory(settings: Settings) -> Path:
    """The counters of all processes."""
    return data_directory(settings) / "metrics"


def development_token_path(settings: Settings) -> Path:
    """The token made at the first start of a development node."""
    return data_directory(settings) / "token"


def development_sign_in_path(settings: Settings) -> Path:
    """E-mail address and password of the operator made at the same time, a line each."""
    return data_directory(settings) / "sign-in"
