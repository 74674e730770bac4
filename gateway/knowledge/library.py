"""functions.lua as it is sent to the server, and the names under which it answers there."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from redis.exceptions import ResponseError

from gateway.knowledge.servers import Client

_TEXT: Final = files("gateway.knowledge").joinpath("functions.lua").read_text(encoding="utf-8")
_VERSION: Final = hashlib.sha256(_TEXT.encode()).hexdigest()[:12]

SOURCE: Final = _TEXT.replace("VERSION", _VERSION)
LIBRARY: Final = f"callmark_{_VERSION}"
ASK: Final = f"callmark_ask_{_VERSION}"
LOOK: Final = f"callmark_look_{_VERSION}"
TELL: Final = f"callmark_tell_{_VERSION}"
WRITE: Final = f"callmark_write_{_VERSION}"
FINISH: Final = f"callmark_finish_{_VERSION}"


def is_missing(error: ResponseError) -> bool:
    """Whether a server says that it has no such function."""
    return "function not found" in str(error).lower()


async def load(client: Client) -> None:
    """Give a server the functions anew. Raises what redis-py raises."""
    await client.execute_command("FUNCTION LOAD", "REPLACE", SOURCE)
