"""Every code the gateway can answer with, once: words, RFC cause, ATIS text, verstat.

This table is the source of the reasons page in `docs/`, of the metrics' `reason` label and of the
texts of the ATIS-1000082 resources. A code never changes its meaning; a new meaning is a new row.

Sources: ATIS-1000082 (error cases E1-E19, service and policy exceptions), RFC 8224 section 6.2.2
(SIP causes). Texts are those of ATIS-1000082, letter by letter, including its casing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, Never

import msgspec


class Verstat(StrEnum):
    """The three results a network may put beside a number (ATIS-1000074; tel-URI `verstat`)."""

    TN_VALIDATION_PASSED = "TN-Validation-Passed"
    TN_VALIDATION_FAILED = "TN-Validation-Failed"
    NO_TN_VALIDATION = "No-TN-Validation"

    def __bool__(self) -> Never:
        """Three values have no truth value: compare with the one that is meant."""
        raise TypeError("a verstat has three values; compare it with the one you mean")


class SipCause(Enum):
    """What RFC 8224 section 6.2.2 answers, with the text ATIS-1000082 gives it in `reasontext`."""

    STALE_DATE = (403, "Stale Date", "Stale Date")
    USE_IDENTITY_HEADER = (428, "Use Identity Header", "Use Identity Header")
    BAD_IDENTITY_INFO = (436, "Bad Identity Info", "Bad identity Info")
    UNSUPPORTED_CREDENTIAL = (437, "Unsupported Credential", "Unsupported credential")
    INVALID_IDENTITY_HEADER = (438, "Invalid Identity Header", "Invalid Identity Header")

    def __init__(self, code: int, phrase: str, api_text: str) -> None:
        self.code = code
        self.phrase = phrase
        self.api_text = api_text


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: a thing that can be said of a call, and everything that follows from saying it."""

    code: str
    words: str
    """One sentence for a person who does not know the standards."""
    remedy: str = ""
    """What the operator (or the peer's operator) can do about it."""
    case: str | None = None
    """The error case of ATIS-1000082 it belongs to, `E3` to `E19`."""
    cause: SipCause | None = None
    description: str = ""
    """`reasondesc` of ATIS-1000082; `%1` is replaced by the finding's `parameter`."""
    verstat: Verstat | None = None
    """None for what does not refuse: warnings and rules of the verdict."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A reason as it was met in one call: the row, and the data of the occurrence."""

    reason: Reason
    detail: str = ""
    """What was expected and found, for people; never a secret, numbers only as the call gave them."""
    parameter: str = ""
    """The claim, header or field concerned; fills `%1` of the description."""

    @property
    def description(self) -> str:
        """`reasondesc` with its parameter filled in."""
        return self.reason.description.replace("%1", self.parameter)


REASONS: Final[dict[str, Reason]] = {}


def _row(
    code: str,
    words: str,
    *,
    remedy: str = "",
    case: str | None = None,
    cause: SipCause | None = None,
    description: str = "",
    verstat: Verstat | None = None,
) -> Reason:
    if code in REASONS:
        raise ValueError(f"reason {code} stands twice")
    reason = Reason(code, words, remedy, case, cause, description, verstat)
    REASONS[code] = reason
    return reason


_NONE = Verstat.NO_TN_VALIDATION
_FAILED = Verstat.TN_VALIDATION_FAILED
_E17 = "Failed to authenticate CA."

