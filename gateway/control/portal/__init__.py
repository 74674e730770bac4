"""`/portal`: what number owners do with a browser, by the same functions as their API.

One question a page, and what was typed is never lost; the words of a problem are those of the API. Whose rows
are seen is `request[OWNER]` alone, which admission sets.

    sign_up.py   an owner comes to be, where `[registry] open_sign_up` allows it
    home.py      one's numbers, and which of them wait for somebody
    claiming.py  the journey of a claim: numbers, use, ways, brand, check
    number.py    one registration: where it stands, who must act, its history; withdrawing
    changing.py  saying something else of the same numbers: their ways, how they are shown
    proving.py   beginning a proof, and its page with live state
    bulk.py      many numbers by a CSV file, and its refused lines back
    use.py       how numbers are used and forged, as a picture and a table
    report_card.py   what is said of numbers, the early signs, asking for a review
    words.py     states and proofs in words
"""

from __future__ import annotations

from gateway.control.portal import (
    bulk,
    changing,
    claiming,
    home,
    number,
    proving,
    report_card,
    sign_up,
    use,
)

PAGES = (
    *sign_up.PAGES,
    *home.PAGES,
    *claiming.PAGES,
    *bulk.PAGES,
    *number.PAGES,
    *changing.PAGES,
    *use.PAGES,
    *report_card.PAGES,
    *proving.PAGES,
)
