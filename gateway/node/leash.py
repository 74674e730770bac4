"""Started as a program: ties this process to its parent's life, then becomes the child's program.

`python -I -S leash.py PARENT_PID SIGNAL PROGRAM ARGUMENT…`. The kernel keeps PR_SET_PDEATHSIG across
execve(2) (prctl(2)), so a child goes down with a supervisor that was killed, whatever its program
is. A program of its own instead of `preexec_fn`: that runs Python between fork and exec. The parent
is compared after the call: one that died just before it would never send the signal.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie and exec; exits with 127 and a sentence when the program cannot be started."""
    parent, death_signal, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execv(program, sys.argv[3:])  # noqa: S606 - becoming the program is what this file is for
    except OSError as problem:
        sys.stderr.write(f"{program} cannot be started: {problem.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main()
