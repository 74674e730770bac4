"""Facts: what the call plane must be able to trust without asking anyone, in a node-local file.

`projection.py` is the control plane's side and writes, `reader.py` the workers' side and reads;
`values.py` is what they agree on. Facts are never edited: the record is their source, and the whole
file can be made again from it (`callmark facts rebuild`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FACTS_FILE: Final = "facts.sqlite"


def facts_path(data_directory: Path) -> Path:
    """Where a data directory keeps its facts."""
    return data_directory / FACTS_FILE
