from __future__ import annotations

from pathlib import Path

import pytest

from gateway.knowledge.connect import RedisUrlError, connect, exposure


@pytest.mark.parametrize(
    "url",
    ["", "embedded", "localhost:6379", "http://example.org", "redis://:secret@example.org:port", "redis:"],
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
    ],
)  # fmt: skip
async def test_known_schemes_make_a_client_without_a_word_to_the_server(url, clustered):
    connected = connect(url, embedded_socket=Path("/run/valkey.sock"))
    assert connected.clustered is clustered
    await connected.client.aclose()


@pytest.mark.parametrize(
    ("url", "warnings"),
    [
        ("embedded", 0), ("unix:///run/redis.sock", 0), ("redis://localhost", 0), ("redis://example.org", 2),
        ("redis://:secret@example.org", 1), ("rediss://:secret@example.org", 0),
        ("rediss+cluster://example.org", 1),
    ],
)  # fmt: skip
def test_an_open_server_on_the_network_is_warned_of(url, warnings):
    found = exposure(url)
    assert len(found) == warnings
    assert "secret" not in "".join(found)
