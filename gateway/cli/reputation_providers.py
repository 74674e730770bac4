"""`callmark reputation providers`: what providers' signatures have been worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.tables import show_table
from gateway.control.commands.providers import scorecards_document
from gateway.record import Record


@click.command()
@click.argument("provider", required=False)
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 90), help="How far back.")
@data_directory_option
@json_option
def providers(*, provider: str | None, days: int, data_directory: Path, as_json: bool) -> None:
    """Show the scorecards of providers that signed calls, or of one PROVIDER by its SPC.

    Calls whose signature passed, the clock, the share complained of, and what the provider's attestation is
    worth by that (1 fully). Headers that name its certificates and fail lower the pass rate and weigh
    nothing: anybody can send those.
    """

    async def locally(record: Record, _actor: str, now: int) -> object:
        return await scorecards_document(record, provider=provider, days=days, now=now)

    path = f"/admin/v1/providers?days={days}" + (f"&provider={quote(provider, safe='')}" if provider else "")
    errand = Errand(method="GET", path=path, locally=locally)
    found = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(found)
        return
    if not found["providers"]:
        click.echo(f"No provider's signature has passed in {days} days." if provider is None else
                   f"No signature of {provider} has passed in {days} days.")  # fmt: skip
        return
    figures = ("calls", "with A", "pass rate", "clock", "complained of", "weight")
    show_table(
        {"provider": "left", **dict.fromkeys(figures, "right")},
        (
            (
                each["provider"],
                str(each["calls"]),
                str(each["attested_a"]),
                f"{each['pass_rate']:.1%}",
                f"{each['skew_seconds']:+.1f} s",
                f"{each['complaint_share']:.2%}",
                f"{each['weight']:.2f}",
            )
            for each in found["providers"]
        ),
    )
