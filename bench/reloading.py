"""An operator who reloads without a pause: good and bad configurations, torn writes, keys that roll over.

`python -m bench.reloading` is a process of its own, so that it does not hold up the load; it prints a line of
JSON for each reload. Every good configuration has one variant in two files, so that an answer made of both
would show.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

NUMBER = "442079460999"
"""On dno.csv, whose label and whose effect in policy.toml are the variant."""
EFFECTS = {"variant-a": "label", "variant-b": "none"}
KEYS = ("shaken", "next")
"""File names in certs/dev, and the last part of x5u."""


@dataclass(frozen=True, slots=True)
class Done:
    """One reload."""

    kind: str
    status: int
    expected: int
    generation: int
    seconds: float
    """From asking to the answer."""
    workers_ms: float
    """From the announcement to the last worker's word."""


class Operator:
    """Changes the files of one node and reloads it."""

    def __init__(self, directory: Path, *, control_port: int, token: str) -> None:
        self._config = directory / "config"
        self._port = control_port
        self._token = token
        self._texts = {
            name: (self._config / name).read_text() for name in ("policy.toml", "dno.csv", "gateway.toml")
        }
        self._turn = self._variants = self._keys = 0

    def next(self) -> Done:
        """The next change of the round."""
        kinds: list[Callable[[], Done]] = [self.variant, self.torn, self.variant, self.bad, self.roll_over]
        kind = kinds[self._turn % len(kinds)]
        self._turn += 1
        return kind()

    def variant(self) -> Done:
        """The other variant, in both of its files."""
        name = list(EFFECTS)[self._variants % len(EFFECTS)]
        self._variants += 1
        header, rows = _labelled(self._texts["dno.csv"], name)
        self._write("dno.csv", "\n".join([*header, *rows, ""]))
        policy = re.sub(
            r'^dno = "\w+"', f'dno = "{EFFECTS[name]}"', self._texts["policy.toml"], flags=re.MULTILINE
        )
        self._write("policy.toml", f"{policy}# {self._turn}\n")
        return self._reload("good", 200)

    def torn(self) -> Done:
        """A write that was broken off in the middle of a value; then the whole file again."""
        whole = (self._config / "policy.toml").read_text()
        (self._config / "policy.toml").write_text(whole[: whole.index('\ndno = "') + 10])
        done = self._reload("torn", 409)
        self._write("policy.toml", whole)
        return done

    def bad(self) -> Done:
        """Files that are whole and wrong."""
        whole = (self._config / "policy.toml").read_text()
        self._write("policy.toml", whole + "[verdikt]\n")
        done = self._reload("bad", 409)
        self._write("policy.toml", whole)
        return done

    def roll_over(self) -> Done:
        """The other key, under its own address."""
        self._keys += 1
        name = KEYS[self._keys % len(KEYS)]
        pattern = rf"(certs/(?:dev/)?)(?:{'|'.join(KEYS)})\."
        settings = re.sub(pattern, rf"\g<1>{name}.", self._texts["gateway.toml"])
        self._write("gateway.toml", settings)
        return self._reload("key", 200)

    def _write(self, name: str, text: str) -> None:
        aside = self._config / f".{name}.new"
        aside.write_text(text)
        aside.rename(self._config / name)

    def _reload(self, kind: str, expected: int) -> Done:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        began = time.perf_counter()
        connection.request("POST", "/admin/v1/reload", headers={"Authorization": f"Bearer {self._token}"})
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return Done(
            kind=kind,
            status=response.status,
            expected=expected,
            generation=answer["generation"],
            seconds=time.perf_counter() - began,
            workers_ms=answer["milliseconds"].get("workers", 0.0),
        )


def _labelled(text: str, name: str) -> tuple[list[str], list[str]]:
    """The file's lines up to the names of its columns, and its rows with this label."""
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line and not line.startswith("#")) + 1
    rows = [re.sub(r"^([^,]*),[^,]*,", rf"\1,{name},", line) for line in lines[first:] if line]
    return lines[:first], rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reloading", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("control_port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    operator = Operator(
        arguments.directory, control_port=arguments.control_port, token=os.environ["BENCH_TOKEN"]
    )
    began = time.monotonic()
    for turn in range(arguments.count):
        time.sleep(max(0.0, began + arguments.seconds * turn / arguments.count - time.monotonic()))
        sys.stdout.write(json.dumps(asdict(operator.next())) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
