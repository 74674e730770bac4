"""`python -m bench.portal`: how long the portal's pages take, by how many numbers are registered.

Makes a SQLite record with so many registrations of one owner, verified but for a few, half of them singles
and half ranges, then serves the control listener's application over it, without a node around it (pages ask
the record alone), and asks for each page as a browser does, signed in; prints the median and the slowest.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import queue
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlencode

from aiohttp import web

from bench.subjects import ROOT
from gateway.cli.first_start import make_development_files
from gateway.control.api.doors import control_application
from gateway.control.people.accounts import sign_up
from gateway.control.reloading.files import Configuration, read_configuration, read_settings
from gateway.control.state import ControlState
from gateway.generation.countries import FILE_RULES
from gateway.generation.settings import Settings
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record import open_record, record_path
from gateway.record.registrations import insert_registrations
from gateway.registry.registration import Registration, Use
from gateway.registry.states import State

EMAIL, PASSWORD = "bench@example.org", "correct horse battery"
PORTION = 5_000
FIRST = 442_030_000_000
"""Made-up numbers: nothing calls them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.portal", description=__doc__)
    parser.add_argument("--registrations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callmark-bench-") as directory:
        data = Path(directory)
        began = time.monotonic()
        middle = asyncio.run(_fill(data, arguments.registrations))
        print(
            f"{arguments.registrations:,} registrations made in {time.monotonic() - began:.0f} s", flush=True
        )
        listening, ended = queue.Queue[int](), threading.Event()
        server = threading.Thread(target=lambda: asyncio.run(_serve(data, listening, ended)))
        server.start()
        try:
            _measure(listening.get(timeout=60), middle, arguments.rounds)
        finally:
            ended.set()
            server.join()
    return 0


async def _serve(data: Path, listening: queue.Queue[int], ended: threading.Event) -> None:
    """The application of the control listener over the record, as the control process has it."""
    configuration = _configuration(data)
    record = await open_record(record_path(data))
    reloader = SimpleNamespace(generation=configuration.generation)
    state = SimpleNamespace(record=record, reloader=reloader, dialling=lambda: FILE_RULES)
    runner = web.AppRunner(control_application(cast("ControlState", state), is_socket=False))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listening.put(runner.addresses[0][1])
        await asyncio.to_thread(ended.wait)
    finally:
        await runner.cleanup()
        await record.close()


def _configuration(directory: Path) -> Configuration:
    """The development configuration with throw-away certificates, in a directory of its own."""
    shutil.copytree(ROOT / "config", directory / "config")
    (directory / "certs" / "trust").mkdir(parents=True)
    os.chdir(directory)
    settings = read_settings(Path("config"), {})
    if isinstance(settings, Settings):
        make_development_files(settings)
        configuration = read_configuration(Path("config"), {})
        if isinstance(configuration, Configuration):
            return configuration
    raise SystemExit("config/ has mistakes: `callmark config check`")


async def _fill(data: Path, count: int) -> int:
    record, now = await open_record(record_path(data)), int(time.time())
    try:
        person = await sign_up(
            record, organisation="Example Bank", email=EMAIL, password=PASSWORD, address=None, now=now
        )
        made: tuple[int, ...] = ()
        for start in range(0, count, PORTION):
            async with record.write() as transaction:
                portion = [
                    _registration(person.owner_id or 0, place, now)
                    for place in range(start, min(start + PORTION, count))
                ]
                made = await insert_registrations(transaction, portion, now=now)
        return max(1, made[-1] - count // 2)
    finally:
        await record.close()


def _registration(owner_id: int, place: int, now: int) -> Registration:
    is_waiting = place % 100_000 == 0
    return Registration(
        id=0,
        owner_id=owner_id,
        numbers=NumberRange(TelephoneNumber(str(FIRST + place * 10)), 1 + 9 * (place % 2)),
        use=Use.CALLING,
        trunks=frozenset({"access-1"}),
        state=State.CLAIMED if is_waiting else State.VERIFIED,
        until=None if is_waiting else now + 180 * 86_400,
    )


def _measure(port: int, middle: int, rounds: int) -> None:
    browser = _Browser(port)
    browser.ask("POST", "/sign-in", {"email": EMAIL, "password": PASSWORD, "next": ""})
    pages: list[tuple[str, str, dict[str, str] | None]] = [
        ("GET", "/portal", None),
        ("GET", f"/portal?after={middle}", None),
        ("GET", "/portal?state=claimed", None),
        ("GET", "/portal?state=disputed", None),
        ("POST", "/portal/search", {"search": f"+{FIRST + 4_000_000}"}),
        ("GET", f"/portal/numbers/{middle}", None),
        ("GET", f"/portal/numbers/{middle}/use", None),
        ("GET", f"/portal/numbers/{middle}/report", None),
        ("GET", "/portal/numbers/new", None),
    ]
    print(f"{'page':<34} {'median':>9} {'slowest':>9}")
    for method, path, fields in pages:
        took = [browser.ask(method, path, fields) for _ in range(rounds)]
        shown = path.replace(str(middle), "N")
        print(f"{shown:<34} {statistics.median(took):>6.0f} ms {max(took):>6.0f} ms")


class _Browser:
    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict[str, str] | None) -> float:
        """Milliseconds from asking to the last byte, on a connection of its own."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {
            "Accept": "text/html",
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        connection.request(method, path, None if fields is None else urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status not in (200, 303):
            raise SystemExit(f"{path} answered {answer.status}")
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return (time.perf_counter() - began) * 1_000


if __name__ == "__main__":
    raise SystemExit(main())
