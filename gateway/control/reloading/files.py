"""The configuration on the disk: read whole, judged whole, handed on as one value.

Only regular files of bounded size that others cannot write; links are followed (Kubernetes mounts its
files as links), loops of links end in a problem. Files that change while they are read are read again,
so that no generation mixes two states of the directory.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from gateway.generation.brands_file import BRANDS_FILE
from gateway.generation.dno_file import DNO_FILE
from gateway.generation.environment import Overrides, is_utf8, read_overrides
from gateway.generation.generation import Generation, build, build_policy
from gateway.generation.inventory_file import INVENTORY_FILE
from gateway.generation.policy_file import PolicyFile
from gateway.generation.problem import Problem, quote
from gateway.generation.settings import SETTINGS_FILE, Settings, build_settings, sections
from gateway.generation.texts import (
    ANCHORS,
    CRL_ISSUERS,
    CRLS,
    OPTIONAL_FILES,
    POLICY_FILES,
    SIGNING_CERTIFICATE,
    Texts,
)
from gateway.generation.trust_settings import domain_rules, named_domains

SIZE_LIMIT: Final = 50_000_000
"""Bytes of one file."""
MOST_FILES: Final = 1_000
"""In one directory of certificates or revocation lists."""
_READINGS: Final = 3
_HINTS: Final = dict.fromkeys((INVENTORY_FILE, DNO_FILE), "it may hold no rows, but must be there") | {
    BRANDS_FILE: "it may be empty, but must be there"
}
_PEM: Final = b"-----BEGIN "
_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der", ".crl"})

_NOTHING: Final[Mapping[str, bytes]] = {}
_Signature: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the files said, without a mistake."""

    settings: Settings
    texts: Texts
    generation: Generation


def read_configuration(
    directory: Path, environment: Mapping[str, str], *, obtained: Mapping[str, bytes] = _NOTHING
) -> Configuration | list[Problem]:
    """Read and check everything under `directory` and what its settings point to.

    `obtained` are the files of a generation that are not the operator's: lists that were fetched, and the
    anchors of trust lists (`gateway.control.trust.obtained`). The problems are all there are, placed as the
    operator knows them: `config/trunks.toml`.
    """
    overrides, unknown = read_overrides(environment, {**sections(Settings), **sections(PolicyFile)})
    for _ in range(_READINGS):
        disk = _Disk()
        configuration = _read(disk, directory, overrides, unknown, obtained)
        if disk.is_unchanged():
            return configuration
    return [Problem(str(directory), None, "", "is being written at this moment", "try again")]


def read_policy_files(directory: Path) -> dict[str, bytes] | list[Problem]:
    """Read the files of a policy part that are in `directory`, or say why one of them cannot be read."""
    for _ in range(_READINGS):
        disk, files = _Disk(), dict[str, bytes]()
        for name in (*POLICY_FILES, *OPTIONAL_FILES):
            if disk.is_there(directory / name) and (data := disk.read(directory / name)) is not None:
                files[name] = data
        if disk.is_unchanged():
            nothing = Problem(str(directory), None, "", "holds no file of a policy")
            return disk.problems or files or [nothing]
    return [Problem(str(directory), None, "", "is being written at this moment", "try again")]


def read_settings(directory: Path, environment: Mapping[str, str]) -> Settings | list[Problem]:
    """Read `gateway.toml` alone, for what comes before everything else can be read."""
    overrides, unknown = read_overrides(environment, {**sections(Settings), **sections(PolicyFile)})
    disk = _Disk()
    settings = _read_settings(disk, directory, overrides)
    if settings is None or unknown:
        return [*unknown, *disk.problems]
    return settings


def _read(
    disk: _Disk,
    directory: Path,
    overrides: Overrides,
    unknown: list[Problem],
    obtained: Mapping[str, bytes],
) -> Configuration | list[Problem]:
    files = {
        name: data
        for name in POLICY_FILES
        if (data := disk.read(directory / name, hint=_HINTS.get(name, ""))) is not None
    }
    for name in OPTIONAL_FILES:
        if disk.is_there(directory / name) and (data := disk.read(directory / name)) is not None:
            files[name] = data
    policy_sections = sections(PolicyFile)
    variables = {
        each.variable: each.text for (section, _), each in overrides.items() if section in policy_sections
    }
    texts = Texts(files=files, domains=(), variables=variables)
    settings = _read_settings(disk, directory, overrides)
    if settings is None:
        policy = build_policy(texts)
        found = policy if isinstance(policy, list) else []
        return _together(_placed([*unknown, *found], directory, None), disk)
    texts = replace(
        texts,
        files={**files, **_read_trust(disk, settings), **_read_signing(disk, settings), **obtained},
        domains=domain_rules(settings.trust, settings.trust_domain),
        x5u=settings.signing.x5u,
    )
    generation = build(texts)
    found = generation if isinstance(generation, list) else []
    problems = _together(_placed([*unknown, *found], directory, settings), disk)
    if problems or isinstance(generation, list):
        return problems
    return Configuration(settings, texts, generation)


def _read_settings(disk: _Disk, directory: Path, overrides: Overrides) -> Settings | None:
    data = disk.read(directory / SETTINGS_FILE, hint="is this the directory of the configuration?")
    if data is None:
        return None
    own = {place: each for place, each in overrides.items() if place[0] in Settings.model_fields}
    settings = build_settings(data, own)
    if isinstance(settings, list):
        disk.problems += _placed(settings, directory, None)
        return None
    return settings


