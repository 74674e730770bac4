"""What others have published to test with; README.md names sources and licences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def json_texts() -> dict[str, bytes]:
    """JSONTestSuite by name: `y_` is JSON, `n_` is not, `i_` may be read or refused."""
    return {
        name: (text * times).encode().replace("\ufffd".encode(), b"\xff")
        for name, text, times in json.loads((HERE / "json_test_suite.json").read_text())
    }


def wycheproof() -> list[dict[str, Any]]:
    """Project Wycheproof's ECDSA vectors by public key."""
    groups: list[dict[str, Any]] = json.loads((HERE / "wycheproof_ecdsa_p256_sha256_p1363.json").read_text())
    return groups


def published_headers() -> list[dict[str, Any]]:
    """Identity headers of other implementations and of documentation."""
    headers: list[dict[str, Any]] = json.loads((HERE / "identity_headers.json").read_text())
    return headers
