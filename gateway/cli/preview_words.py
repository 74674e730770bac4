"""What a configuration would change, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gateway.cli.wording import safe


def show_preview(found: Mapping[str, Any]) -> None:
    """Print the preview as the admin API gives it."""
    calls, changed = found["calls"], found["changed"]
    for each in found["lost_trunks"]:
        click.echo(
            f"  ! {each['calls']} recent calls came by trunk {safe(each['name'])}, which is no more: "
            "a reload takes that with --override alone."
        )
    if not calls:
        click.echo("No recent call to judge again: nothing can be said of what would change.")
        return
    click.echo(f"{calls} calls since {found['since']} judged again under both policies.")
    if not changed:
        click.echo("Every verdict stays what it is.")
        return
    click.echo(f"{changed} verdicts would be others:")
    for change in found["changes"]:
        before, after = change["before"], change["after"]
        mark = "  !" if change["newly_blocks"] else "   "
        click.echo(
            f"{mark}{change['calls']:>7}  {before['action']} ({before['reason']}) -> "
            f"{after['action']} ({after['reason']})"
        )
        if change["words"]:
            click.echo(f"            {change['words']}")
        for example in change["examples"]:
            to = ", ".join(str(dest) for dest in example["to"])
            click.echo(
                f"            e.g. {example['from'] or example['network']} to {to}, "
                f"trunk {safe(example['trunk'])}, {example['time']}, call id {safe(example['call_id'])}"
            )
    click.echo(
        f"{found['newly_blocked']} calls ({found['newly_blocked_percent']:g} %) are let through now and "
        f"would be blocked; a reload takes at most {found['limit_percent']:g} % without --override."
    )
