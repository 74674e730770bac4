"""Who did something, by address: the record names people by their id alone, which nobody knows by heart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE
from gateway.record.people import addresses_of

_PERSON: Final = re.compile(r"person:([0-9]{1,15})")


async def names_of(request: web.Request, actors: Iterable[str]) -> Mapping[str, str]:
    """Actors such as `person:7` with that person's address, for those that are still there.

    An auditor hears of staff alone. Raises RecordError.
    """
    ids = {actor: int(found[1]) for actor in set(actors) if (found := _PERSON.fullmatch(actor))}
    if not ids:
        return {}
    async with request.app[STATE].record.read() as transaction:
        addresses = await addresses_of(transaction, ids.values(), staff_only=not request[IS_OPERATOR])
    return {actor: f"{addresses[each]} ({actor})" for actor, each in ids.items() if each in addresses}
