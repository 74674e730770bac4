"""HTTP around a call: who gets which error, in which of the two forms. The table here has stand-ins."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from gateway.calls import answering
from gateway.calls.answering import MAX_BODY_BYTES, Answer, Resource, answer
from gateway.calls.dialects import atis, own
from gateway.calls.dialects.problem import RequestProblem
from gateway.web.malformed import SERVER_LOGGER
from gateway.web.problems import Problem, unauthenticated

ATIS = "/stir/v1/verification"
OWN = "/v1/verdicts"
JSON = {"Content-Type": "application/json"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def _echo(request: web.BaseRequest, body: bytes, identifier: str) -> Answer:
    if body == b'"fail"':
        raise RuntimeError("secret detail")
    if body == b'"credential"':
        raise unauthenticated("No.")
    if body == b'"missing"':
        raise RequestProblem.missing("iat")
    if body == b'"own"':
        raise Problem(409, "conflict", "Two of them.", "Both.", errors=({"pointer": "/a", "problem": "b"},))
    return Answer({"length": len(body)}, headers={"X-Attestation": "A"})


TABLE = {
    ATIS: Resource(_echo, atis.ATIS),
    OWN: Resource(_echo, own.OWN),
    "/livez": Resource(_echo, own.OWN, methods=("GET", "HEAD")),
}

Ask = Callable[..., Awaitable[aiohttp.ClientResponse]]


@pytest.fixture
async def server(aiohttp_raw_server) -> RawTestServer:
    return await aiohttp_raw_server(
        lambda request: answer(request, TABLE), auto_decompress=False, logger=SERVER_LOGGER
    )


@pytest.fixture
async def ask(aiohttp_client, server: RawTestServer) -> Ask:
    client = await aiohttp_client(server)

    async def ask(path: str, data: object = b"{}", *, method: str = "POST", **headers: str) -> object:
        sent = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, path, data=data, headers={k: v for k, v in sent.items() if v})

    return ask


async def raw(server: RawTestServer, request: bytes) -> bytes:
    """What comes back until the server waits for more."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(request)
    received = await asyncio.wait_for(reader.read(65_536), 60)
    try:
        while chunk := await asyncio.wait_for(reader.read(65_536), 0.2):
            received += chunk
    except TimeoutError:
        pass
    writer.close()
    await writer.wait_closed()
    return received


# --- the two forms of an error --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "data", "status", "message", "text", "variables"),
    [
        ({"Content_Type": "text/plain"}, b"{}", 415, "SVC4004", "expected '%1'", ["application/json"]),
        ({"Content_Type": ""}, b"{}", 415, "SVC4004", "expected '%1'", ["application/json"]),
        ({"Content_Type": "application/jsonp"}, b"{}", 415, "SVC4004", "'%1'", ["application/json"]),
        ({"Accept": "text/html"}, b"{}", 406, "SVC4002", "type '%1' is not supported", ["text/html"]),
        ({"Accept": "application/xml, text/*"}, b"{}", 406, "SVC4002", "'%1'", ["application/xml, text/*"]),
        ({}, b'"missing"', 400, "SVC4001", "Missing mandatory parameter '%1'", ["iat"]),
    ],
)
async def test_a_service_exception_has_status_id_text_and_variables(
    ask: Ask, headers, data, status, message, text, variables
):
    refused = await ask(ATIS, data, **headers)
    assert refused.status == status
    assert refused.content_type == "application/json"
    exception = (await refused.json())["requestError"]["serviceException"]
    assert exception["messageId"] == message
    assert text in exception["text"]
    assert exception["text"].startswith("Error: ")
    assert exception["variables"] == variables


async def test_a_policy_exception_stands_in_its_own_family(ask: Ask):
    refused = await ask(ATIS, b'"fail"')
    assert refused.status == 500
    assert await refused.json() == {
        "requestError": {
            "policyException": {
                "messageId": "POL5000",
                "text": "Error: Internal Server Error. Please try again later.",
                "variables": [],
            }
        }
    }


async def test_our_own_failure_tells_nothing_of_itself(ask: Ask):
    for path in (ATIS, OWN):
        refused = await ask(path, b'"fail"')
        assert refused.status == 500
        assert "secret" not in await refused.text()


async def test_a_problem_on_an_atis_path_is_a_policy_exception_with_its_code(ask: Ask):
    refused = await ask(ATIS, b'"credential"')
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="callmark"'
    exception = (await refused.json())["requestError"]["policyException"]
    assert (exception["messageId"], exception["variables"]) == ("POL0001", ["unauthenticated"])


async def test_the_gateways_own_paths_answer_problem_details(ask: Ask):
    refused = await ask(OWN, b'"own"')
    assert (refused.status, refused.content_type) == (409, "application/problem+json")
    body = await refused.json(content_type="application/problem+json")
    assert body["type"].endswith(":conflict")
    assert (body["status"], body["title"], body["detail"]) == (409, "Two of them.", "Both.")
    assert body["errors"] == [{"pointer": "/a", "problem": "b"}]


async def test_transport_errors_of_the_own_paths_are_problem_details_with_the_value_filled_in(ask: Ask):
    refused = await ask(OWN, Accept="text/html")
    assert refused.status == 406
    body = await refused.json(content_type="application/problem+json")
    assert body["title"] == "Requested response body type 'text/html' is not supported."


