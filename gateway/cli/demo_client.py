"""Asking a gateway as a switch does, for the demo: two resources, bounded, errors as sentences."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self, cast

import aiohttp

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 1_000_000


class DemoError(Exception):
    """The demo cannot go on; a sentence with what to do."""


class DemoClient:
    """One gateway, one token; remembers each request as a curl."""

    def __init__(self, url: str, token: str, *, token_in_curl: str) -> None:
        self.requests: list[str] = []
        """Since it was last cleared, in order."""
        self._url = url
        self._token_in_curl = token_in_curl
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = aiohttp.ClientSession(
            headers=self._headers, timeout=aiohttp.ClientTimeout(total=_SECONDS), trust_env=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        del kind, error, trace
        if self._session is not None:
            await self._session.close()

    async def sign(self, *, orig: str, dest: str, iat: int, origid: str) -> tuple[str, str]:
        """An Identity header with attestation A wished for, and the attestation given."""
        body = {"attest": "A", "orig": {"tn": orig}, "dest": {"tn": [dest]}, "iat": iat, "origid": origid}
        answer, headers = await self._post("/stir/v1/signing", {"signingRequest": body})
        return str(answer["signingResponse"]["identity"]), headers.get("X-Attestation", "")

    async def sign_and_send_on(self, call: dict[str, object], *, diverted: str) -> list[str]:
        """The Identity headers of a call that `diverted` sends on to its Request-URI: two."""
        body = {"call": call, "ppt": ["shaken", "div"], "attest": "A", "div": {"tn": diverted}}
        answer, _ = await self._post("/v1/signatures", body)
        return [str(identity) for identity in answer["identity"]]

    async def verdict(self, call: dict[str, object]) -> dict[str, Any]:
        """The verdict on a call of `POST /v1/verdicts`."""
        answer, _ = await self._post("/v1/verdicts", {"call": call})
        return cast("dict[str, Any]", answer["verdict"])

    async def _post(self, path: str, body: object) -> tuple[dict[str, Any], Mapping[str, str]]:
        data = json.dumps(body)
        self.requests.append(
            f"curl -s {self._url}{path} -H 'Content-Type: application/json' \\\n"
            f'  -H "Authorization: Bearer {self._token_in_curl}" \\\n  -d {shlex.quote(data)}'
        )
        if self._session is None:
            raise RuntimeError("the client is used outside its block")
        try:
            async with self._session.post(
                self._url + path,
                data=data,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                received = await response.content.read(_MOST_BYTES)
                headers = {name: response.headers[name] for name in response.headers}
                return self._read(response.status, received, path), headers
        except TimeoutError as error:
            raise DemoError(
                f"the gateway at {self._url} did not answer within {_SECONDS:.0f} seconds; its log says more."
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DemoError(
                f"no gateway answers at {self._url}. Start one in another terminal (`callmark serve`, or "
                "`make run`), or say with --url where it answers calls."
            ) from error

    def _read(self, status: int, received: bytes, path: str) -> dict[str, Any]:
        try:
            answer = json.loads(received)
        except ValueError:
            raise self._no_gateway() from None
        if not isinstance(answer, dict):
            raise self._no_gateway()
        if status == 200:
            return cast("dict[str, Any]", answer)
        raise DemoError(f"the gateway refuses POST {path} with status {status}: {_why(answer)}")

    def _no_gateway(self) -> DemoError:
        return DemoError(
            f"what answers at {self._url} is not a Callmark call plane. "
            "--url is the address of [listen] calls."
        )


_HINTS: Final = {
    "unauthenticated": (
        "Give this gateway's token with --token: it is in data/token where the gateway was first started."
    ),
    "forbidden": "The demo needs a token with the scopes call:sign and call:verify that opens a trunk.",
    "signing-not-configured": "Set [signing] in gateway.toml; `callmark pki dev` makes a certificate to try.",
}
"""By the code of the refusal."""


def _why(answer: dict[str, Any]) -> str:
    """The refusal's own words (RFC 9457, or the error body of ATIS-1000082), and what helps."""
    words = str(answer.get("detail") or answer.get("title") or "")
    codes = [str(answer.get("type", "")).rpartition("/")[2]]
    error = answer.get("requestError")
    for exception in error.values() if isinstance(error, dict) else ():
        words = str(exception["text"])
        codes = [str(each) for each in exception["variables"]]
        for place, variable in enumerate(codes, start=1):
            words = words.replace(f"%{place}", variable)
    return " ".join([words, *(_HINTS[code] for code in codes if code in _HINTS)])
