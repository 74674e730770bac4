"""Whether a trusted chain may stand behind this PASSporT, at this moment: all that depends on the call.

Which trust domains count follows from where the call comes from (`believed_among`): a bank's own authority
is not to sign calls from abroad, nor another country's those of the national interconnect.

`gateway.certificates.chain.validate` has judged the certificates, once for many calls. Asked here for each
call, and for a provider's certificate no more than a few comparisons: the domain's rule for addresses, the
type, the number (RFC 9060), the claims (RFC 8226 section 8, RFC 9118), and how old the revocation lists
have become. Dates and signature stay with `gateway.verification.judge`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.constraints import check_constraints
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import CERTIFICATE_DOMAIN, X5U_FORBIDDEN, Finding


def believed_among(
    domains: Collection[str], credential: ValidatedChain | Refusal | Finding
) -> ValidatedChain | Refusal | Finding:
    """Give the credential as it is, or the refusal of a chain whose trust domain is none of these.

    No domains: any is believed.
    """
    if not domains or not isinstance(credential, ValidatedChain) or credential.domain in domains:
        return credential
    return Refusal((Finding(CERTIFICATE_DOMAIN, f"it belongs to the trust domain {credential.domain}"),))


def judge_use(
    chain: ValidatedChain,
    *,
    ppt: str | None,
    tn: TelephoneNumber | None,
    claims: Mapping[str, object],
    x5u: str,
    now: int,
) -> Finding | None:
    """Say why the chain may not stand behind this PASSporT, or None when it may.

    `ppt` is None for a base PASSporT; `tn` is the number it is signed for (`orig`, in `div` types `div`),
    canonical, None when that is a URI; `claims` is the whole payload; `now` in epoch seconds.
    """
    if chain.x5u_prefixes and not x5u.startswith(chain.x5u_prefixes):
        return Finding(X5U_FORBIDDEN, f"the trust domain {chain.domain} publishes elsewhere", "info")
    authority = chain.authority
    finding = authority.may_sign(ppt) or authority.covers(tn) or check_constraints(chain.constraints, claims)
    if finding is not None:
        return finding
    revocation = chain.revocation.judge(now)
    return revocation if revocation is not None and revocation.reason.verstat is not None else None


def warnings_at(chain: ValidatedChain, now: int) -> tuple[Finding, ...]:
    """Give what is to be said of a chain that passed: what validation noted, and what time has added."""
    revocation = chain.revocation.judge(now)
    if revocation is None or revocation.reason.verstat is not None:
        return chain.warnings
    return (*chain.warnings, revocation)
