"""The image's health check: does the call plane answer `/livez`? Exit status 0 or 1.

Asks this container's own loopback on the port of `[listen] calls`, as CALLMARK_LISTEN__CALLS names it;
HEALTH_URL replaces the whole address, for a port set in gateway.toml or a call plane that speaks TLS.
The certificate of that answer is not checked: it is made out to the name switches use, not to 127.0.0.1.
"""  # noqa: INP001 - a script of the image, not a part of the package

from __future__ import annotations

import os
import ssl
import sys
import urllib.request


def main() -> int:
    """Ask once, for at most two seconds."""
    port = os.environ.get("CALLMARK_LISTEN__CALLS", "127.0.0.1:8080").rpartition(":")[2]
    url = os.environ.get("HEALTH_URL", f"http://127.0.0.1:{port}/livez")
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=2, context=tls) as answer:  # noqa: S310 - the operator's address
            return 0 if answer.status == 200 else 1
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