# --- the Identity header (ATIS-1000082 E3-E7) --------------------------------------------------
IDENTITY_MISSING = _row(
    "stir.identity.missing",
    "The call carries no Identity header, so nothing vouches for its number.",
    remedy="Ordinary on a domestic trunk; where signing is mandated, ask the peer why it does not sign.",
    cause=SipCause.USE_IDENTITY_HEADER,
    verstat=_NONE,
)
TIME_STALE = _row(
    "stir.time.stale",
    "The request's time is more than the freshness window away from the gateway's clock.",
    remedy="Compare the clocks of switch and gateway; both should follow NTP.",
    case="E3",
    cause=SipCause.STALE_DATE,
    description="Received 'time' value is not fresh.",
    verstat=_NONE,
)
IDENTITY_COMPACT = _row(
    "stir.identity.compact",
    "The PASSporT is in compact form; SHAKEN requires the full form.",
    remedy="The signing side must send header and payload, not '..' (RFC 8588 section 3).",
    case="E4",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Identity header in compact form instead of required by SHAKEN spec full form.",
    verstat=_NONE,
)
PPT_PARAMETER_UNSUPPORTED = _row(
    "stir.ppt.unsupported",
    "The Identity header's ppt parameter is missing or names a type this resource does not verify.",
    remedy="Send headers of other types to /v1/verdicts.",
    case="E5",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Identity header is received with 'ppt' parameter value that is not 'shaken'.",
    verstat=_NONE,
)
INFO_MISSING = _row(
    "stir.info.missing",
    "The Identity header has no info parameter, so its certificate cannot be found.",
    case="E6",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Missing 'info' parameter in the 'identity'.",
    verstat=_NONE,
)
INFO_INVALID = _row(
    "stir.info.invalid",
    "The info parameter is not a URI in angle brackets.",
    case="E7",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Invalid 'info' URI.",
    verstat=_NONE,
)
IDENTITY_MALFORMED = _row(
    "stir.identity.malformed",
    "The Identity header or the PASSporT in it cannot be read.",
    remedy="`callmark verify` shows where reading stopped.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Identity header or PASSporT cannot be parsed.",
    verstat=_NONE,
)
ALG_PARAMETER_UNSUPPORTED = _row(
    "stir.alg.unsupported",
    "The Identity header's alg parameter names an algorithm other than ES256.",
    case="E12",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description="'alg' from PASSporT header is not 'ES256'.",
    verstat=_NONE,
)

ALG_PARAMETER_MISSING = _row(
    "stir.alg.missing",
    "The Identity header has no alg parameter, which this trunk's rules demand.",
    remedy="The signing side must write alg=ES256; the standard lets it be left out, France's MAN does not.",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description="Missing 'alg' parameter in the 'identity'.",
    verstat=_NONE,
)
PARAMETERS_TOO_MANY = _row(
    "stir.identity.parameters",
    "The Identity header has more parameters than this trunk's rules allow.",
    remedy="The signing side must send info, alg and ppt, and little besides.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Too many parameters in the 'identity'.",
    verstat=_NONE,
)
TN_UNSIGNED = _row(
    "stir.identity.other",
    "The call's Identity headers speak of other things (priority, diversion); none vouches for its number.",
    remedy="Ordinary where calls are not signed; else ask the peer for a shaken PASSporT beside the others.",
    cause=SipCause.USE_IDENTITY_HEADER,
    description="No Identity header vouches for the calling number.",
    verstat=_NONE,
)

# --- the PASSporT header (E9-E13) --------------------------------------------------------------
HEADER_CLAIM_MISSING = _row(
    "stir.header.missing",
    "A parameter that every PASSporT header must have is missing.",
    case="E9",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Missing '%1' claim in the PASSporT header.",
    verstat=_NONE,
)
X5U_MISMATCH = _row(
    "stir.x5u.mismatch",
    "The x5u inside the PASSporT and the info outside it name different certificates.",
    remedy="They are compared letter by letter (RFC 8224 section 4.1).",
    case="E10",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="'x5u' from PASSporT header doesn't match the 'info' parameter of identity header value.",
    verstat=_NONE,
)
TYP_UNSUPPORTED = _row(
    "stir.typ.unsupported",
    "The PASSporT header's typ is not 'passport'.",
    case="E11",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description="'typ' from PASSporT header is not 'passport'.",
    verstat=_NONE,
)
ALG_UNSUPPORTED = _row(
    "stir.header.alg",
    "The PASSporT header's alg is not ES256, the only algorithm SHAKEN knows.",
    case="E12",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description="'alg' from PASSporT header is not 'ES256'.",
    verstat=_NONE,
)
PPT_UNSUPPORTED = _row(
    "stir.header.ppt",
    "The PASSporT header's ppt is not the one that its Identity header names.",
    case="E13",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'ppt' from PASSporT header is not 'shaken'.",
    verstat=_NONE,
)
HEADER_FORBIDDEN = _row(
    "stir.header.forbidden",
    "The PASSporT header carries a parameter that changes how the signature is read (crit, b64, jwk, …).",
    remedy="The key comes from x5u alone; RFC 8225 and RFC 8588 use none of these parameters.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'%1' parameter is not allowed in the PASSporT header.",
    verstat=_NONE,
)

