"""What changed, in words: by file and key, lists by counts, and never a number."""

from __future__ import annotations

from dataclasses import replace

from gateway.generation.differences import MOST_LISTED, differences
from gateway.generation.texts import SIGNING_CERTIFICATE, DomainRules
from tests.generation.conftest import texts_of


def words(committed, files=None, **changes) -> list[str]:
    before = texts_of(committed, CALLMARK_VERDICT__DNO="label")
    after = replace(before, files={**committed, **(files or {})}, **changes)
    return [str(each) for each in differences(before, after)]


def test_the_same_texts_have_no_difference(committed):
    assert words(committed) == []


def test_keys_are_told_with_their_old_and_new_value(committed):
    policy = committed["policy.toml"].replace(b'dno = "block"', b'dno = "label"')
    assert words(committed, {"policy.toml": policy}) == ['policy.toml: verdict.dno: "block" -> "label"']
    policy = policy.replace(b"reputation_label_at = 0.5\n", b"")
    assert "policy.toml: verdict.reputation_label_at: 0.5 -> (none)" in words(
        committed, {"policy.toml": policy}
    )


def test_trunks_are_told_by_their_names(committed):
    trunks = committed["trunks.toml"].replace(b'name = "customer-1"', b'name = "customer-2"')
    told = words(committed, {"trunks.toml": trunks})
    assert 'trunks.toml: trunk[customer-1].kind: "customer" -> (none)' in told
    assert 'trunks.toml: trunk[customer-2].kind: (none) -> "customer"' in told


def test_lists_are_told_by_their_counts(committed):
    rows = committed["dno.csv"] + b"+442079460001,X,feed,,\n+442079460002,X,feed,,\n"
    (told,) = words(committed, {"dno.csv": rows})
    assert told.startswith("dno.csv: 2 entries more (")
    (told,) = words({**committed, "dno.csv": rows}, {"dno.csv": committed["dno.csv"]})
    assert told.startswith("dno.csv: 2 entries fewer (")


def test_no_number_is_told(committed):
    policy = committed["policy.toml"].replace(b'redress_tel = ""', b'redress_tel = "+442079460123"')
    policy = policy.replace(b"psap_numbers = []", b'psap_numbers = ["+442079460900-0909", "+44207946 0950"]')
    told = words(committed, {"policy.toml": policy})
    assert 'policy.toml: treatment.redress_tel: "" -> (not shown)' in told
    assert "policy.toml: emergency.psap_numbers: 2 entries more" in told
    assert "20794" not in "".join(told)


def test_comments_alone_are_a_difference_too(committed):
    assert words(committed, {"policy.toml": committed["policy.toml"] + b"# later\n"}) == [
        "policy.toml: was changed in comments or spacing alone"
    ]


def test_certificates_settings_and_variables(committed):
    told = words(
        committed,
        {"anchors/other.pem": b"x", SIGNING_CERTIFICATE: b"y"},
        x5u="https://example.org/certs/2.pem",
        variables={"CALLMARK_VERDICT__DNO": "none"},
        domains=(DomainRules(policy_oids=("1.2.3",)), DomainRules(name="france", policy_oids=("1.2.4",))),
    )
    assert "anchors/other.pem: is new" in told
    assert "signing/certificate.pem: is new" in told
    assert 'gateway.toml: signing.x5u: (none) -> "https://example.org/certs/2.pem"' in told
    assert 'environment: CALLMARK_VERDICT__DNO: "label" -> "none"' in told
    assert "gateway.toml: trust_domain[france]: is new" in told
    assert any(each.startswith("gateway.toml: trust.policy_oids: ") for each in told)


def test_beyond_a_number_the_rest_is_counted(committed):
    brands = "".join(
        f'[[brand]]\nname = "b{row}"\nnumbers = ["+4420794601{row:02}"]\n' for row in range(MOST_LISTED)
    )
    told = words(committed, {"brands.toml": brands.encode()})
    assert len(told) == MOST_LISTED + 1
    assert told[-1].startswith("and ")
