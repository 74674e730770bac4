from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.certificates.x5u import X5uPolicy
from gateway.fetch.connections import tls_context
from gateway.fetch.fetcher import (
    CertificateFetcher,
    CertificateUnobtainableError,
    FetchPolicy,
)
from gateway.fetch.kinds import PEM_CHAIN, REVOCATION_LIST, Kind
from gateway.reasons import X5U_FORBIDDEN
from tests.repository import Repository

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@asynccontextmanager
async def fetching(
    repository: Repository,
    *,
    timeout_ms: int = 2_000,
    x5u: X5uPolicy | None = None,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[CertificateFetcher]:
    fetcher = CertificateFetcher(
        FetchPolicy(x5u or repository.x5u_policy, repository.ca_file, timeout_ms), resolver=resolver
    )
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def refused(fetcher: CertificateFetcher, url: str) -> CertificateUnobtainableError:
    with pytest.raises(CertificateUnobtainableError) as caught:
        await fetcher.fetch(url)
    return caught.value


class Names(AbstractResolver):
    """Answers the same addresses for every name."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
            for family in (socket.AF_INET6 if ":" in address else socket.AF_INET,)
        ]

    async def close(self) -> None:
        pass


async def test_a_closed_fetcher_leaves_no_connection_to_end() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/a.pem", PEM)
        await fetcher.fetch(repository.url("/a.pem"))
        sockets = list(fetcher._sockets)
        await fetcher.close()
        assert [each.fileno() for each in sockets] == [-1]


async def test_body_lifetime_and_request_are_those_of_the_standard() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve(
            "/a/leaf.pem", PEM, headers={"Cache-Control": "public, max-age=172800", "Age": "800"}
        )
        fetched = await fetcher.fetch(repository.url("/a/leaf.pem"))
        assert fetched.body == PEM
        assert fetched.max_age_seconds == 172_000
        assert fetched.warnings == ()
        assert repository.headers[0].startswith(b"GET /a/leaf.pem HTTP/1.1\r\n")
        assert b"Accept-Encoding: identity\r\n" in repository.headers[0]
        assert b"Cookie" not in repository.headers[0]


async def test_path_is_asked_for_as_it_was_signed() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/%7Ea/%2Eb/c%2fd//e", PEM)
        await fetcher.fetch(repository.url("/%7Ea/%2Eb/c%2fd//e"))
        assert repository.requests == {"/%7Ea/%2Eb/c%2fd//e": 1}


async def test_port_8443_is_fetched_from_by_default() -> None:
    # An address of its own in 127/8, so that nothing else can hold the port.
    async with Repository(host="127.84.43.1", port=8443) as repository:
        repository.serve("/leaf.pem", PEM)
        policy = X5uPolicy(allow_private_addresses=True)
        async with fetching(repository, x5u=policy) as fetcher:
            assert (await fetcher.fetch("https://127.84.43.1:8443/leaf.pem")).body == PEM


async def test_odd_content_type_is_only_remarked_on() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/leaf", PEM, content_type="text/plain")
        fetched = await fetcher.fetch(repository.url("/leaf"))
        assert fetched.body == PEM
        assert len(fetched.warnings) == 1


async def test_redirect_is_not_followed() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/there", PEM)
        for status in (301, 302, 303, 307, 308):
            repository.redirect("/here", repository.url("/there"), status=status)
            assert "redirect" in (await refused(fetcher, repository.url("/here"))).problem
        assert repository.requests["/there"] == 0


@pytest.mark.parametrize("status", [204, 206, 404, 500])
async def test_other_status_is_refused(status: int) -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/leaf.pem", b"" if status == 204 else PEM, status=status)
        assert str(status) in (await refused(fetcher, repository.url("/leaf.pem"))).problem


async def test_hanging_and_dripping_servers_cost_the_deadline_and_no_more() -> None:
    async with Repository() as repository, fetching(repository, timeout_ms=150) as fetcher:
        repository.hang("/hang")
        repository.drip("/drip", PEM)
        for path in ("/hang", "/drip"):
            assert "150 ms" in (await refused(fetcher, repository.url(path))).problem


@pytest.mark.parametrize("kind", ["told", "endless", "bomb"])
async def test_body_beyond_the_cap_is_refused(kind: str) -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        if kind == "told":
            repository.serve("/body", b"A" * (PEM_CHAIN.most_bytes + 1))
        elif kind == "endless":
            repository.flood("/body")
        else:
            repository.serve_gzip("/body", b"A" * 20_000_000)
        assert "longer than" in (await refused(fetcher, repository.url("/body"))).problem


async def test_body_as_long_as_the_cap_is_taken() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/plain", b"A" * PEM_CHAIN.most_bytes)
        repository.serve_gzip("/gzip", b"A" * PEM_CHAIN.most_bytes)
        assert len((await fetcher.fetch(repository.url("/plain"))).body) == PEM_CHAIN.most_bytes
        compressed = await fetcher.fetch(repository.url("/gzip"))
        assert len(compressed.body) == PEM_CHAIN.most_bytes
        assert len(compressed.warnings) == 1


async def test_damaged_answers_are_refused() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/short", PEM, length=len(PEM) + 10)
        repository.reset("/reset")
        repository.send_raw("/raw", b"SSH-2.0-nothing\r\n\r\n")
        assert "cut short" in (await refused(fetcher, repository.url("/short"))).problem
        assert "closed the connection" in (await refused(fetcher, repository.url("/reset"))).problem
        assert "not HTTP" in (await refused(fetcher, repository.url("/raw"))).problem


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"no gzip"), ("gzip", b"\x1f\x8b\x08\x00"), ("br", PEM), ("gzip, gzip", PEM)],
)
async def test_unreadable_coding_is_refused(coding: str, body: bytes) -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        repository.serve("/body", body, headers={"Content-Encoding": coding})
        assert "compressed" in (await refused(fetcher, repository.url("/body"))).problem


async def test_tls_of_another_authority_name_or_time_is_refused() -> None:
    async with Repository() as good, fetching(good) as fetcher:
        policy = X5uPolicy(allowed_ports=tuple(range(1, 65_536)), allow_private_addresses=True)
        for bad, words in (
            (Repository(names=("certs.example.org",)), "mismatch"),
            (Repository(expired=True), "expired"),
        ):
            async with bad, fetching(bad, x5u=policy) as own:
                bad.serve("/leaf.pem", PEM)
                assert words in (await refused(own, bad.url("/leaf.pem"))).problem
                assert bad.requests.total() == 0
        async with Repository() as stranger:
            async with fetching(good, x5u=stranger.x5u_policy) as other:
                assert "TLS certificate" in (await refused(other, stranger.url("/leaf.pem"))).problem
            assert stranger.requests.total() == 0
        good.serve("/leaf.pem", PEM)
        assert (await fetcher.fetch(good.url("/leaf.pem"))).body == PEM


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_tls_before_1_2_is_refused() -> None:
    async with (
        Repository(maximum_version=ssl.TLSVersion.TLSv1_1) as repository,
        fetching(repository) as fetcher,
    ):
        repository.serve("/leaf.pem", PEM)
        await refused(fetcher, repository.url("/leaf.pem"))
        assert repository.connections == 1
        assert repository.requests.total() == 0
        assert tls_context(None).minimum_version == ssl.TLSVersion.TLSv1_2


def test_authorities_are_believed_alike_by_every_version_of_python():
    context = tls_context(None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_private_addresses_are_not_connected_to() -> None:
    async with Repository() as repository:
        repository.serve("/leaf.pem", PEM)
        policy = X5uPolicy(allowed_ports=(repository.port,))
        for addresses in (("127.0.0.1",), ("::ffff:127.0.0.1", "127.0.0.1"), ("64:ff9b::7f00:1", "10.0.0.1")):
            async with fetching(repository, x5u=policy, resolver=Names(*addresses)) as fetcher:
                error = await refused(fetcher, repository.url("/leaf.pem", host="certs.example.org"))
                assert error.reason is X5U_FORBIDDEN
        async with fetching(repository, x5u=policy) as fetcher:
            assert (await refused(fetcher, repository.url("/leaf.pem"))).reason is X5U_FORBIDDEN
        assert repository.connections == 0


async def test_other_ports_are_not_connected_to() -> None:
    async with Repository() as repository, fetching(repository) as fetcher, Repository() as other:
        assert (await refused(fetcher, other.url("/leaf.pem"))).reason is X5U_FORBIDDEN
        assert other.connections == 0


async def test_unusable_authorities_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"")
    for name in ("empty.pem", "absent.pem"):
        with pytest.raises(ValueError, match=name):
            tls_context(tmp_path / name)


async def test_unknown_name_is_refused_in_words() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        error = await refused(fetcher, repository.url("/leaf.pem", host="host.invalid"))
        assert "resolved" in error.problem or "answer within" in error.problem


async def test_dead_host_rests_and_is_tried_by_one_afterwards() -> None:
    at = 1_000.0
    async with Repository() as repository:
        repository.serve("/leaf.pem", PEM)
        policy = FetchPolicy(repository.x5u_policy, repository.ca_file)
        fetcher = CertificateFetcher(policy, monotonic=lambda: at)
        await repository.stop()
        for _ in range(3):
            assert (await refused(fetcher, repository.url("/leaf.pem"))).asked
        await repository.start()
        error = await refused(fetcher, repository.url("/leaf.pem"))
        assert not error.asked
        assert repository.connections == 0
        at += 2.1
        answers = await asyncio.gather(
            *(fetcher.fetch(repository.url("/leaf.pem")) for _ in range(5)), return_exceptions=True
        )
        assert sum(not isinstance(answer, Exception) for answer in answers) == 1
        assert repository.connections == 1
        assert (await fetcher.fetch(repository.url("/leaf.pem"))).body == PEM
        await fetcher.close()


async def test_missing_pages_do_not_rest_their_host() -> None:
    async with Repository() as repository, fetching(repository) as fetcher:
        for number in range(10):
            assert (await refused(fetcher, repository.url(f"/none/{number}"))).asked
        repository.serve("/leaf.pem", PEM)
        assert (await fetcher.fetch(repository.url("/leaf.pem"))).body == PEM


async def test_connections_to_one_host_and_those_waiting_are_bounded() -> None:
    async with Repository() as repository, fetching(repository, timeout_ms=400) as fetcher:
        repository.hang("/hang")
        errors = await asyncio.gather(*(refused(fetcher, repository.url("/hang")) for _ in range(200)))
        # Four, and at most four more in the moment between the first ones' deadline and their own.
        assert 4 <= repository.connections <= 8
        assert sum(error.asked for error in errors) == repository.connections
        assert sum("too many" in error.problem for error in errors) == 200 - 4 - 64


async def test_a_revocation_list_comes_without_tls_too_and_nothing_else_does():
    asked = 0

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlist")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        laboratory = X5uPolicy(allowed_ports=(port,), allow_private_addresses=True)
        assert await body_of(port, REVOCATION_LIST, laboratory) == b"list"
        for kind, policy in ((PEM_CHAIN, laboratory), (REVOCATION_LIST, X5uPolicy(allowed_ports=(port,)))):
            with pytest.raises(CertificateUnobtainableError) as caught:
                await body_of(port, kind, policy)
            assert caught.value.reason is X5U_FORBIDDEN
    assert asked == 1


async def body_of(port: int, kind: Kind, policy: X5uPolicy) -> bytes:
    fetcher = CertificateFetcher(FetchPolicy(policy))
    try:
        return (await fetcher.fetch(f"http://127.0.0.1:{port}/a.crl", kind)).body
    finally:
        await fetcher.close()
