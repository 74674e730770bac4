"""Delegation (RFC 9060): what is passed down a chain, and what is taken without being given."""

from __future__ import annotations

import pytest
from cryptography import x509

from gateway.reasons import (
    CERTIFICATE_PROFILE,
    CERTIFICATE_UNTRUSTED,
    DELEGATION_INVALID,
    TNAUTHLIST_INVALID,
)
from tests import pki
from tests.certificates.extensions import (
    PROVIDER,
    ROOT,
    authority,
    believed,
    delegate,
    listed,
    outcome,
    reason_of,
    trust_in,
)

NUMBERS = "12155550100+100"
WITHIN = "12155550110+10"
HOLDER = authority(PROVIDER, NUMBERS, common_name="Delegated CA")
"""An authority that holds numbers, delegated by a provider."""


def refused(*certificates: pki.Issued, **how):
    return reason_of(outcome(*certificates, **how))


# --- who is believed -----------------------------------------------------------------------------


def test_a_provider_delegates_any_numbers():
    for entries in ((NUMBERS,), ("12155550100",), ("911", "*67", "442079460000+1000")):
        chain = believed(delegate(PROVIDER, *entries), PROVIDER)
        assert chain.authority.numbers is not None
        assert chain.spc == ()


def test_a_holder_of_numbers_delegates_some_or_all_of_them():
    for entry in (NUMBERS, WITHIN, "12155550100", "12155550199"):
        assert believed(delegate(HOLDER, entry), HOLDER, PROVIDER).authority.numbers is not None


def test_an_authoritys_ranges_count_together():
    both = authority(PROVIDER, "12155550100+10", "12155550110+10", common_name="Delegated CA")
    assert believed(delegate(both, "12155550105+10"), both, PROVIDER)


def test_a_provider_under_its_own_authority_stays_a_provider():
    chain = believed(pki.make_leaf(PROVIDER), PROVIDER)
    assert chain.authority.numbers is None


def test_one_provider_of_several_may_be_passed_on():
    several = authority(ROOT, "818H", "587L")
    own = authority(several, "587L", common_name="Own CA")
    assert believed(pki.make_leaf(own, spc="587L"), own, several).spc == ("587L",)
    assert refused(pki.make_leaf(own), own, several) is DELEGATION_INVALID


def test_an_anchor_with_numbers_of_its_own_delegates_those():
    anchor = pki.make_root(extra=[pki_list(NUMBERS)])
    trust = trust_in(anchor)
    assert believed(delegate(anchor, WITHIN), trust=trust).authority.numbers is not None
    assert refused(delegate(anchor, "12155550200"), trust=trust) is DELEGATION_INVALID
    assert refused(pki.make_leaf(anchor), trust=trust) is DELEGATION_INVALID


def pki_list(*entries: str) -> pki.Extension:
    return pki.tn_extension(listed(*entries)), False


# --- who takes more than was given (C5, C6) ------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        "12155550099",  # below
        "12155550200",  # above
        "12155550099+2",  # across the start
        "12155550199+2",  # across the end
        "12155550050+500",  # around
        "1215555010",  # a prefix
        "121555501000",  # longer
        "012155550100",  # a leading zero
        "2155550100",  # without its country code
        "*67",
    ],
)
def test_a_delegate_cannot_exceed_its_parent(entry):
    assert refused(delegate(HOLDER, entry), HOLDER, PROVIDER) is DELEGATION_INVALID
    assert refused(delegate(HOLDER, WITHIN, entry), HOLDER, PROVIDER) is DELEGATION_INVALID


def test_another_providers_code_is_refused():
    assert refused(pki.make_leaf(PROVIDER, spc="587L"), PROVIDER) is DELEGATION_INVALID
    other = authority(PROVIDER, "587L", common_name="Other CA")
    assert refused(pki.make_leaf(other, spc="587L"), other, PROVIDER) is DELEGATION_INVALID


def test_a_code_cannot_come_from_a_holder_of_numbers():
    assert refused(pki.make_leaf(HOLDER), HOLDER, PROVIDER) is DELEGATION_INVALID
    assert refused(delegate(HOLDER, "818H", WITHIN), HOLDER, PROVIDER) is DELEGATION_INVALID


