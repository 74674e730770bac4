"""Templates to answers: jinja2 with everything escaped and nothing undefined."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.control.api.asking import SIGNED_IN
from gateway.control.pages.assets import asset_address
from gateway.control.pages.navigation import links_for

_CONTROL: Final = Path(__file__).parent.parent
ROOMS: Final = ("pages", "people", "portal", "console")
"""Folders of `gateway/control` with `templates/<room>/` in them."""
HTML: Final = "text/html"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_CONTROL / room / "templates" for room in ROOMS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = asset_address
    environment.filters["day"] = day
    environment.filters["moment"] = moment
    return environment


def day(seconds: int) -> str:
    """Epoch seconds as people write a day, in UTC: 5 March 2027."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %B %Y")


def moment(seconds: int) -> str:
    """The same with the time of day."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %B %Y at %H:%M UTC")


_ENVIRONMENT: Final = _environment()


def page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A page of the template (`room/name.html`), for whoever is signed in."""
    signed_in = request.get(SIGNED_IN)
    person = None if signed_in is None or signed_in.waits_for_code else signed_in.person
    text = _ENVIRONMENT.get_template(template).render(
        person=person,
        links=links_for(None if person is None else person.role, request.path),
        **values,
    )
    return web.Response(status=status, text=text, content_type=HTML, charset="utf-8")


def go_to(address: str) -> web.Response:
    """After a change: where to look next, so that loading the page again does not change it twice."""
    return web.Response(status=303, headers={"Location": address})
