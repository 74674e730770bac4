"""Whether the signing key on the disk is its certificate's: asked before anything signs with it.

A bundle holds no key, so a generation that reads well can still be one that no worker takes. Asked here,
at a start and at each reload, the answer names the file instead of a worker.
"""

from __future__ import annotations

from pathlib import Path

from gateway.calls.signer import SigningSetupError, load_signer
from gateway.control.reloading.files import Configuration
from gateway.generation.problem import Problem


def signing_problem(configuration: Configuration) -> Problem | None:
    """Why this configuration cannot sign; None when it can, or is not meant to."""
    signing, identity = configuration.settings.signing, configuration.generation.signing
    if identity is None or signing.key_file is None:
        return None
    try:
        load_signer(identity, Path(signing.key_file))
    except SigningSetupError as error:
        return Problem(signing.key_file, None, "", str(error))
    return None
