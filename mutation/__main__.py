"""Change the code in many small ways and see whether a test fails; print what no test noticed.

    python -m mutation                   the rooms numbers, passport, verification and certificates
    python -m mutation numbers passport  these two
    python -m mutation --anew numbers    also what has been noticed before
    python -m mutation --report          only the figures of what has been run so far

mutmut makes the mutants; `mutation.session` runs the room's own tests on them. What came of each is kept in
mutants/, so a run that was stopped goes on where it was: what a test has noticed is run again only when its
function has changed, what survived every time, for there may be a test for it now. One kind is not made,
because nobody wants a test for it: other words in a sentence, which is a text with a space in it.
Needs `make mutate`'s environment (mutmut, requirements-mutate.lock).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import libcst
from mutmut.mutation import mutators

from mutation.session import UNNOTICED

ROOMS = ("numbers", "passport", "verification", "certificates")
MUTANTS = Path("mutants")


def main() -> int:
    asked = argparse.ArgumentParser(
        prog="python -m mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all if none")
    asked.add_argument("--anew", action="store_true", help="run what was noticed before again")
    asked.add_argument("--report", action="store_true", help="run nothing")
    options = asked.parse_args()
    if unknown := set(options.rooms) - set(ROOMS):
        asked.error(f"no such room: {', '.join(sorted(unknown))}")
    rooms = options.rooms or list(ROOMS)
    if not options.report:
        make_mutants()
        anew = ["--anew"] if options.anew else []
        for room in rooms:
            # In mutants/, where the mutated gateway is and a copy of its tests.
            command = [sys.executable, "-m", "mutation.session", room, *anew]
            places = os.pathsep.join((".", str(Path(__file__).parents[1])))
            subprocess.run(command, check=True, cwd=MUTANTS, env=os.environ | {"PYTHONPATH": places})
    report(rooms)
    return 0


def make_mutants() -> None:
    """Let mutmut write the mutated gateway beside its tests, without mutants of sentences."""
    for place, (kind, operator) in enumerate(mutators.mutation_operators):
        if operator is mutators.operator_string:
            mutators.mutation_operators[place] = (kind, all_but_sentences)  # type: ignore[index]
    import mutmut.__main__ as mutmut  # noqa: PLC0415 - reads the operators when it is imported

    # Tests that are gone by now would be run on.
    shutil.rmtree(MUTANTS / "tests", ignore_errors=True)
    MUTANTS.mkdir(exist_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.create_mutants(max_children=1)


def all_but_sentences(node: libcst.BaseString) -> Iterable[libcst.BaseString]:
    if not (isinstance(node, libcst.SimpleString) and " " in node.value):
        yield from mutators.operator_string(node)


def report(rooms: list[str]) -> None:
    """Print the score of each room and every survivor as the lines that differ."""
    for room in rooms:
        ends: Counter[str] = Counter()
        survivors: list[str] = []
        for file in sorted((MUTANTS / "gateway" / room).rglob("*.meta")):
            for name, status in json.loads(file.read_text())["exit_code_by_key"].items():
                end = "waiting" if status is None else "survived" if status in UNNOTICED else "noticed"
                ends[end] += 1
                if end == "survived":
                    survivors.append(name)
        judged = ends.total() - ends["waiting"]
        score = 100 * (judged - ends["survived"]) / judged if judged else 0
        print(
            f"{room}: {judged} of {ends.total()} mutants run, "
            f"{ends['survived']} survived, {score:.1f} % noticed"
        )
        for name in survivors:
            print(f"  {name.replace('__mutmut', '')}: {difference(name)}")


def difference(name: str) -> str:
    module, _, mutant = name.rpartition(".")
    source = (MUTANTS / module.replace(".", "/")).with_suffix(".py").read_text()
    functions = {
        node.name: source.splitlines()[node.lineno : node.end_lineno]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
    original = functions.get(re.sub(r"\d+$", "orig", mutant), [])
    lines = difflib.unified_diff(original, functions.get(mutant, []), n=0, lineterm="")
    return " ".join(
        line[0] + line[1:].strip() for line in lines if line[:3] not in {"---", "+++"} and line[0] != "@"
    )


if __name__ == "__main__":
    sys.exit(main())
