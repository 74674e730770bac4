"""TNAuthLists that stand elsewhere (RFC 8226 section 10)."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from gateway.certificates.chain import Refusal
from gateway.certificates.leaf import tn_auth_list_of
from gateway.certificates.tn_reference import ListElsewhere, find_tn_auth_list
from gateway.certificates.tnauthlist import TnAuthListError, parse_tn_auth_list, render_tn_auth_list
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import DELEGATION_INVALID, TN_UNAUTHORISED, TNAUTHLIST_INVALID, TNAUTHLIST_PENDING
from tests import pki
from tests.certificates.extensions import (
    LIST_URL,
    PROVIDER,
    ROOT,
    authority,
    believed,
    delegate,
    listed,
    outcome,
    reason_of,
    tn_list_at,
)

OTHER_URL = "https://numbers.example.com/list"
NUMBERS = listed("12155550100+10")


def elsewhere(issuer: pki.Issued = PROVIDER, *urls: str, **how) -> pki.Issued:
    extra = [tn_list_at(*(urls or (LIST_URL,)))]
    return pki.make_leaf(issuer, without=[x509.UnrecognizedExtension], extra=extra, **how)


def test_a_chain_waits_for_its_list_and_says_where_it_is():
    result = outcome(elsewhere(PROVIDER, LIST_URL, OTHER_URL), PROVIDER)
    assert reason_of(result) is TNAUTHLIST_PENDING
    assert isinstance(result, Refusal)
    assert result.retry
    assert result.tn_list_urls == (LIST_URL, OTHER_URL)
    assert LIST_URL in result.findings[0].detail


@pytest.mark.parametrize("url", [LIST_URL, OTHER_URL])
def test_with_the_list_from_either_address_the_chain_is_judged(url):
    body = render_tn_auth_list(NUMBERS)
    leaf = elsewhere(PROVIDER, LIST_URL, OTHER_URL)
    chain = believed(leaf, PROVIDER, tn_lists={url: parse_tn_auth_list(body)})
    assert chain.tn_auth_list == NUMBERS
    assert chain.authority.covers(TelephoneNumber("12155550105")) is None
    refusal = chain.authority.covers(TelephoneNumber("12155550110"))
    assert refusal is not None
    assert refusal.reason is TN_UNAUTHORISED


def test_the_list_of_another_address_is_not_taken():
    assert reason_of(outcome(elsewhere(), PROVIDER, tn_lists={OTHER_URL: NUMBERS})) is TNAUTHLIST_PENDING


def test_a_fetched_list_is_held_against_those_above():
    holder = authority(PROVIDER, "12155550100+5", common_name="Delegated CA")
    result = outcome(elsewhere(holder), holder, PROVIDER, tn_lists={LIST_URL: NUMBERS})
    assert reason_of(result) is DELEGATION_INVALID
    plain = pki.make_intermediate(ROOT)
    assert reason_of(outcome(elsewhere(plain), plain, tn_lists={LIST_URL: NUMBERS})) is DELEGATION_INVALID


def test_a_provider_code_is_not_taken_from_elsewhere():
    for fetched in (listed("818H"), listed("818H", "12155550100")):
        result = outcome(elsewhere(), PROVIDER, tn_lists={LIST_URL: fetched})
        assert reason_of(result) is TNAUTHLIST_INVALID
        assert "not in the certificate" in result.findings[0].detail


def test_an_authoritys_list_may_stand_elsewhere_too():
    holder = pki.make_intermediate(PROVIDER, "Delegated CA", extra=[tn_list_at(LIST_URL)])
    chain = (delegate(holder, "12155550105"), holder, PROVIDER)
    result = outcome(*chain)
    assert reason_of(result) is TNAUTHLIST_PENDING
    assert result.tn_list_urls == (LIST_URL,)
    assert believed(*chain, tn_lists={LIST_URL: NUMBERS})
    assert reason_of(outcome(*chain, tn_lists={LIST_URL: listed("911")})) is DELEGATION_INVALID
    assert reason_of(outcome(*chain, tn_lists={LIST_URL: listed("818H")})) is TNAUTHLIST_INVALID


def test_strangers_cannot_have_an_address_fetched():
    stranger = pki.make_root()
    result = outcome(elsewhere(stranger), stranger)
    assert isinstance(result, Refusal)
    assert result.tn_list_urls == ()


def test_a_list_in_the_certificate_counts_alone():
    leaf = delegate(PROVIDER, "911", extra=[tn_list_at(LIST_URL)])
    assert believed(leaf, PROVIDER, tn_lists={LIST_URL: NUMBERS}).tn_auth_list == listed("911")


@pytest.mark.parametrize(
    "access",
    [
        tn_list_at("http://numbers.example.org/list"),
        tn_list_at("ftp://numbers.example.org/list"),
        tn_list_at(LIST_URL, method=AuthorityInformationAccessOID.OCSP),
    ],
    ids=["http", "ftp", "another method"],
)
def test_an_address_of_another_kind_is_no_list(access):
    leaf = pki.make_leaf(PROVIDER, without=[x509.UnrecognizedExtension], extra=[access])
    assert reason_of(outcome(leaf, PROVIDER, tn_lists={LIST_URL: NUMBERS})) is TNAUTHLIST_INVALID


def test_the_addresses_are_given_once():
    found = find_tn_auth_list(elsewhere(PROVIDER, LIST_URL, LIST_URL).certificate.extensions, {})
    assert found == ListElsewhere((LIST_URL,))


def test_the_extension_of_a_plain_leaf_is_passed_over():
    plain = pki.make_leaf(PROVIDER, extra=[tn_list_at("http://numbers.example.org/list")])
    assert believed(plain, PROVIDER).spc == ("818H",)


def test_for_people_the_list_in_the_certificate_is_read_alone():
    assert tn_auth_list_of(PROVIDER.certificate) == listed("818H")
    assert tn_auth_list_of(elsewhere().certificate) is None
    assert tn_auth_list_of(ROOT.certificate) is None
    assert isinstance(
        tn_auth_list_of(pki.make_leaf(ROOT, tn_auth_list=b"\x30\x00").certificate), TnAuthListError
    )