# --- the PASSporT payload (E14-E16, E19) -------------------------------------------------------
CLAIM_MISSING = _row(
    "stir.claim.missing",
    "A claim that every SHAKEN PASSporT must have is missing.",
    case="E14",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Missing '%1' mandatory claim in PASSporT payload",
    verstat=_NONE,
)
CLAIM_INVALID = _row(
    "stir.claim.invalid",
    "A claim has the wrong type or form (RFC 8225 section 5, RFC 8588 section 5).",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'%1' claim in PASSporT payload is not valid.",
    verstat=_NONE,
)
IAT_STALE = _row(
    "stir.iat.stale",
    "The PASSporT was made at another time than this call: too long ago, or in the future.",
    remedy="Either the token is replayed or the signer's clock is wrong.",
    case="E15",
    cause=SipCause.STALE_DATE,
    description="'iat' from PASSporT payload is not fresh.",
    verstat=_NONE,
)
TN_MISMATCH = _row(
    "stir.tn.mismatch",
    "The numbers that were signed are not the numbers of this call.",
    remedy="Cut and paste, or a number changed on the way: compare what the switch sends with the claims.",
    case="E16",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description=(
        "'%1' claim from PASSporT payload doesn't match the received in the verification request claim."
    ),
    verstat=_NONE,
)
ATTEST_INVALID = _row(
    "stir.attest.invalid",
    "The attestation is not exactly A, B or C.",
    case="E19",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'attest' claim in PASSporT is not valid.",
    verstat=_NONE,
)

# --- diverted calls (RFC 8946) -----------------------------------------------------------------
DIV_ALONE = _row(
    "stir.div.alone",
    "The call says it was diverted, but nothing in it says who called in the first place.",
    remedy="A network on the way dropped the first Identity header; it must be kept (RFC 8946 section 4.1).",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="No PASSporT of the call before its diversion.",
    verstat=_NONE,
)
DIV_BROKEN = _row(
    "stir.div.broken",
    "The diversions of the call do not join: one begins where none before it ended.",
    remedy="Compare each div with the dest before it; one Identity header is missing, or is another call's.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'div' claim doesn't match the 'dest' claim of another PASSporT of the call.",
    verstat=_NONE,
)
DIV_LOOP = _row(
    "stir.div.loop",
    "The call was diverted back to a number it had already been diverted from.",
    remedy="Two customers forward to each other, or the headers were put together by a forger.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="The 'div' claims of the call go round in a circle.",
    verstat=_NONE,
)
DIV_LENGTH = _row(
    "stir.div.length",
    "The call was diverted more than five times.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Too many 'div' PASSporTs.",
    verstat=_NONE,
)
DIV_CALLEE = _row(
    "stir.div.callee",
    "The last diversion of the call leads to another number than the one that is being called.",
    remedy="Send the Request-URI's number as `request_uri`; the To header keeps the number dialled first.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'dest' claim of the outermost 'div' PASSporT doesn't match the called number.",
    verstat=_NONE,
)
DIV_NESTED = _row(
    "stir.div.nested",
    "The PASSporT inside a div-o PASSporT cannot be read, or is of a type that cannot stand there.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'opt' claim in PASSporT payload is not valid.",
    verstat=_NONE,
)

# --- rich call data and priority (RFC 9795, 8443, 9027) ----------------------------------------
RCD_INTEGRITY = _row(
    "stir.rcd.integrity",
    "A digest in the rich call data is not that of the content it is beside.",
    remedy="The signer's rcdi was made from other content, or its rcd was changed before signing.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'rcdi' claim in PASSporT payload is not valid.",
    verstat=_NONE,
)
RCD_THIRD_PARTY = _row(
    "stir.rcd.third-party",
    "The rich call data was signed by a third party, and nobody vouches for the calling number beside it.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'iss' claim in PASSporT payload without another valid PASSporT.",
    verstat=_NONE,
)
RPH_MISMATCH = _row(
    "stir.rph.mismatch",
    "The call asks for a priority that was not signed.",
    remedy="Take the Resource-Priority (or Priority) header off and treat it as an ordinary call.",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="'%1' claim from PASSporT payload doesn't match the priority of the call.",
    verstat=_NONE,
)

