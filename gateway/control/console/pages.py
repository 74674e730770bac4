"""Every address of the console, and who may come there: staff, of whom auditors change nothing."""

from __future__ import annotations

from typing import Final

from gateway.control.console import (
    audit,
    call,
    calls,
    configuration,
    decisions,
    feeds,
    node,
    number,
    overview,
    protection,
    providers,
    trust,
    waiting,
)
from gateway.control.pages.serving import Page, Who

PAGES: Final = (
    Page("GET", "/", overview.get_overview, Who.SIGNED_IN),
    Page("GET", "/live", overview.get_live, Who.STAFF),
    Page("GET", "/calls", calls.get_calls, Who.STAFF),
    Page("GET", "/calls/export/{form:csv|jsonl}", calls.get_export, Who.STAFF),
    Page("GET", "/calls/{call_id:.{1,256}}", call.get_call, Who.STAFF),
    Page("GET", "/number", number.get_number, Who.STAFF),
    Page("GET", "/trust", trust.get_trust, Who.STAFF),
    Page("GET", "/providers", providers.get_providers, Who.STAFF),
    Page("GET", "/node", node.get_node, Who.STAFF),
    Page("GET", "/audit", audit.get_audit, Who.STAFF),
    Page("GET", "/audit/verification", audit.get_verification, Who.STAFF),
    Page("GET", "/decisions", decisions.get_decisions, Who.STAFF),
    Page("GET", "/decisions/new", decisions.get_new, Who.STAFF),
    Page("POST", "/decisions/new", decisions.post_new, Who.STAFF),
    Page("GET", "/decisions/{decision:[0-9]{1,9}}/removal", decisions.get_removal, Who.STAFF),
    Page("POST", "/decisions/{decision:[0-9]{1,9}}/removal", decisions.post_removal, Who.STAFF),
    Page("GET", "/release", decisions.get_release, Who.STAFF),
    Page("POST", "/release", decisions.post_release, Who.STAFF),
    Page("GET", waiting.PATH, waiting.get_waiting, Who.STAFF),
    Page("GET", waiting.LETTER, waiting.get_letter, Who.STAFF),
    Page("POST", waiting.LETTER, waiting.post_letter, Who.STAFF),
    Page("GET", waiting.DISPUTE, waiting.get_dispute, Who.STAFF),
    Page("POST", waiting.DISPUTE, waiting.post_dispute, Who.STAFF),
    Page("GET", "/protection/new", protection.get_new, Who.STAFF),
    Page("POST", "/protection/new", protection.post_new, Who.STAFF),
    Page("GET", "/feeds/pause", feeds.get_pause, Who.STAFF),
    Page("POST", "/feeds/pause", feeds.post_pause, Who.STAFF),
    Page("GET", "/feeds/{feed:[A-Za-z0-9._-]{1,64}}/resume", feeds.get_resume, Who.STAFF),
    Page("POST", "/feeds/{feed:[A-Za-z0-9._-]{1,64}}/resume", feeds.post_resume, Who.STAFF),
    Page("GET", "/generations", configuration.get_generations, Who.STAFF),
    Page("GET", "/reload", configuration.get_reload, Who.STAFF),
    Page("POST", "/reload", configuration.post_reload, Who.STAFF),
    Page("GET", "/generations/{number:[0-9]{1,15}}/roll-back", configuration.get_roll_back, Who.STAFF),
    Page("POST", "/generations/{number:[0-9]{1,15}}/roll-back", configuration.post_roll_back, Who.STAFF),
)