# --- paths and methods ----------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/stir/v1/nothing", "/stir/v1/verification/", "/stir//v1/verification"])
async def test_an_unknown_address_beside_atis_answers_as_atis_does(ask: Ask, path: str):
    refused = await ask(path)
    assert refused.status == 404
    assert (await refused.json())["requestError"]["serviceException"]["messageId"] == "SVC4003"


@pytest.mark.parametrize("path", ["/", "/v1/verdict", "/v1/verdicts/x", "/admin/v1/tokens"])
async def test_an_unknown_address_elsewhere_answers_problem_details(ask: Ask, path: str):
    refused = await ask(path)
    assert (refused.status, refused.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", [b"/stir%2fv1/verification", b"/stir/v1/%76erification", b"/v1%2Fverdicts", b"//v1/verdicts"]
)
async def test_an_address_spelt_with_escapes_is_another_address(server: RawTestServer, path: bytes):
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    assert (await raw(server, head % path)).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
@pytest.mark.parametrize("path", [ATIS, OWN])
async def test_another_method_is_405_and_says_which_there_is(ask: Ask, method: str, path: str):
    refused = await ask(path, None, method=method)
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    if path == ATIS:
        assert (await refused.json())["requestError"]["policyException"]["messageId"] == "POL4050"


async def test_a_health_check_may_ask_for_the_head_alone(ask: Ask):
    assert (await ask("/livez", None, method="HEAD")).status == 200
    refused = await ask("/livez")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


# --- headers and body -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "application/json; charset=utf-8"},
        {"Content_Type": "Application/JSON;charset=UTF-8"},
        {"Accept": "*/*"},
        {"Accept": "application/json;q=0.9, text/html"},
        {"Accept": "text/html, APPLICATION/JSON; charset=utf-8"},
        {"Accept": "application/*"},
        {"Content_Encoding": "identity"},
    ],
)
async def test_parameters_and_several_media_ranges_are_fine(ask: Ask, headers: dict[str, str]):
    taken = await ask(ATIS, **headers)
    assert taken.status == 200
    assert taken.headers["X-Attestation"] == "A"
    assert await taken.json() == {"length": 2}


async def test_a_body_without_its_length_is_411(ask: Ask):
    async def chunks():
        yield b"{}"

    refused = await ask(ATIS, chunks())
    assert refused.status == 411
    assert (await refused.json())["requestError"]["serviceException"]["messageId"] == "SVC4007"


async def test_a_compressed_body_is_415_and_is_not_opened(ask: Ask):
    refused = await ask(ATIS, gzip.compress(b" " * 10_000_000), Content_Encoding="gzip")
    assert refused.status == 415


async def test_a_body_beyond_the_bound_is_413(ask: Ask):
    assert (await ask(ATIS, b" " * MAX_BODY_BYTES)).status == 200
    refused = await ask(ATIS, b" " * (MAX_BODY_BYTES + 1))
    assert refused.status == 413
    assert (await refused.json())["requestError"]["policyException"]["variables"] == ["too-large"]
    assert (await ask(OWN, b" " * (MAX_BODY_BYTES + 1))).content_type == "application/problem+json"


async def test_a_header_that_is_no_text_is_answered_like_any_other(server: RawTestServer):
    for path in (ATIS, OWN):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        received = await raw(server, head.encode() + b"Accept: \xff\xfe\x80\r\n\r\n{}")
        assert received.startswith(b"HTTP/1.1 406 "), received


async def test_a_client_that_asks_first_is_told_to_go_on(server: RawTestServer):
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    received = await raw(server, head % ATIS.encode() + b"Expect: 100-continue\r\n\r\n")
    assert received == b"HTTP/1.1 100 Continue\r\n\r\n"
    received = await raw(server, head % b"/nowhere" + b"Expect: 100-continue\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404 ")


async def test_a_body_that_does_not_arrive_is_let_go(server: RawTestServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "BODY_SECONDS", 0.05)
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    received = await raw(server, head % ATIS.encode())
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"SVC4006" in received
    # What is still to come of that body must not be read as the next request.
    assert b"connection: close" in received.lower()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length: +2\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length : 2\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
async def test_ambiguous_framing_is_refused_and_the_connection_closed(server: RawTestServer, framing: bytes):
    head = b"POST /v1/verdicts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    received = await raw(server, head + framing + b"\r\n{}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] 400 ", received)
    assert received.count(b"HTTP/1.") == 1
    assert b"Traceback" not in received


# --- the request id -------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [ATIS, OWN, "/nowhere", "/stir/nowhere"])
async def test_the_request_id_comes_back_with_every_answer(ask: Ask, path: str):
    answered = await ask(path, X_RequestID="switch-7/AAEC:42")
    assert answered.headers["X-RequestID"] == "switch-7/AAEC:42"


async def test_a_missing_request_id_is_made(ask: Ask):
    first, second = [(await ask(ATIS)).headers["X-RequestID"] for _ in range(2)]
    assert UUID.fullmatch(first)
    assert first != second


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(b"a b\tc", b"abc"), (b"\xff[31mred", b"31mred"), (b"x" * 500, b"x" * 128), (b'"<>"', None)],
)
async def test_the_request_id_is_cleaned_and_bounded(server: RawTestServer, sent: bytes, answered: bytes):
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    received = await raw(server, head % ATIS.encode() + b"X-RequestID: " + sent + b"\r\n\r\n{}")
    found = re.search(rb"X-RequestID: (.*)\r\n", received)
    assert found, received
    assert UUID.fullmatch(found[1].decode()) if answered is None else found[1] == answered
