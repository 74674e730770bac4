"""A browser without a screen: keeps cookies, sends what browsers send, follows nothing by itself."""

from __future__ import annotations

import html
import http.client
import re
from contextlib import closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.gateway_node import GatewayNode, HttpAnswer


@dataclass
class BrowserSession:
    node: GatewayNode
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path, **headers):
        return self.ask("GET", path, None, headers)

    def post(self, path, fields=(), **headers):
        """A form of one of our own pages."""
        pairs = fields.items() if isinstance(fields, dict) else fields
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{self.node.control_port}",
            "Sec-Fetch-Site": "same-origin",
        } | headers
        return self.ask("POST", path, urlencode(list(pairs)).encode(), sent)

    def ask(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.node.control_port, timeout=60)
        sent = {"Accept": "text/html,*/*;q=0.8"} | headers
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(connection):
            connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return HttpAnswer(answer.status, answer.headers, answer.read())

    @staticmethod
    def hidden(answer):
        """The hidden fields of a page, as a browser would send them."""
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', answer.body.decode())
        return [(html.unescape(name), html.unescape(value)) for name, value in found]

    def sign_in(self, email, password):
        answer = self.post("/sign-in", {"email": email, "password": password, "next": ""})
        assert answer.status == 303, answer.body
        return answer
