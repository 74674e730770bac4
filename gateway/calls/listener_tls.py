"""TLS of `[listen] calls`: the node's own certificate, and whose client certificates are looked at."""

from __future__ import annotations

import ssl

from gateway.generation.settings import Settings


def call_tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS for `[listen] calls`, with client certificates where an authority for them is named."""
    tls = settings.tls
    if "calls" not in tls.listeners or tls.certificate_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate_file, tls.key_file)
    if tls.client_ca_file is not None:
        context.load_verify_locations(tls.client_ca_file)
        # Optional: a switch may come with a token instead; admission decides.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
