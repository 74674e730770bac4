"""Which addresses of certificates are fetched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.x5u import X5uPolicy, _judge, check_x5u
from gateway.reasons import INFO_INVALID, X5U_FORBIDDEN

STRICT = X5uPolicy()
LABORATORY = X5uPolicy(allow_private_addresses=True)


@pytest.fixture(autouse=True)
def _judged_anew() -> None:
    """What is remembered from another test would answer here without the code being asked."""
    _judge.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        "https://cert.example.org/shaken.pem",
        "https://cert.example.org",
        "HTTPS://Cert.Example.ORG/a",
        "https://cert.example.org:443/a",
        "https://cert.example.org:8443/a/b/c.crt",
        "https://xn--bcher-kva.example/a",
        "https://cert.example.org/a%20b",
        "https://cert.example.org/a..b/.well-known/...",
        "https://9.9.9.9/a",
        "https://9.9.9.9:8443/a",
        "https://[2606:4700:4700::1111]/a",
        "https://[2606:4700:4700::1111]:8443/a",
        "https://1password.example/a",
        "https://cert.0xample.com/a",
    ],
)
def test_an_address_like_the_real_ones_is_fetched(url):
    assert check_x5u(url, STRICT) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cert.pem",
        "/cert.pem",
        "//cert.example.org/a",
        " https://cert.example.org/a",
        "https://cert.example.org/a\n",
        "https://cert.example.org/a\r\nHost: x",
        "https://cert.example.org\\@127.0.0.1/a",
        "https://①⑥⑨.254.169.254/a",
        "https://169。254。169。254/a",
        "https://bücher.example/a",
        "https://cert.example.org/a%2",
        "https://cert.example.org/<a>",
        "https://cert.example.org/\x00",
    ],
)
def test_what_is_no_uri_is_called_invalid(url):
    finding = check_x5u(url, STRICT)
    assert finding is not None
    assert finding.reason is INFO_INVALID


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://cert.example.org/a", "https"),
        ("file:///etc/passwd", "https"),
        ("data:text/plain,a", "https"),
        ("ftp://cert.example.org/a", "https"),
        ("https:/cert.example.org/a", "https"),
        ("https:cert.example.org", "https"),
        ("https:///a", "DNS name"),
        ("https://cert.example.org:80/a", "port"),
        ("https://cert.example.org:0443/a", "port"),
        ("https://cert.example.org:/a", "port"),
        ("https://cert.example.org:65979/a", "port"),
        ("https://cert.example.org:443:443/a", "neither"),
        ("https://user@cert.example.org/a", "user name"),
        ("https://user:secret@cert.example.org/a", "user name"),
        ("https://cert.example.org/a?b", "query"),
        ("https://cert.example.org?b", "query"),
        ("https://cert.example.org/a#b", "fragment"),
        ("https://cert.example.org#b", "fragment"),
        ("https://cert.example.org/a;b=c", "path parameter"),
        ("https://cert.example.org;b", "path parameter"),
        ("https://cert.example.org/%0d%0aHost:x", "control character"),
        ("https://cert.example.org/%7f", "control character"),
        ("https://cert.example.org/..", "step"),
        ("https://cert.example.org/a/../b", "step"),
        ("https://cert.example.org/a/./b", "step"),
        ("https://cert.example.org/a/%2e%2E/b", "step"),
        ("https://cert.example.org/a%2f..%2Fb", "step"),
        ("https://cert.example.org/a/.%2e%5cb", "step"),
        ("https://cert.example.org./a", "DNS name"),
        ("https://-cert.example.org/a", "DNS name"),
        ("https://cert_1.example.org/a", "DNS name"),
        ("https://cert..example.org/a", "DNS name"),
        ("https://" + "a" * 64 + ".example.org/a", "DNS name"),
        ("https://" + ".".join(["a" * 60] * 5) + "/a", "DNS name"),
        ("https://%63ert.example.org/a", "DNS name"),
        ("https://localhost/a", "local network"),
        ("https://certificates/a", "local network"),
        ("https://2130706433/a", "dotted decimal"),
        ("https://0x7f000001/a", "dotted decimal"),
        ("https://0x/a", "dotted decimal"),
        ("https://127.1/a", "dotted decimal"),
        ("https://0177.0.0.1/a", "dotted decimal"),
        ("https://127.0.0.0x1/a", "dotted decimal"),
        ("https://127.0.0.01/a", "dotted decimal"),
        ("https://9.9.9.256/a", "dotted decimal"),
        ("https://127.0.0.1/a", "loopback"),
        ("https://10.1.2.3:8443/a", "private"),
        ("https://169.254.169.254/a", "link-local"),
        ("https://100.64.0.1/a", "carrier-grade NAT"),
        ("https://[::1]/a", "loopback"),
        ("https://[::ffff:127.0.0.1]/a", "loopback (IPv4-mapped)"),
        ("https://[::ffff:7f00:1]/a", "loopback (IPv4-mapped)"),
        ("https://[64:ff9b::a00:1]/a", "private (NAT64)"),
        ("https://[fd00::1]/a", "unique local"),
        ("https://[::1/a", "neither"),
        ("https://[]/a", "IPv6"),
        ("https://[1:2]/a", "IPv6"),
        ("https://[fe80::1%25eth0]/a", "neither"),
        ("https://::1/a", "neither"),
        ("https://cert.example.org/" + "a" * 1024, "longer"),
    ],
)
def test_a_uri_that_breaks_a_rule_is_forbidden_and_the_rule_is_named(url, why):
    finding = check_x5u(url, STRICT)
    assert finding is not None
    assert finding.reason is X5U_FORBIDDEN
    assert why in finding.detail


@pytest.mark.parametrize(
    "url", ["https://localhost:8443/a", "https://127.0.0.1:8443/a", "https://[::1]/a", "https://10.0.0.1/a"]
)
def test_a_laboratory_may_fetch_from_itself(url):
    assert check_x5u(url, LABORATORY) is None


@pytest.mark.parametrize("url", ["https://127.1/a", "https://0x7f000001/a", "http://localhost/a"])
def test_a_laboratory_still_has_strict_spelling(url):
    assert check_x5u(url, LABORATORY) is not None


def test_the_allowed_ports_are_the_operators():
    policy = X5uPolicy(allowed_ports=(9443,))
    assert check_x5u("https://cert.example.org:9443/a", policy) is None
    assert check_x5u("https://cert.example.org:443/a", policy) is not None
    assert check_x5u("https://cert.example.org/a", policy) is not None


@given(st.text() | st.text("https:/[].@:0123456789abcdef%?#;\\").map(lambda rest: "https://" + rest))
def test_any_text_is_allowed_or_gets_one_of_two_reasons(url):
    finding = check_x5u(url, STRICT)
    assert finding is None or finding.reason in {INFO_INVALID, X5U_FORBIDDEN}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://crl.example.org/a.crl", None),
        ("HTTP://crl.example.org:80/a.crl", None),
        ("http://crl.example.org:8443/a.crl", None),
        ("https://crl.example.org/a.crl", None),
        ("https://crl.example.org:80/a.crl", "the port is not one of 443, 8443"),
        ("http://crl.example.org:8080/a.crl", "the port is not one of 80, 443, 8443"),
        ("http:crl.example.org/a.crl", "not an https:// address"),
        ("ftp://crl.example.org/a.crl", "not an https:// address"),
        ("ldap://crl.example.org/a.crl", "not an https:// address"),
        ("http://crl.example.org/a.crl?b", "carries a query"),
        ("http://127.0.0.1/a.crl", "the address is loopback"),
        ("http://169.254.169.254/latest", "the address is link-local"),
    ],
)
def test_what_is_signed_by_itself_may_be_fetched_without_tls_by_the_same_rules(url, why):
    finding = check_x5u(url, STRICT, plain_http=True)
    assert (None if finding is None else finding.detail) == why


def test_without_tls_the_usual_port_of_https_says_nothing():
    other = X5uPolicy(allowed_ports=(8443,))
    assert check_x5u("http://crl.example.org/a.crl", other, plain_http=True) is None
    assert check_x5u("https://crl.example.org/a.crl", other, plain_http=True) is not None
    assert check_x5u("http://crl.example.org/a.crl", other) is not None


def test_addresses_and_names_may_be_as_long_as_that_and_no_longer():
    host = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert len(host) == 253
    assert check_x5u(f"https://{host}/a", STRICT) is None
    assert check_x5u(f"https://{host}b/a", STRICT) is not None
    url = "https://cert.example.org/"
    assert check_x5u(url + "a" * (1024 - len(url)), STRICT) is None
    found = check_x5u(url + "a" * (1025 - len(url)), STRICT)
    assert found is not None
    assert (found.detail, found.parameter) == ("longer than 1024 characters", "info")
