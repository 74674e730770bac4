from __future__ import annotations

from pathlib import Path

import pytest

from gateway.knowledge.connect import RedisUrlError, connect, exposure


@pytest.mark.parametrize(
    "url",
    [
        "",
        "embedded",
        "localhost:6379",
        "http://example.org",
        "redis://:secret@example.org:port",
        "redis:",
        "redis+sentinel://:secret@example.org",
        "redis+cluster://:secret@one.example.org,:7000",
        "redis+cluster://:secret@[one",
        "redis+sentinel://:secret@example.org/name/x",
        "redis+cluster://:secret@example.org/1",
    ],
)
def test_a_url_that_cannot_be_used_is_a_sentence_without_its_password(url):
    with pytest.raises(RedisUrlError, match=r"\[redis\] url") as caught:
        connect(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "clustered"),
    [
        ("embedded", False), ("redis://example.org", False), ("rediss://u:p@example.org:6380/1", False),
        ("unix:///run/redis.sock", False), ("redis+cluster://example.org:7000", True),
        ("rediss+cluster://u:p@one.example.org,two.example.org:7001", True),
        ("redis+sentinel://:p@one.example.org,two.example.org/calls/1?sentinel_password=s", False),
    ],
)  # fmt: skip
async def test_known_schemes_make_a_client_without_a_word_to_the_server(url, clustered):
    connected = connect(url, embedded_socket=Path("/run/valkey.sock"))
    assert connected.clustered is clustered
    await connected.aclose()


@pytest.mark.parametrize(
    ("url", "warnings"),
    [
        ("embedded", 0), ("unix:///run/redis.sock", 0), ("redis://localhost", 0), ("redis://example.org", 2),
        ("redis://:secret@example.org", 1), ("rediss://:secret@example.org", 0),
        ("rediss+cluster://example.org", 1), ("redis+cluster://localhost,example.org", 2),
        ("redis+cluster://127.0.0.1:7000,127.0.0.1:7001", 0),
        ("rediss+sentinel://:secret@one.example.org,two.example.org/calls", 0),
    ],
)  # fmt: skip
def test_an_open_server_on_the_network_is_warned_of(url, warnings):
    found = exposure(url)
    assert len(found) == warnings
    assert "secret" not in "".join(found)
