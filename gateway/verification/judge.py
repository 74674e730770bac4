"""What the certificate chain and the signature add: RFC 8224 section 6.2 steps 3 to 5.

The chain was validated once for its certificate and trust generation (`gateway/certificates/`); here
only what depends on the call is looked at again: the dates, whether the chain may stand behind these claims
(`gateway.certificates.use`), and the signature over the received bytes.
"""

from __future__ import annotations

from typing import Final

from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.use import judge_use, warnings_at
from gateway.passport.signature import verify
from gateway.reasons import CERTIFICATE_EXPIRED, SIGNATURE_INVALID, Finding
from gateway.verification.outcome import Examined, Outcome

_NOT_SIGNED: Final = Outcome.refused(Finding(SIGNATURE_INVALID))


def judge(examined: Examined, credential: ValidatedChain | Refusal | Finding, *, now: int) -> Outcome:
    """Decide one examined PASSporT, given what became of its credential; `now` in epoch seconds.

    A `Finding` in place of a chain says why there is none (E8); a `Refusal` why it is not trusted (E17).
    Whether the call's diversions lead from this PASSporT to who is being called, `conclude` says.
    """
    # Step 3: the credential.
    if isinstance(credential, Finding):
        return Outcome.refused(credential)
    if isinstance(credential, Refusal):
        return Outcome.refused(credential.findings[0])
    # Step 4, second half: valid now and when the token was made.
    if not (credential.covers_time(now) and credential.covers_time(examined.claims.iat)):
        return Outcome.refused(Finding(CERTIFICATE_EXPIRED, "outside the validity of its chain"))
    # Step 3 again, for this call: may it speak for the number, and say this of it.
    refusal = judge_use(
        credential,
        ppt=examined.ppt or None,
        tn=examined.tn,
        claims=examined.passport.payload,
        x5u=examined.x5u,
        now=now,
    )
    if refusal is not None:
        return Outcome.refused(refusal)
    # Step 5: the signature.
    verified = verify(examined.passport, credential.public_key)
    if verified is None:
        return _NOT_SIGNED
    return Outcome.passed(verified, credential, warnings_at(credential, now))
