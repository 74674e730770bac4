from __future__ import annotations

import socket
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.node.listeners import (
    ListenError,
    TcpAddress,
    UnixAddress,
    close_listener,
    listener_address,
    open_listener,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", TcpAddress("127.0.0.1", 8080)),
        ("0.0.0.0:0", TcpAddress("0.0.0.0", 0)),
        ("[::1]:8080", TcpAddress("::1", 8080)),
        ("unix:/run/callmark/calls.sock", UnixAddress("/run/callmark/calls.sock")),
    ],
)
def test_addresses_are_read_and_written_alike(text, address):
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        ":8080",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:65536",
        "127.0.0.1:8080\n",
        "127.0.0.256:80",
        "::1:8080",
        "[::g]:80",
        "[127.0.0.1]:80",
        "unix:relative",
        "unix:",
        "unix:/" + "x" * 107,
        "127.0.0.1:٨٠",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ListenError):
        parse_address(text)


@given(st.text(max_size=60) | st.from_regex(r"(\[[0-9a-f:.]*\]|[0-9.]*|unix:/.*):?[0-9]*"))
def test_any_text_is_an_address_or_a_listen_error(text):
    try:
        address = parse_address(text)
    except ListenError:
        return
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["127.0.0.1:0", "[::1]:0"])
def test_a_listener_is_open_and_a_second_one_is_told_who_to_stop(text):
    try:
        listener = open_listener(parse_address(text), "calls")
    except ListenError as problem:
        pytest.skip(str(problem))
    taken = listener_address(listener)
    with pytest.raises(ListenError) as refused:
        open_listener(parse_address(taken), "calls")
    close_listener(listener)
    assert str(refused.value).startswith(f"[listen] calls = {taken}: port")
    assert "is taken by another program" in str(refused.value)
    assert "CALLMARK_LISTEN__CALLS=" in str(refused.value)


def test_an_address_of_another_machine_is_named_as_such():
    with pytest.raises(ListenError, match="this machine has no such address"):
        open_listener(TcpAddress("192.0.2.1", 8080), "control")


def test_a_socket_file_replaces_a_stale_one_and_goes_with_its_listener(tmp_path):
    path = tmp_path / "calls.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    listener = open_listener(UnixAddress(str(path)), "calls")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with pytest.raises(ListenError, match="in use"):
        open_listener(UnixAddress(str(path)), "calls")
    close_listener(listener)
    assert not path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "precious"
    path.write_text("kept")
    with pytest.raises(ListenError, match="is no socket"):
        open_listener(UnixAddress(str(path)), "calls")
    assert path.read_text() == "kept"
