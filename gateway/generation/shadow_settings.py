"""`[shadow]` of `gateway.toml`: the secsipidx beside which the gateway is tried."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.generation.toml_file import Table


def _check_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise ValueError('is not an address such as "http://127.0.0.1:8090"')
    return text


class ShadowTable(Table):
    """Whose answers the switch gets while ours are compared with them."""

    secsipidx_url: Annotated[str, AfterValidator(_check_url)] | None = None
    """None: nobody; `/v1/check` and `/v1/sign-csv` give the gateway's own answers."""
    timeout_ms: int = Field(default=400, ge=10, le=5000)