# --- the certificate (E8, E17) -----------------------------------------------------------------
X5U_FORBIDDEN = _row(
    "stir.x5u.forbidden",
    "The certificate's address is one the gateway does not fetch from.",
    remedy="https on port 443 or 8443, no user name, query or fragment, no private address (ATIS-1000074).",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
CREDENTIAL_UNOBTAINABLE = _row(
    "stir.credential.unobtainable",
    "The certificate could not be fetched.",
    remedy="Ask the certificate host's operator if it lasts; the gateway tries again by itself.",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
CREDENTIAL_PENDING = _row(
    "stir.credential.pending",
    "The certificate has not arrived within this call's deadline; fetching goes on behind it.",
    remedy="List the host's certificates for pre-warming if this is common.",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
CREDENTIAL_UNREADABLE = _row(
    "stir.credential.unreadable",
    "What the certificate's address serves is not a PEM chain of X.509 v3 certificates.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CERTIFICATE_UNTRUSTED = _row(
    "stir.certificate.untrusted",
    "The certificate does not lead to a trusted authority.",
    remedy="Is the authority on the STI-PA's list, and that list in [trust] anchors_directory?",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CERTIFICATE_DOMAIN = _row(
    "stir.certificate.domain",
    "The certificate's trust domain is not one that the call's trunk believes.",
    remedy="Add the domain to the trunk's trust_domains in trunks.toml, if its calls may be signed there.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CERTIFICATE_EXPIRED = _row(
    "stir.certificate.expired",
    "The certificate, or one above it, was not valid at the time of the call.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CERTIFICATE_REVOKED = _row(
    "stir.certificate.revoked",
    "The certificate, or one above it, has been revoked.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CERTIFICATE_PROFILE = _row(
    "stir.certificate.profile",
    "The certificate breaks a rule of the SHAKEN certificate profile (ATIS-1000080).",
    remedy="The detail names the rule; the certificate's authority has to issue a new one.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
TNAUTHLIST_INVALID = _row(
    "stir.tnauthlist.invalid",
    "The certificate has no usable TNAuthList, so it speaks for no provider (RFC 8226 section 9).",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)

TN_UNAUTHORISED = _row(
    "stir.authority.number",
    "The certificate speaks for certain numbers, and this call's number is not among them.",
    remedy="The signer needs a certificate whose TNAuthList holds the number (RFC 8226 section 9, RFC 9060).",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
DELEGATE_SHAKEN = _row(
    "stir.authority.shaken",
    "A shaken PASSporT was signed with a delegate certificate, which names no provider.",
    remedy="A delegate signs PASSporTs without ppt, or rcd; its provider signs shaken (ATIS-1000092).",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)

DELEGATE_TYPE = _row(
    "stir.authority.type",
    "A delegate certificate signed a type of PASSporT that only a provider may sign.",
    remedy="A delegate signs PASSporTs without ppt, rcd, and div for its own numbers (ATIS-1000092).",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
DELEGATION_INVALID = _row(
    "stir.authority.delegation",
    "The certificate claims more than the certificates above it have passed on to it (RFC 9060).",
    remedy="Each TNAuthList must lie within the one above; numbers begin under a provider's own authority.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
CONSTRAINTS_BROKEN = _row(
    "stir.authority.constraints",
    "The PASSporT says something its certificate does not let it say (RFC 8226 section 8, RFC 9118).",
    remedy="The detail names the claim; the certificate's issuer decides what its holder may claim.",
    case="E17",
    cause=SipCause.UNSUPPORTED_CREDENTIAL,
    description=_E17,
    verstat=_FAILED,
)
TNAUTHLIST_PENDING = _row(
    "stir.tnauthlist.pending",
    "The certificate keeps its list of numbers elsewhere, and the list has not been obtained.",
    remedy="Ask the list's host if it lasts; the gateway tries again by itself (RFC 8226 section 10).",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
REVOCATION_PENDING = _row(
    "stir.revocation.pending",
    "The certificate points to a revocation list that has not arrived within this call's deadline.",
    remedy="If it lasts, look at the list's host; `callmark verify` shows its address.",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
REVOCATION_UNOBTAINABLE = _row(
    "stir.revocation.unobtainable",
    "The certificate points to a revocation list that cannot be had, and policy refuses it without.",
    remedy="Look at the list's host, put the list into crls_directory, or change when_crl_unobtainable.",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)
REVOCATION_OUTDATED = _row(
    "stir.revocation.outdated",
    "The certificate's revocation list is overdue for longer than policy tolerates.",
    remedy="Fetch the list again, or raise the grace for overdue lists until its publisher has recovered.",
    case="E8",
    cause=SipCause.BAD_IDENTITY_INFO,
    description="Failed to dereference 'info' URI.",
    verstat=_NONE,
)

# --- the signature (E18) -----------------------------------------------------------------------
SIGNATURE_INVALID = _row(
    "stir.signature.invalid",
    "The signature does not fit the token: it was altered, or signed with another key.",
    case="E18",
    cause=SipCause.INVALID_IDENTITY_HEADER,
    description="Signature validation failed.",
    verstat=_FAILED,
)

# --- what is said without refusing -------------------------------------------------------------
VERIFIED = _row(
    "stir.passed",
    "The signature, the certificate and the numbers of this call fit together.",
    verstat=Verstat.TN_VALIDATION_PASSED,
)
REVOCATION_UNKNOWN = _row(
    "stir.revocation.unknown",
    "Whether the certificate has been revoked is not known: its revocation list is not at hand.",
    remedy="See why it is not fetched (`readyz`, the log), or put it into [trust] crls_directory.",
)
REVOCATION_OVERDUE = _row(
    "stir.revocation.overdue",
    "The certificate's revocation list should have been replaced by now; the old one is still used.",
    remedy="Fetch the list again: past the grace that policy declares, its certificates are refused.",
)
PROFILE_WARNING = _row(
    "stir.certificate.warning",
    "The certificate departs from the SHAKEN profile in a way that does not weaken the call's identity.",
)
X5U_WARNING = _row(
    "stir.x5u.warning",
    "The certificate's address or its answer departs from ATIS-1000074 in a way that is tolerated.",
)

# --- attestation (STI-AS) ----------------------------------------------------------------------
ATTEST_GRANTED = _row("attest.granted", "The caller has the right to use the number it calls from.")
ATTEST_ASKED = _row("attest.asked", "Partial or gateway attestation was asked for, and given as asked.")
ATTEST_GATEWAY = _row(
    "attest.gateway",
    "The call came in by an international gateway, which vouches only for where the call entered.",
)
ATTEST_LOWERED = _row(
    "attest.lowered",
    "Full attestation was asked for a number the caller has no right to use; a lower one was given.",
    remedy="Assign the number to the trunk in inventory.csv, or register it.",
)
ATTEST_REFUSED = _row(
    "attest.refused",
    "Full attestation was asked for a number the caller has no right to use, and policy refuses.",
    remedy="Assign the number to the trunk in inventory.csv, or register it.",
)

# --- PASSporTs besides shaken (STI-AS) ---------------------------------------------------------
SIGN_GRANTED = _row(
    "sign.granted", "The trunk has the right to have this said of the call, and it was signed."
)
SIGN_DIV_NUMBER = _row(
    "sign.div.number",
    "A diversion was to be signed from a number that is not the trunk's, so nobody here answers for it.",
    remedy="Ask by the trunk of the number diverted from; inventory.csv says which that is.",
)
SIGN_DIV_ORIGIN = _row(
    "sign.div.origin",
    "A diversion was to be signed, but no Identity header of the call leads to the number diverted from.",
    remedy="Send all Identity headers the call has; one that came unsigned goes on unsigned (RFC 8946 4.1).",
)
SIGN_RCD_NUMBER = _row(
    "sign.rcd.number",
    "Rich call data was asked for a number the caller has no right to use.",
    remedy="Assign the number to the trunk in inventory.csv, or register it.",
)
SIGN_RCD_UNGRANTED = _row(
    "sign.rcd.ungranted",
    "Rich call data was asked for a number to which none has been granted.",
    remedy="Give the number's brand in brands.toml an [brand.rcd], and list the trunk there if it lists any.",
)
SIGN_RCD_OTHER = _row(
    "sign.rcd.other",
    "The rich call data asked for is not what has been granted to the number.",
    remedy="Leave out `rcd` to have signed what is granted, or change [brand.rcd] in brands.toml.",
)
SIGN_RPH_TRUNK = _row(
    "sign.rph.trunk",
    "A priority was to be signed that the trunk has not been allowed.",
    remedy="Add the namespace to the trunk's priority_namespaces in trunks.toml, if its calls are entitled.",
)


# --- the rules of the verdict, in their order --------------------------------------------------
EMERGENCY_DIALLED = _row(
    "emergency.dialled", "The call is to an emergency number: nothing may stand in its way."
)
EMERGENCY_PSAP = _row("emergency.psap", "The call comes from an emergency control room.")
EMERGENCY_PRIORITY = _row(
    "emergency.priority",
    "The call's priority (Resource-Priority, of authorities and emergency services) is signed and verified.",
    remedy="If such calls are scams, tell the STI-PA: the certificate names the provider who signs them.",
)
EMERGENCY_SIGNED_CALL_BACK = _row(
    "emergency.signed-call-back",
    "The call is signed and verified as the call back of an emergency control room.",
)
EMERGENCY_CALL_BACK = _row(
    "emergency.call-back",
    "The called person dialled an emergency number within the last half hour; this may be the call back.",
)
DECISION = _row(
    "decision.operator",
    "An operator decided about this number.",
    remedy="`callmark decision list` shows who and why; `callmark decision remove` ends it.",
)
DNO = _row(
    "dno.exact",
    "The number shown belongs to someone who never calls out with it: the call is forged.",
    remedy="If its owner does call with it, remove it from dno.csv.",
)
NUMBER_INVALID = _row(
    "number.invalid",
    "The number shown cannot exist: no telephone has it (in Britain General Condition C6.6).",
    remedy="If the number is real, the trunk's dialling rules in trunks.toml read it wrongly.",
)
NUMBER_NOT_A_CLI = _row(
    "number.not-a-cli",
    "The number shown exists, but calls may not show it (emergency, service and premium numbers).",
)
NUMBER_UNALLOCATED = _row(
    "number.unallocated",
    "The number shown lies in a block that its regulator has given to nobody.",
    remedy="`callmark allocations show` says on whose word; if it has been given out since, import the "
    "regulator's newest files.",
)
NUMBER_INSERTED = _row(
    "number.inserted",
    "A network put this number in because the call had none; it is not to be shown to anybody.",
)
ABROAD_HOME_NUMBER = _row(
    "abroad.home-number",
    "A number of this country, which is not a mobile, arrived from abroad.",
    remedy="For a customer abroad, assign the number to the trunk in inventory.csv; for a trunk whose calls "
    "began at home, set home_origin.",
)
ABROAD_NOT_ROAMING = _row(
    "abroad.not-roaming", "A mobile number of this country arrived from abroad while its phone is at home."
)
ABROAD_ROAMING_UNKNOWN = _row(
    "abroad.roaming-unknown",
    "A mobile number of this country arrived from abroad, and nobody said whether its phone roams.",
    remedy="Have the switch ask its roaming check and send `roaming`.",
)
ABROAD_EXCEPTED = _row(
    "abroad.excepted",
    "A number of this country arrived from abroad by one of the ways it may (Ofcom's guidance of 2025).",
)
INTERCONNECT_UNAUTHENTICATED = _row(
    "interconnect.unauthenticated",
    "A number of this country crossed the national interconnect without a signature that holds.",
    remedy="The peer that sent it has to sign it; what its header lacks stands beside this reason.",
)
BRAND_PATH = _row(
    "brand.path",
    "The number belongs to an organisation whose own calls do not come this way.",
    remedy="If the organisation does use this trunk, add it to its entry in brands.toml.",
)
REPUTATION_SCORE = _row(
    "reputation.score",
    "People complained about calls that showed this number.",
    remedy="`callmark reputation show` lists the complaints; a decision releases the number.",
)
REPUTATION_NEIGHBOURS = _row(
    "reputation.neighbours",
    "Calls from many numbers of the same block were complained of.",
    remedy="`callmark reputation show` tells what is known at each level; a decision releases the number.",
)
STIR_FAILED = _row(
    "stir.failed",
    "The call claims a signed identity and the claim is false.",
    remedy="The verification's own reason stands beside this one.",
)
NUMBER_SUSPECT = _row(
    "number.suspect-cli",
    "Calling the number back may cost more than the called person expects (in Britain 070, 084 and 087).",
)
_TRAFFIC_REMEDY: Final = (
    "[traffic] in policy.toml says from where on; a decision releases the number of an honest caller."
)
HONEYPOT_CALLED = _row(
    "traffic.honeypot",
    "The caller's number called numbers that the carrier has never given to anybody.",
    remedy="Take a range out of honeypots.csv before it is assigned; a decision releases a number.",
)
TRAFFIC_SHORT_CALLS = _row(
    "traffic.short-calls",
    "The number called many others, and nearly all of the calls were not answered or over at once.",
    remedy=_TRAFFIC_REMEDY,
)
TRAFFIC_ONE_RING = _row(
    "traffic.one-ring",
    "The number rings once and gives up, call after call, so that people call back.",
    remedy=_TRAFFIC_REMEDY,
)
TRAFFIC_SEQUENTIAL = _row(
    "traffic.sequential",
    "The number calls numbers that follow one another.",
    remedy=_TRAFFIC_REMEDY,
)
TRAFFIC_BLOCK = _row(
    "traffic.block",
    "Many of the thousand numbers among which this one stands call as a machine does.",
    remedy="Calls signed with A are not touched by it; a decision releases a number or a range.",
)
NUMBER_LOOK_ALIKE = _row(
    "number.look-alike",
    "The number resembles a protected one, or the called one: noted, and nothing is done for it.",
)
PROVIDER_COMPLAINTS = _row(
    "traffic.provider",
    "More than one in a hundred of the calls this provider signed are complained of: its A shields none.",
    remedy="`callmark reputation providers` shows its scorecard; tell the provider, and the STI-PA.",
)
REPLAY = _row(
    "replay.distinct-calls",
    "The same signed PASSporT came with several different calls.",
    remedy="Forking makes a few ordinary; many mean that a captured header is being reused.",
)


# --- API errors of ATIS-1000082 (E1, E2 and transport) -----------------------------------------
@dataclass(frozen=True, slots=True)
class ServiceException:
    """A request that could not be understood: OMA/GSMA common error body of ATIS-1000082."""

    message_id: str
    status: int
    text: str
    family: str = field(default="serviceException")


MISSING_BODY = ServiceException("SVC4000", 400, "Error: Missing request body.")
MISSING_PARAMETER = ServiceException("SVC4001", 400, "Error: Missing mandatory parameter '%1'.")
NOT_ACCEPTABLE = ServiceException(
    "SVC4002", 406, "Error: Requested response body type '%1' is not supported."
)
NOT_FOUND = ServiceException("SVC4003", 404, "Error: Requested resource was not found.")
UNSUPPORTED_BODY_TYPE = ServiceException(
    "SVC4004", 415, "Error: Unsupported request body type, expected '%1'."
)
INVALID_PARAMETER = ServiceException("SVC4005", 400, "Error: Invalid '%1' parameter value: %2.")
UNPARSABLE_BODY = ServiceException("SVC4006", 400, "Error: Failed to parse received message body: %1.")
MISSING_LENGTH = ServiceException("SVC4007", 411, "Error: Missing mandatory Content-Length header.")
METHOD_NOT_ALLOWED = ServiceException("POL4050", 405, "Error: Method not allowed.", "policyException")
INTERNAL_ERROR = ServiceException(
    "POL5000", 500, "Error: Internal Server Error. Please try again later.", "policyException"
)
# Differs from ATIS-1000082: the standard lets the caller choose the attestation and leaves authentication
# open, so it has no answer for "you may not"; POL0001 is the OMA common policy exception.
POLICY_ERROR = ServiceException(
    "POL0001", 403, "A policy error occurred. Error code is %1.", "policyException"
)
