"""What portal and console share in front of HTML.

A room of pages is added like this:

1. a folder with modules of handlers and `templates/<room>/`, whose templates begin with
   `{% extends "pages/base.html" %}` and take their fields from `pages/form.html`;
2. `PAGES`, a tuple of `Page("GET", "/address", handler, Who.OWNER)`: who may come stands beside each address,
   and there is none that admits by being forgotten;
3. the folder in `rendering.ROOMS`, `PAGES` in `gateway.control.api.doors.PAGE_ROOMS`, its links in
   `navigation.py`.

A handler reads a form with `forms.read_form`, does its work with the same functions as the API, and gives
`rendering.page(request, "room/name.html", …)`, or `rendering.go_to(…)` after a change. Scripts and styles are
files in `assets/`: the policy of `headers.py` lets no other run. Everything essential works without them.

    serving.py     who may see a page
    rendering.py   templates to answers
    forms.py       what was typed, and what is wrong with it
    headers.py     what browsers are told not to do
    origin.py      changes come from our own pages alone
    assets.py      styles and scripts, by their hash
    problems.py    an error in words
    navigation.py  the links on top
"""
