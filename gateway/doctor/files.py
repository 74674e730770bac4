"""Whether secrets are their owner's alone, and whether a private key lies where the world can read it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import Diagnosis, good, unknown, wrong

SECRETS: Final = "secrets"
PUBLISHED: Final = "published files"


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """One file or directory that is for its owner only."""

    path: str
    what: str
    """As the configuration calls it: `[signing] key_file`."""
    mode: int | None
    """Permission bits; None where it is not there."""
    is_directory: bool = False
    problem: str = ""
    """Why it could not be looked at."""


@dataclass(frozen=True, slots=True)
class FilesSeen:
    """Every secret, and the published files that hold a private key."""

    secrets: tuple[SecretSeen, ...]
    exposed: tuple[str, ...]
    """Paths of files that are published, or about to be, with a private key in them."""
    published: int
    """How many published files were looked into."""


def judge_files(seen: FilesSeen) -> Iterator[Diagnosis]:
    """Every secret that others can read, every key that is published; else one good word for each."""
    fine = 0
    for each in seen.secrets:
        if each.problem:
            yield unknown(SECRETS, f"{each.path} ({each.what}) cannot be looked at: {each.problem}.")
        elif each.mode is not None and each.mode & 0o077:
            right = "700" if each.is_directory else "600"
            yield wrong(
                SECRETS,
                f"{each.path} ({each.what}) is open to others (mode {each.mode:04o}).",
                f"chmod {right} {shlex.quote(each.path)}",
            )
        else:
            fine += each.mode is not None
    if fine:
        yield good(SECRETS, f"{fine} are for their owner only.")
    for path in seen.exposed:
        yield wrong(
            PUBLISHED,
            f"{path} holds a private key, and is for everybody to read. The key is known: have it replaced.",
            f"rm {shlex.quote(path)} && openssl ecparam -name prime256v1 -genkey -noout -out new.key",
        )
    if seen.published and not seen.exposed:
        yield good(PUBLISHED, f"No private key in {seen.published} files.")
