"""`callmark pki`: certificates to try with, and only to try with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.first_start import DEVELOPMENT_ANCHORS, DEVELOPMENT_PKI, make_pki, trust_root


@click.group()
def pki() -> None:
    """Certificates for development."""


@pki.command()
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEVELOPMENT_PKI,
    show_default=True,
    help="Where to put them.",
)
@click.option(
    "--trust-in",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEVELOPMENT_ANCHORS,
    show_default=True,
    help="The directory of trust anchors that gets the root.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def dev(*, directory: Path, trust_in: Path, as_json: bool) -> None:
    """Make a development root, intermediate and SHAKEN signing certificate, and TLS for the repository.

    A complete set that has not expired is left as it is. Whoever has these files can sign anything in
    their name: take the root out of the trust anchors before real calls arrive.
    """
    paths = make_pki(directory)
    root = trust_root(paths, trust_in)
    if as_json:
        files = {path.name: str(path) for path in paths.files}
        click.echo(json.dumps({"files": files, "trusted_root": str(root)}, indent=2))
        return
    click.echo(f"Development certificates are in {directory}; calls signed with them are believed ({root}).")
