"""A keep-alive HTTP client that counts what a switch would call lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


class Connection:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def get(self, path: str = "/") -> tuple[int, str, bool]:
        """Status, body, and whether the connection goes on; ConnectionError when there is no answer."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode())
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        except asyncio.IncompleteReadError as cut:
            raise ConnectionResetError("no answer") from cut
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = (await self.reader.readexactly(length)).decode()
        return int(head.split()[1]), body, "connection: close" not in head

    def close(self) -> None:
        self.writer.close()


@dataclass
class Tally:
    answered: int = 0
    lost: int = 0
    pids: set[str] = field(default_factory=set)


async def call_on(port: int, tally: Tally, until: asyncio.Event) -> None:
    """Call without pause on one connection, opening another whenever it ends; stop when refused."""
    while not until.is_set():
        try:
            connection = await Connection.open(port)
        except ConnectionRefusedError:
            return
        try:
            goes_on = True
            while goes_on and not until.is_set():
                _, pid, goes_on = await connection.get()
                tally.answered += 1
                tally.pids.add(pid)
        except ConnectionError:
            tally.lost += 1
        finally:
            connection.close()
