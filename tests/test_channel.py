from __future__ import annotations

import asyncio
import os
import resource
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channel import (
    LISTENERS_VARIABLE,
    LONGEST_MESSAGE_BYTES,
    MOST_DESCRIPTORS,
    Channel,
    ChannelClosed,
    ChannelError,
    Received,
    close_all,
    inherited_listeners,
    parse_message,
    render_message,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_message_or_a_channel_error(data):
    try:
        message = parse_message(data)
    except ChannelError:
        return
    assert isinstance(message["type"], str)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), json_values), st.text(min_size=1))
def test_what_is_rendered_is_read_back(fields, kind):
    message = {**fields, "type": kind}
    assert parse_message(render_message(message)) == message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": 1}',
        b'{"type": ""}',
        b'{"type": "ready"} x',
        b'{"type": "\xff"}',
        b'{"type": "ready", "x": NaN}',
        b'{"type":"x","x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"type": "' + b"x" * LONGEST_MESSAGE_BYTES + b'"}',
    ],
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ChannelError):
        parse_message(data)


@pytest.mark.parametrize("message", [{}, {"type": "x", "y": object()}, {"type": "x", "y": "x" * 60_000}])
def test_what_is_no_message_is_not_sent(message):
    with pytest.raises(ChannelError):
        render_message(message)


def test_fields_of_the_wrong_kind_are_channel_errors():
    received = Received({"type": "x", "hash": 1, "open": True, "count": -1})
    for read in (
        lambda: received.text("hash"),
        lambda: received.number("open"),
        lambda: received.number("count"),
    ):
        with pytest.raises(ChannelError):
            read()


def open_descriptors() -> list[int]:
    return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]


@pytest.fixture
async def ends():
    ours, theirs = Channel.pair()
    other = Channel(theirs)
    yield ours, other
    ours.close()
    other.close()


async def test_messages_arrive_whole_and_in_order_with_their_descriptors(ends):
    ours, theirs = ends
    reader, writer = os.pipe()
    await ours.send({"type": "connection"}, [writer])
    await ours.send({"type": "drain", "seconds": 3})
    os.close(writer)
    first, second = await theirs.receive(), await theirs.receive()
    assert (first.kind, len(first.descriptors), second.message["seconds"]) == ("connection", 1, 3)
    assert not os.get_inheritable(first.descriptors[0])
    os.write(first.descriptors[0], b"through")
    assert os.read(reader, 10) == b"through"
    close_all([reader, *first.descriptors])


async def test_a_full_line_is_said_at_once_and_waited_for_when_asked(ends):
    ours, theirs = ends
    sent = 0
    while ours.try_send({"type": "x", "number": sent}):
        sent += 1
    waiting = asyncio.create_task(ours.send({"type": "x", "number": sent}))
    await asyncio.sleep(0)
    assert not ours.try_send({"type": "overtaking"})
    numbers = [(await theirs.receive()).number("number") for _ in range(sent + 1)]
    await waiting
    assert numbers == list(range(sent + 1))
    assert sent > 20


async def test_the_other_end_leaving_is_none_to_a_receiver_and_closed_to_a_sender(ends):
    ours, theirs = ends
    receiving = asyncio.create_task(ours.receive())
    await asyncio.sleep(0)
    theirs.close()
    assert await receiving is None
    with pytest.raises(ChannelClosed):
        await ours.send({"type": "x"})


async def test_closing_wakes_the_own_receiver(ends):
    ours, _ = ends
    receiving = asyncio.create_task(ours.receive())
    await asyncio.sleep(0)
    ours.close()
    assert await receiving is None


async def test_nonsense_on_the_line_is_a_channel_error_and_its_descriptors_are_closed():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel = Channel(ours)
    for data in (b"nonsense", b" " * (LONGEST_MESSAGE_BYTES + 1)):
        before = len(open_descriptors())
        socket.send_fds(theirs, [data], [theirs.fileno()])
        with pytest.raises(ChannelError):
            await channel.receive()
        assert len(open_descriptors()) == before
    channel.close()
    theirs.close()


async def test_a_descriptor_the_process_has_no_room_for_is_told(ends):
    ours, theirs = ends
    await ours.send({"type": "connection"}, [0] * MOST_DESCRIPTORS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(open_descriptors())
    taken = [os.dup(0) for _ in range(highest)]  # fill every hole below the limit
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, hard))
        received = await theirs.receive()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        close_all(taken)
    close_all(received.descriptors)
    assert received.descriptors_lost
    assert not received.descriptors


@pytest.mark.parametrize("value", ["control", "control:x", "control:999999", "control:-1"])
def test_listeners_that_are_not_there_are_a_channel_error(monkeypatch, value):
    monkeypatch.setenv(LISTENERS_VARIABLE, value)
    with pytest.raises(ChannelError):
        inherited_listeners()


def test_listeners_come_by_name(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = os.dup(server.fileno())
        monkeypatch.setenv(LISTENERS_VARIABLE, f"control:{number}")
        found = inherited_listeners()
        assert [s.getsockname() for s in found["control"]] == [server.getsockname()]
        found["control"][0].close()
    assert inherited_listeners() == {}


def test_a_child_without_a_supervisor_is_told_so(monkeypatch):
    monkeypatch.delenv("CALLMARK_CHANNEL_FD", raising=False)
    with pytest.raises(ChannelError, match="started by `callmark serve`"):
        Channel.from_environment()
