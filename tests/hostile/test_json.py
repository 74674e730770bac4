"""JSONTestSuite inside validly signed payloads and headers, and inside the bodies of all three dialects."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.hostile.signer import Signer, Switch, payload_with
from tests.integration.tokens import FROM, TO, header_of, signing_request, verification_request
from tests.vectors import json_texts

TEXTS = json_texts()

REFUSED_THOUGH_JSON = {"y_object_duplicated_key", "y_object_duplicated_key_and_value"}
"""RFC 7493 section 2.3: which of two members counts is nobody's to guess."""

READ_THOUGH_OPEN = {"i_number_double_huge_neg_exp", "i_number_real_underflow"}
"""Of the texts a parser may read or refuse, those that are read; all others are refused."""


def is_read(name: str) -> bool:
    return name in READ_THOUGH_OPEN or (name.startswith("y_") and name not in REFUSED_THOUGH_JSON)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_a_signed_payload_passes_where_it_is_json_and_nowhere_else(
    switch: Switch, signer: Signer, name: str
):
    if len(TEXTS[name]) < 100_000:
        assert switch.passes(signer.identity(payload=payload_with(b'"x":' + TEXTS[name]))) == is_read(name)
    assert not switch.passes(signer.identity(payload=TEXTS[name][:150_000]))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_a_signed_header_passes_where_it_is_json_and_nowhere_else(
    switch: Switch, signer: Signer, name: str
):
    if len(TEXTS[name]) < 100_000:
        header = json.dumps(header_of(signer.x5u)).encode()[:-1] + b',"x":' + TEXTS[name] + b"}"
        assert switch.passes(signer.identity(header=header)) == is_read(name)
    assert not switch.passes(signer.identity(header=TEXTS[name][:150_000]))


BODIES: dict[str, Callable[[], object]] = {
    "/stir/v1/verification": lambda: verification_request("a.b.c"),
    "/stir/v1/signing": signing_request,
    "/v1/verdicts": lambda: {
        "call": {
            "id": "1",
            "from": {"tn": FROM},
            "to": {"tn": [TO]},
            "time": int(time.time()),
            "identity": [],
        }
    },
}


@pytest.mark.parametrize("path", BODIES)
def test_a_text_in_a_request_is_read_where_it_is_json_and_refused_as_a_request_elsewhere(
    switch: Switch, path: str
):
    for name, text in TEXTS.items():
        whole = json.dumps(BODIES[path]()).encode()
        inside = switch.post(path, whole[:-1] + b',"x":' + text + b"}")
        if len(text) > 200_000:
            assert inside.status in {400, 413}
        else:
            # /v1/verdicts takes no member it does not know; to say so it has to have read it.
            was_read = inside.status == 200 or b'"is unknown here"' in inside.body
            assert inside.status in {200, 400}
            assert was_read == is_read(name), (name, inside.body)
            assert switch.post(path, text).status == 400, name
