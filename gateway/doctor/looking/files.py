"""Permission bits of everything secret, and the published files that hold a private key."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gateway.doctor.files import FilesSeen, SecretSeen
from gateway.doctor.looking.surroundings import Surroundings
from gateway.generation.settings import Settings
from gateway.generation.trust_settings import named_domains
from gateway.node_settings import development_token_path

PRIVATE_KEY: Final = b"PRIVATE KEY-----"
MOST_FILES: Final = 10_000
MOST_BYTES: Final = 1_000_000
"""Of a published file: a certificate chain is a hundredth of it."""


def look_at_files(around: Surroundings, *, published: Path | None) -> FilesSeen:
    """`published`: the directory that a web server publishes, where the operator named one."""
    secrets = tuple(_secret(path, what) for path, what in _secrets(around.settings, around.data_directory))
    files = list(_published(around.settings, published))
    exposed = tuple(str(path) for path in files if _holds_key(path))
    return FilesSeen(secrets=secrets, exposed=exposed, published=len(files))


def _secrets(settings: Settings, data: Path) -> Iterator[tuple[Path, str]]:
    named = (
        (settings.signing.key_file, "[signing] key_file"),
        (settings.tls.key_file, "[tls] key_file"),
        (settings.codes.secret_file, "[codes] secret_file"),
        (settings.roaming.token_file, "[roaming] token_file"),
    )
    yield from ((Path(path), what) for path, what in named if path is not None)
    yield data, "[data] directory"
    for name in (
        "record.sqlite",
        "evidence.key",
        "journal",
        "chains",
        "trust",
        "generations",
        "valkey",
        "control.sock",
    ):
        yield data / name, "in [data] directory"
    yield development_token_path(settings), "the development token"


def _secret(path: Path, what: str) -> SecretSeen:
    try:
        state = path.stat()
    except FileNotFoundError:
        return SecretSeen(str(path), what, None)
    except OSError as error:
        return SecretSeen(str(path), what, None, problem=error.strerror or type(error).__name__)
    return SecretSeen(str(path), what, stat.S_IMODE(state.st_mode), is_directory=stat.S_ISDIR(state.st_mode))


def _published(settings: Settings, directory: Path | None) -> Iterator[Path]:
    """Certificates of the configuration, which others are given, and what a web server publishes."""
    for name in (settings.signing.certificate_file, settings.tls.certificate_file):
        if name is not None and Path(name).is_file():
            yield Path(name)
    folders = [
        folder
        for _, domain in named_domains(settings.trust, settings.trust_domain)
        for folder in (domain.anchors_directory, domain.crl_issuers_directory, domain.crls_directory)
        if folder is not None
    ]
    yield from _files_within(Path(folder) for folder in folders)
    if directory is not None:
        yield from _files_within([directory])


def _files_within(directories: Iterable[Path]) -> Iterator[Path]:
    seen = 0
    for directory in directories:
        for folder, _, names in os.walk(directory):
            for name in names:
                path = Path(folder, name)
                seen += 1
                if seen > MOST_FILES:
                    return
                if path.is_file():
                    yield path


def _holds_key(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return PRIVATE_KEY in file.read(MOST_BYTES)
    except OSError:
        return False
