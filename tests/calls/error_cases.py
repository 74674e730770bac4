"""The error cases of ATIS-1000082 that one forged header shows: how it is forged, and the row it gets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

NONE, FAILED = "No-TN-Validation", "TN-Validation-Failed"

Make = Callable[..., str]
"""Makes an Identity header; given changes of header and payload, a forged one."""

CASES: list[tuple[str, Any, tuple[int, str, str, str]]] = [
    ("E4", lambda make, x5u: f"..{make().partition(';')[0].rpartition('.')[2]};info=<{x5u}>;ppt=shaken",
     (438, "Invalid Identity Header",
      "Identity header in compact form instead of required by SHAKEN spec full form.", NONE)),
    ("E5", lambda make, x5u: make().replace("ppt=shaken", "ppt=div"),
     (438, "Invalid Identity Header",
      "Identity header is received with 'ppt' parameter value that is not 'shaken'.", NONE)),
    ("E5 absent", lambda make, x5u: make().replace(";ppt=shaken", ""),
     (438, "Invalid Identity Header",
      "Identity header is received with 'ppt' parameter value that is not 'shaken'.", NONE)),
    ("E6", lambda make, x5u: make().replace(f";info=<{x5u}>", ""),
     (436, "Bad identity Info", "Missing 'info' parameter in the 'identity'.", NONE)),
    ("E7", lambda make, x5u: make().replace(f"<{x5u}>", "<not a uri>"),
     (436, "Bad identity Info", "Invalid 'info' URI.", NONE)),
    ("E7 no brackets", lambda make, x5u: make().replace(f"<{x5u}>", x5u),
     (436, "Bad identity Info", "Invalid 'info' URI.", NONE)),
    *[
        (f"E9 {name}", lambda make, x5u, name=name: make(header={name: None}),
         (436, "Bad identity Info", f"Missing '{name}' claim in the PASSporT header.", NONE))
        for name in ("alg", "ppt", "typ", "x5u")
    ],
    ("E10", lambda make, x5u: make(header={"x5u": x5u + "?"}),
     (436, "Bad identity Info",
      "'x5u' from PASSporT header doesn't match the 'info' parameter of identity header value.", NONE)),
    ("E11", lambda make, x5u: make(header={"typ": "JWT"}),
     (437, "Unsupported credential", "'typ' from PASSporT header is not 'passport'.", NONE)),
    *[
        (f"E12 {alg}", lambda make, x5u, alg=alg: make(header={"alg": alg}),
         (437, "Unsupported credential", "'alg' from PASSporT header is not 'ES256'.", NONE))
        for alg in ("none", "nOnE", "HS256", "ES384", "RS256")
    ],
    ("E12 parameter", lambda make, x5u: make().replace("alg=ES256", "alg=RS256"),
     (437, "Unsupported credential", "'alg' from PASSporT header is not 'ES256'.", NONE)),
    ("E13", lambda make, x5u: make(header={"ppt": "rcd"}),
     (438, "Invalid Identity Header", "'ppt' from PASSporT header is not 'shaken'.", NONE)),
    *[
        (f"E14 {name}", lambda make, x5u, name=name: make(payload={name: None}),
         (438, "Invalid Identity Header", f"Missing '{name}' mandatory claim in PASSporT payload", NONE))
        for name in ("attest", "dest", "iat", "orig", "origid")
    ],
    *[
        (f"E15 {seconds}", lambda make, x5u, s=seconds: make(payload={"iat": int(time.time()) + s}),
         (403, "Stale Date", "'iat' from PASSporT payload is not fresh.", NONE))
        for seconds in (-62, 62, 10**9)
    ],
    ("E16 orig", lambda make, x5u: make(payload={"orig": {"tn": "442079460124"}}),
     (438, "Invalid Identity Header",
      "'orig' claim from PASSporT payload doesn't match the received in the verification request claim.",
      NONE)),
    ("E16 dest", lambda make, x5u: make(payload={"dest": {"tn": ["441614960009"]}}),
     (438, "Invalid Identity Header",
      "'dest' claim from PASSporT payload doesn't match the received in the verification request claim.",
      NONE)),
    *[
        (f"E19 {attest!r}", lambda make, x5u, attest=attest: make(payload={"attest": attest}),
         (438, "Invalid Identity Header", "'attest' claim in PASSporT is not valid.", NONE))
        for attest in ("a", "A ", "AB", "D", "")
    ],
]  # fmt: skip
