from __future__ import annotations

import pytest

from gateway.generation.settings import Settings, build_settings, parse_listen_address
from gateway.knowledge.importers.room import bytes_needed


@pytest.mark.parametrize(
    "url",
    [
        "embedded",
        "redis://redis.example.org:6379/0",
        "rediss://user:secret@redis.example.org",
        "unix:///run/valkey.sock",
        "redis+cluster://redis.example.org:7000",
        "rediss+cluster://:secret@redis.example.org:7000,redis2.example.org",
        "redis+sentinel://redis1.example.org,[2001:db8::1]:26380/calls?sentinel_password=secret",
    ],
)
def test_every_way_to_a_redis_is_a_setting(url: str) -> None:
    settings = build_settings(f'[redis]\nurl = "{url}"\n'.encode(), {})
    assert isinstance(settings, Settings), settings


def test_ten_million_numbers_all_over_north_america_fit_into_a_node_s_own_valkey() -> None:
    holds = Settings().redis.embedded_megabytes * 2**20
    assert bytes_needed(numbers=10_000_000, exchanges=640_000) < holds * 0.75


def test_what_a_node_s_own_valkey_may_hold_is_bounded() -> None:
    settings = build_settings(b"[redis]\nembedded_megabytes = 64\n", {})
    assert isinstance(settings, Settings), settings
    assert settings.redis.embedded_megabytes == 64
    for wrong in (b"63", b"1048577", b'"1024"'):
        [problem] = build_settings(b"[redis]\nembedded_megabytes = " + wrong + b"\n", {})
        assert "embedded_megabytes" in str(problem)


@pytest.mark.parametrize(
    "url", ["", "redis", "redis:", "redis+other://a", "http://a", "cluster://a", "unix+cluster:///a"]
)
def test_another_address_is_refused_with_the_ways_there_are(url: str) -> None:
    [problem] = build_settings(f'[redis]\nurl = "{url}"\n'.encode(), {})
    assert "redis+cluster://" in str(problem)


@pytest.mark.parametrize(
    ("text", "loopback"),
    [("127.0.0.1:80", True), ("[::1]:80", True), ("0.0.0.0:80", False), ("[::]:80", False)],
)
def test_only_an_address_of_this_machine_alone_is_loopback(text: str, loopback: bool) -> None:
    assert parse_listen_address(text).is_loopback is loopback