def test_an_authority_in_between_cannot_exceed_its_parent_either():
    wider = authority(HOLDER, "12155550100+500", common_name="Wider CA")
    assert refused(delegate(wider, WITHIN), wider, HOLDER, PROVIDER) is DELEGATION_INVALID


def test_a_delegating_chain_has_no_gap():
    gap = authority(PROVIDER, common_name="Gap CA")
    assert refused(delegate(gap, WITHIN), gap, PROVIDER) is DELEGATION_INVALID
    assert refused(pki.make_leaf(gap), gap, PROVIDER) is DELEGATION_INVALID


def test_numbers_that_no_provider_delegated_are_refused():
    plain = pki.make_intermediate(ROOT)
    assert refused(delegate(plain, WITHIN), plain) is DELEGATION_INVALID
    assert refused(delegate(ROOT, WITHIN)) is DELEGATION_INVALID
    holder = authority(plain, NUMBERS)
    assert refused(delegate(holder, WITHIN), holder, plain) is DELEGATION_INVALID


def test_a_delegate_without_list_is_refused():
    leaf = pki.make_leaf(PROVIDER, without=[x509.UnrecognizedExtension])
    assert refused(leaf, PROVIDER) is TNAUTHLIST_INVALID


def test_a_leaf_delegates_nothing():
    leaf = delegate(PROVIDER, NUMBERS)
    assert refused(delegate(leaf, WITHIN), leaf, PROVIDER) is CERTIFICATE_UNTRUSTED


def test_a_chain_in_reverse_is_refused():
    assert refused(PROVIDER, delegate(PROVIDER, WITHIN)) is CERTIFICATE_PROFILE


def test_a_chain_without_the_parent_is_refused():
    assert refused(delegate(HOLDER, WITHIN), HOLDER) is CERTIFICATE_UNTRUSTED
    assert refused(delegate(HOLDER, WITHIN), PROVIDER) is CERTIFICATE_UNTRUSTED


def test_a_list_that_cannot_be_read_passes_nothing_on():
    bad = pki.make_intermediate(ROOT, extra=[(pki.tn_extension(b"\x30\x00"), False)])
    result = outcome(delegate(bad, WITHIN), bad)
    assert reason_of(result) is TNAUTHLIST_INVALID
    assert "an authority's" in result.findings[0].detail


# --- key identifiers (RFC 9060 section 5) --------------------------------------------------------

OTHER_KEY = (x509.AuthorityKeyIdentifier(b"another", None, None), False)


def test_a_delegates_key_identifiers_lead_up_the_chain():
    assert refused(delegate(PROVIDER, WITHIN, replace=[OTHER_KEY]), PROVIDER) is DELEGATION_INVALID
    nameless = delegate(PROVIDER, WITHIN, without=[x509.AuthorityKeyIdentifier])
    assert refused(nameless, PROVIDER) is DELEGATION_INVALID


def test_a_providers_certificate_is_found_by_its_signature_as_real_ones_are():
    plain = pki.make_intermediate(ROOT)
    assert believed(pki.make_leaf(plain, replace=[OTHER_KEY]), plain)


def test_an_anchor_need_not_name_its_key():
    key = pki.new_key()
    extensions = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (pki.AUTHORITY_USAGE, True),
        pki_list("818H"),
    ]
    anchor = pki.issue(
        pki.name("ROOT"), extensions, key=key, not_before=pki.NOW - 900, not_after=pki.NOW + 900 * 86400
    )
    trust = trust_in(anchor)
    assert believed(delegate(anchor, WITHIN), trust=trust)
    nameless = delegate(anchor, WITHIN, without=[x509.AuthorityKeyIdentifier])
    assert believed(nameless, trust=trust)
    named = pki.make_root(extra=[pki_list("818H")])
    assert refused(delegate(named, WITHIN, replace=[OTHER_KEY]), trust=trust_in(named)) is DELEGATION_INVALID
