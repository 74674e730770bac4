"""Anchors and lists, as a node with these settings would go by if it started now."""

from __future__ import annotations

from pathlib import Path

from gateway.certificates.reading import show
from gateway.control.trust.obtained import ObtainedStore
from gateway.doctor.looking.surroundings import Surroundings
from gateway.doctor.trust import AnchorSeen, CrlSeen, TrustListSeen, TrustSeen
from gateway.generation.settings import Settings, parse_listen_address
from gateway.generation.texts import FETCHED
from gateway.generation.trust_settings import has_trust_list, named_domains

DEVELOPMENT_ROOT = "development-root.pem"
_HOUR_SECONDS = 3_600


def look_at_trust(around: Surroundings) -> TrustSeen | None:
    """None where the configuration cannot be read."""
    if around.configuration is None:
        return None
    settings, trust = around.settings, around.configuration.generation.trust
    kept = {each.url for each, _ in ObtainedStore(around.data_directory).crls()}
    root = Path(settings.trust.anchors_directory) / DEVELOPMENT_ROOT
    return TrustSeen(
        anchors=tuple(
            AnchorSeen(show(each.subject.rfc4514_string()), int(each.not_valid_after_utc.timestamp()))
            for each in trust.anchors
        ),
        development_root=str(root) if root.exists() else "",
        is_on_loopback=parse_listen_address(settings.listen.calls).is_loopback,
        crls=tuple(
            CrlSeen(crl.file.removeprefix(FETCHED), crl.next_update, domain.revocation.overdue_grace_seconds)
            for domain in trust.domains
            for crl in domain.crls.lists
        ),
        never_obtained=tuple(url for url in settings.trust.crl_urls if url not in kept),
        trust_lists=tuple(_trust_lists(settings, around.data_directory)),
    )


def _trust_lists(settings: Settings, data_directory: Path) -> list[TrustListSeen]:
    kept = {each.domain: each.exp for each, _ in ObtainedStore(data_directory).trust_lists()}
    return [
        TrustListSeen(
            domain=name,
            source=domain.trust_list_url or domain.trust_list_file or "",
            exp=kept.get(name),
            grace_seconds=domain.overdue_grace_hours * _HOUR_SECONDS,
        )
        for name, domain in named_domains(settings.trust, settings.trust_domain)
        if has_trust_list(domain)
    ]
