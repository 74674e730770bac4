"""Change the code in many small ways and see whether a test fails; print what no test noticed.

    python -m mutation                   the rooms numbers, passport, verification and certificates; hours
    python -m mutation numbers passport  these two
    python -m mutation --anew numbers    also what has been noticed before
    python -m mutation --report          only the figures of what has been run so far

mutmut makes the mutants, runs them and remembers them in mutants/, so a run that was stopped goes on where it
was: what a test has noticed is run again only after its function has changed, what survived every time, for
there may be a test for it now. One kind is not made, because nobody wants a test for it: other words in a
sentence, which is a text with a space in it.
Needs `make mutate`'s environment (mutmut, requirements-mutate.lock).
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import libcst
from mutmut.mutation import mutators

ROOMS = ("numbers", "passport", "verification", "certificates")
MUTANTS = Path("mutants")
_KILLED, _SURVIVED = (1, 3), 0
"""What pytest's process ends with: a test failed, or could not be run; all passed."""


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
        for room in rooms:
            # A process for each: mutmut keeps what it has read of a run for good.
            code = f"from mutation.__main__ import mutate; mutate('gateway.{room}.*', anew={options.anew})"
            subprocess.run([sys.executable, "-c", code], check=False)
    report(rooms)
    return 0


def mutate(pattern: str, *, anew: bool) -> None:
    """Let mutmut run, without mutants of sentences, and unless `anew` without what is known to be noticed."""
    for place, (kind, operator) in enumerate(mutators.mutation_operators):
        if operator is mutators.operator_string:
            mutators.mutation_operators[place] = (kind, all_but_sentences)  # type: ignore[index]
    import mutmut.__main__ as runner  # noqa: PLC0415 - reads the operators when it is imported

    if not anew:
        # Whoever names mutants has all of them run again, whatever is known of them.
        collect = runner.collect_source_file_mutation_data

        def collect_open(
            *, mutant_names: tuple[str, ...]
        ) -> tuple[list[tuple[object, str, int | None]], object]:
            mutants, files = collect(mutant_names=mutant_names)
            return [each for each in mutants if each[2] is None or each[2] == _SURVIVED], files

        runner.collect_source_file_mutation_data = collect_open
    runner.cli(["run", "--max-children", "1", pattern])


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
                end = "waiting" if status is None else "survived" if status == _SURVIVED else "killed"
                ends["timed out" if end == "killed" and status not in _KILLED else end] += 1
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
