"""Certificates of the `openssl` command, served by a host, and headers made with their keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.openssl_pki import SHAKEN, Certificate, make_certificate
from tests.integration.tokens import make_identity
from tests.repository import Repository


def without(name: str) -> str:
    """The profile with one extension left out."""
    return "\n".join(line for line in SHAKEN.splitlines() if not line.startswith(name))


def with_(name: str, value: str) -> str:
    """The profile with one extension of another value."""
    return f"{without(name)}\n{name} = {value}\n"


@dataclass(frozen=True)
class Material:
    """What stands outside: authorities, a host, and leaf certificates made on demand."""

    directory: Path
    host: Repository
    root: Certificate
    intermediate: Certificate

    def leaf(self, name: str, *, chain: tuple[Certificate, ...] | None = None, **how: Any) -> Certificate:
        """A certificate served at /name.pem, behind it the intermediate or the given chain."""
        leaf = make_certificate(self.directory / name, **({"issuer": self.intermediate} | how))
        behind = (self.intermediate,) if chain is None else chain
        self.host.serve(f"/{name}.pem", leaf.pem + b"".join(each.pem for each in behind))
        return leaf

    def identity(self, name: str, leaf: Certificate, *, host: str | None = None, **how: Any) -> str:
        return make_identity(leaf.private_key, self.host.url(f"/{name}.pem", host=host), **how)
