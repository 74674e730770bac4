"""One target under atheris, in a process of its own: libFuzzer ends the process it runs in.

    FUZZ_TARGET=json python -m fuzz.one [libFuzzer's options and corpus folders, or an input to run again]

The target is named by the environment because libFuzzer, when it merges, starts this file again by itself.
"""

from __future__ import annotations

import os
import sys

import atheris


def main() -> None:
    # Only what is judged is instrumented; the tests' material is not.
    with atheris.instrument_imports(include=["gateway"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - imports are instrumented within this block
    # What libFuzzer starts again is this text, through a shell.
    atheris.Setup([f"{sys.executable} {__file__}", *sys.argv[1:]], TARGETS[os.environ["FUZZ_TARGET"]])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
