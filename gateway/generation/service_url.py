"""The address of a service that is asked by HTTP: encrypted, or on this machine."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _check(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        plain = parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        host, plain = "", False
    if not host or parts.username is not None or parts.fragment or not (plain or parts.scheme == "https"):
        raise ValueError(
            'is not an address such as "https://example.org/path"; http is for this machine alone '
            '("http://127.0.0.1:9000/path")'
        )
    return text


ServiceUrl = Annotated[str, AfterValidator(_check)]
