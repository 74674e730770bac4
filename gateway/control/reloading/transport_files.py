"""Whether the files that `[tls]`, `[x5u]` and `[roaming]` name can be used: asked before anything starts.

They are read once, by processes that start long after the command line has answered; a wrong path would
be their end instead of a sentence. They belong to no generation: a change of them waits for a restart.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.generation.problem import Problem, quote
from gateway.generation.settings import Settings

_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]{1,4096}=*")
"""RFC 6750 section 2.1."""


def transport_problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong with these files."""
    tls, x5u = settings.tls, settings.x5u
    problems: list[Problem] = []
    # A listener that is off needs none.
    spoken = any(getattr(settings.listen, listener) for listener in tls.listeners)
    if spoken and tls.certificate_file is not None and tls.key_file is not None:
        certificate, key = tls.certificate_file, tls.key_file
        problems += (
            _unread(certificate, "[tls] certificate_file", hint="`callmark pki dev` makes one to try with")
            or _unread(key, "[tls] key_file")
            or _tried(
                lambda context: context.load_cert_chain(certificate, key, password=_no_password),
                key,
                f"([tls] key_file) cannot be used with certificate_file {certificate}",
                "both are PEM, the key without a passphrase",
            )
        )
    authorities = (
        (tls.client_ca_file, "[tls] client_ca_file"),
        (x5u.tls_ca_file, "[x5u] tls_ca_file"),
        (settings.roaming.tls_ca_file, "[roaming] tls_ca_file"),
    )
    for path, name in authorities:
        if path is not None:
            problems += _unread(path, name) or _tried(
                lambda context, path=path: context.load_verify_locations(cafile=path),  # type: ignore[misc]
                path,
                f"({name}) holds no certificates that can be read",
                "one or more in PEM",
            )
    if settings.roaming.token_file is not None:
        problems += _unread(settings.roaming.token_file, "[roaming] token_file") or _no_token(
            settings.roaming.token_file
        )
    if x5u.prewarm_file is not None:
        problems += _unread(x5u.prewarm_file, "[x5u] prewarm_file") or _list_problems(
            x5u.prewarm_file, X5uPolicy(x5u.allowed_ports, x5u.allow_private_addresses)
        )
    return problems


def _unread(path: str, name: str, *, hint: str = "") -> list[Problem]:
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return [Problem(path, None, "", f"({name}) cannot be read: {reason[:1].lower()}{reason[1:]}", hint)]
    return []


def _tried(load: Callable[[ssl.SSLContext], None], path: str, message: str, hint: str) -> list[Problem]:
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else None
        why = f": {reason.lower().replace('_', ' ')}" if reason else ""
        return [Problem(path, None, "", message + why, hint)]
    return []


def _no_token(path: str) -> list[Problem]:
    """A token that is no header's value would break every request with it."""
    if _TOKEN.fullmatch(Path(path).read_bytes().strip()):
        return []
    return [Problem(path, None, "", "([roaming] token_file) holds no bearer token on one line")]


def _no_password() -> str:
    """Without it OpenSSL would ask on the terminal, and wait."""
    return ""


def _list_problems(path: str, policy: X5uPolicy) -> list[Problem]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return [Problem(path, None, "", "([x5u] prewarm_file) is not UTF-8")]
    return [
        Problem(path, number, "", f"{quote(line.strip())} is no address to fetch from: {finding.detail}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
        and not line.startswith("#")
        and (finding := check_x5u(line.strip(), policy)) is not None
    ]
