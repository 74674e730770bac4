"""The operators' console: what the gateway decides, why, and what can be done about it.

Every page is made whole by the server, and is useful without its script; what is live is sent again by the
server as the same HTML (`pages/assets/live.js`). From each figure a link leads to the calls behind it, and
from a call to its whole explanation. What is changed here is changed by the commands of the command line and
the API.

    showing.py    a page for staff, with what is wrong with the node on top
    overview.py   everything at a glance
    charts.py     figures as pictures
    query.py      filters in the address, to calls and back
    calls.py      calls, one row each, and the same rows as a file
    call.py       one call, explained
    identity.py   an Identity header taken apart
    number.py     one number: decisions, reputation, its last calls
    trust.py      certificate hosts, lists and feeds
    providers.py  scorecards of those who sign
    node.py       workers, generations, settings and where each comes from
    audit.py      who did what
    decisions.py  deciding about numbers, and taking it back
    waiting.py    owners' letters, and numbers that two have proven
    feeds.py      pausing a feed of evidence
    protection.py a brand's numbers against being forged from abroad
    configuration.py  taking what is on the disk, the history, and going back
"""
