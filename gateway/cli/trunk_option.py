"""`--trunk`: by whose dialling rules a command reads numbers, and for which trunk it signs."""

from __future__ import annotations

from collections.abc import Callable

import click

from gateway.control.reloading.files import Configuration
from gateway.generation.trunks import Trunk


def trunk_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--trunk`, given to the command as `trunk_name`."""
    return click.option(
        "--trunk",
        "trunk_name",
        metavar="NAME",
        help="The trunk the call comes by; without it, the first of trunks.toml.",
    )(command)


def find_trunk(configuration: Configuration, name: str | None) -> Trunk:
    """The trunk of this name, or the first one. Raises BadParameter naming those there are."""
    policy = configuration.generation.policy
    if name is None:
        return policy.trunks[0]
    trunk = policy.by_name.get(name)
    if trunk is None:
        raise click.BadParameter(
            f"{name!r} is not in trunks.toml, which has {', '.join(policy.by_name)}.", param_hint="--trunk"
        )
    return trunk
