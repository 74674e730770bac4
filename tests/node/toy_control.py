"""A control process that does what a line on its inherited listener asks."""

from __future__ import annotations

import asyncio
import json
import os

from gateway.channel import Channel, Message, inherited_listeners


class ToyControl:
    def __init__(self) -> None:
        self.channel = Channel.from_environment()
        self.last: dict[str, Message] = {}
        self.heard: dict[str, int] = {}
        self.news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command, *arguments = (await reader.readline()).decode().split()
        match command:
            case "announce":
                number, generation = int(arguments[0]), arguments[1]
                await self.channel.send({"type": "announce", "number": number, "hash": generation})
                answer = await self.until("confirmations", number)
            case "heard":
                answer = {**self.heard, "pid": os.getpid()}
            case _:
                answer = self.last.get(command, {})
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def until(self, kind: str, number: int) -> Message:
        async with self.news:
            await self.news.wait_for(lambda: self.last.get(kind, {}).get("number") == number)
            return self.last[kind]

    async def main(self) -> None:
        for listener in inherited_listeners().get("control", []):
            await asyncio.start_server(self.serve, sock=listener)
        await self.channel.send({"type": "ready"})
        while received := await self.channel.receive():
            async with self.news:
                self.last[received.kind] = received.message
                self.heard[received.kind] = self.heard.get(received.kind, 0) + 1
                self.news.notify_all()
            if received.kind == "drain":
                return


if __name__ == "__main__":
    asyncio.run(ToyControl().main())
