"""Every disguise of an address that must not be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.address import forbidden_address


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private"),
        ("100.64.0.0", "carrier-grade NAT"),
        ("100.127.255.255", "carrier-grade NAT"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.1", "reserved for protocols"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "6to4 relay"),
        ("192.168.255.255", "private"),
        ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("::ffff:0:7f00:1", "reserved"),
        ("::ffff:127.0.0.1", "loopback (IPv4-mapped)"),
        ("64:ff9b::7f00:1", "loopback (NAT64)"),
        ("64:ff9b::a9fe:a9fe", "link-local (NAT64)"),
        ("64:ff9b:1::808:808", "local-use NAT64"),
        ("64:ff9b:1:ffff::", "local-use NAT64"),
        ("2002:7f00:1::", "loopback (6to4)"),
        ("2002:a00:1::1", "private (6to4)"),
        # Teredo: server in the second 32 bits, the client's address inverted in the last.
        ("2001:0:7f00:1::", "loopback (Teredo)"),
        ("2001:0:808:808::80ff:fffe", "loopback (Teredo)"),
        ("2a00::5efe:a00:1", "private (ISATAP)"),
        ("2a00::200:5efe:7f00:1", "loopback (ISATAP)"),
        ("100::1", "discard-only"),
        ("2001:db8::1", "documentation"),
        ("3fff:fff::1", "documentation"),
        ("2001:2::1", "reserved for protocols"),
        ("2001:20::1", "reserved for protocols"),
        ("fc00::1", "unique local"),
        ("fdff::1", "unique local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
        ("", "not an IP address"),
        ("localhost", "not an IP address"),
        ("127.1", "not an IP address"),
        ("2130706433", "not an IP address"),
    ],
)
def test_a_forbidden_address_says_what_it_is(address, why):
    assert forbidden_address(address) == why


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
        "2a00::5efe:808:808",
        "2001:200::1",
    ],
)
def test_a_public_address_is_allowed(address):
    assert forbidden_address(address) is None


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_forbidden_in_every_wrapping(address: IPv4Address):
    wrapped = (
        str(address),
        f"::ffff:{address}",
        str(IPv6Address(0x64FF9B << 96 | int(address))),
        str(IPv6Address(0x2002 << 112 | int(address) << 80 | 1)),
    )
    verdicts = [forbidden_address(text) is None for text in wrapped]
    assert len(set(verdicts)) == 1
    if address.is_private or address.is_multicast or address.is_reserved:
        assert not verdicts[0]


@given(st.ip_addresses(v=6))
def test_what_python_calls_private_is_forbidden_in_ipv6(address: IPv6Address):
    if not address.is_global:
        assert forbidden_address(str(address)) is not None or address.sixtofour or address.teredo


@given(st.text())
def test_any_text_gets_an_answer(text):
    assert forbidden_address(text) is None or forbidden_address(text)