def _read_trust(disk: _Disk, settings: Settings) -> dict[str, bytes]:
    return {
        folder + name: data
        for folder, path in _trust_folders(settings).items()
        for name, data in disk.read_folder(Path(path))
    }


def _trust_folders(settings: Settings) -> dict[str, str]:
    """The directories of every trust domain, by the folder of a bundle that their files are in."""
    rules = domain_rules(settings.trust, settings.trust_domain)
    paths = (
        (each.folder(kind), path)
        for each, (_, table) in zip(rules, named_domains(settings.trust, settings.trust_domain), strict=True)
        for kind, path in (
            (ANCHORS, table.anchors_directory),
            (CRL_ISSUERS, table.crl_issuers_directory),
            (CRLS, table.crls_directory),
        )
    )
    return {folder: path for folder, path in paths if path is not None}


def watched_folders(settings: Settings) -> list[Path]:
    """The directories whose files a generation is made of, and those by which trust lists are judged."""
    signers = [
        table.trust_list_signers_directory
        for _, table in named_domains(settings.trust, settings.trust_domain)
        if table.trust_list_signers_directory is not None
    ]
    return [Path(path) for path in (*_trust_folders(settings).values(), *signers)]


def _read_signing(disk: _Disk, settings: Settings) -> dict[str, bytes]:
    path = settings.signing.certificate_file
    data = None if path is None else disk.read(Path(path), hint="`callmark pki dev` makes one to try with")
    return {} if data is None else {SIGNING_CERTIFICATE: data}


def _placed(problems: list[Problem], directory: Path, settings: Settings | None) -> list[Problem]:
    """The problems with the paths the operator knows, instead of the names inside a bundle."""
    places = {name: str(directory / name) for name in (*POLICY_FILES, *OPTIONAL_FILES, SETTINGS_FILE)}
    folders: dict[str, str] = {}
    if settings is not None:
        places[SIGNING_CERTIFICATE] = settings.signing.certificate_file or "[signing] certificate_file"
        folders = _trust_folders(settings)

    def place(name: str) -> str:
        for folder, path in folders.items():
            if name.startswith(folder):
                return str(Path(path) / name.removeprefix(folder))
        return places.get(name, name)

    return [replace(problem, file=place(problem.file)) for problem in problems]


def _together(judged: list[Problem], disk: _Disk) -> list[Problem]:
    """What could not be read is missing for the judge too: it is told once, by the reader, who knows why."""
    unread = {problem.file for problem in disk.problems}
    return [*disk.problems, *(problem for problem in judged if problem.file not in unread)]


class _Disk:
    """One reading of the disk: what could not be read, and whether anything changed meanwhile."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._seen: dict[Path, _Signature | None] = {}

    def read(self, path: Path, *, hint: str = "") -> bytes | None:
        """The file's bytes; None and a problem where it may not or cannot be read."""
        try:
            # Opening a named pipe would wait for somebody to write into it.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                status = os.fstat(descriptor)
                refusal = _why_not(status)
                if refusal is None:
                    self._seen[path] = _signature(status)
                    with os.fdopen(descriptor, "rb", closefd=False) as file:
                        return file.read(SIZE_LIMIT + 1)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            refusal = ("is missing", hint)
            self._seen[path] = None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            refusal = (f"cannot be read: {reason[:1].lower()}{reason[1:]}", "")
        self.problems.append(Problem(str(path), None, "", *refusal))
        return None

    def is_there(self, path: Path) -> bool:
        """Whether there is a file at all; one that comes or goes meanwhile counts as a change."""
        self._seen[path] = _signature_now(path)
        return self._seen[path] is not None or path.is_symlink()

    def read_folder(self, path: Path) -> list[tuple[str, bytes]]:
        """Name and bytes of the certificates and lists in a directory; other files are passed over."""
        try:
            names = sorted(each.name for each in os.scandir(path) if not each.name.startswith("."))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.problems.append(
                Problem(str(path), None, "", f"cannot be read: {reason[:1].lower()}{reason[1:]}")
            )
            return []
        if len(names) > MOST_FILES:
            self.problems.append(
                Problem(str(path), None, "", f"holds {len(names)} files; at most {MOST_FILES} are read")
            )
            return []
        self.problems += [
            Problem(str(path), None, "", f"holds a file whose name is not UTF-8: {quote(name)}")
            for name in names
            if not is_utf8(name)
        ]
        read = [
            (name, data)
            for name in filter(is_utf8, names)
            if not (path / name).is_dir() and (data := self.read(path / name)) is not None
        ]
        return [(name, data) for name, data in read if _PEM in data or Path(name).suffix in _SUFFIXES]

    def is_unchanged(self) -> bool:
        """Whether every file that was read is still the one that was read."""
        return all(_signature_now(path) == signature for path, signature in self._seen.items())


def _why_not(status: os.stat_result) -> tuple[str, str] | None:
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file", ""
    if status.st_size > SIZE_LIMIT:
        return f"is {status.st_size} bytes long; at most {SIZE_LIMIT} are read", ""
    if status.st_mode & stat.S_IWOTH:
        return "may be written by everybody on this machine", "chmod o-w"
    return None


def _signature(status: os.stat_result) -> _Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _signature_now(path: Path) -> _Signature | None:
    try:
        return _signature(path.stat())
    except (OSError, ValueError):
        return None
