"""Requests to copy and paste, with which a new token is tried where the configuration says it is good."""

from __future__ import annotations

from typing import Final, Literal

from gateway.generation.settings import Settings
from gateway.generation.trunks import TokenCredential, Trunk

# The time is the shell's to fill in: a PASSporT of another minute is refused.
_SIGNING: Final = """\
  curl -s {calls}/stir/v1/signing \\
    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    -d '{{"signingRequest":{{"attest":"A","orig":{{"tn":"+442079460123"}},"dest":{{"tn":["+441614960000"]}},
         "iat":'$(date +%s)',"origid":"de305d54-75b4-431b-adb2-eb6b9e546014"}}}}'
"""
_VERDICT: Final = """\
  curl -s {calls}/v1/verdicts \\
    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    -d '{{"call":{{"id":"first","from":{{"tn":"+442079460999"}},"to":{{"tn":["+441614960000"]}},
         "time":'$(date +%s)'{trunk}}}}}'
"""


def listener_url(settings: Settings, listener: Literal["calls", "control", "repository"]) -> str:
    """The address of a listener that is on, with its scheme."""
    scheme = "https" if listener in settings.tls.listeners else "http"
    return f"{scheme}://{getattr(settings.listen, listener)}"


def signing_line(calls: str, token: str) -> str:
    """The curl that has a call signed. `calls` is the call plane's address, with a trunk's prefix."""
    return _SIGNING.format(calls=calls, token=token)


def verdict_line(calls: str, token: str, *, trunk: str | None = None) -> str:
    """The curl that asks for a verdict, on `trunk` where the token has several."""
    return _VERDICT.format(calls=calls, token=token, trunk=f',"trunk":"{trunk}"' if trunk else "")


def token_line(control: str, token: str) -> str:
    """The curl that lists the tokens."""
    return f"  curl -s -H 'Authorization: Bearer {token}' {control}/admin/v1/tokens\n"


def opened_by(trunks: tuple[Trunk, ...], *, token_name: str, bound: str | None) -> tuple[Trunk, ...]:
    """The trunks a token brings calls for; first the one it is bound to, or one without a prefix."""
    own = [
        trunk for trunk in trunks if trunk.name == bound or TokenCredential(token_name) in trunk.credentials
    ]
    return tuple(sorted(own, key=lambda trunk: (trunk.name != bound, trunk.url_prefix != "")))
