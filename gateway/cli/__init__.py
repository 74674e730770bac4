"""The `callmark` command: one command, one file; each is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from gateway import __version__

COMMANDS: Final = {
    "serve": ("gateway.cli.serve", "serve"),
    "config": ("gateway.cli.config", "config"),
    "sign": ("gateway.cli.sign", "sign"),
    "verify": ("gateway.cli.verify", "verify"),
    "switch-test": ("gateway.cli.switch_test", "switch_test"),
    "demo": ("gateway.cli.demo", "demo"),
    "pki": ("gateway.cli.pki", "pki"),
    "reload": ("gateway.cli.reload", "reload"),
    "candidate": ("gateway.cli.candidate", "candidate"),
    "generations": ("gateway.cli.generations", "generations"),
    "certificates": ("gateway.cli.certificates", "certificates"),
    "calls": ("gateway.cli.calls", "calls"),
    "trace": ("gateway.cli.trace", "trace"),
    "nodes": ("gateway.cli.nodes", "nodes"),
    "token": ("gateway.cli.token", "token"),
    "person": ("gateway.cli.person", "person"),
    "decision": ("gateway.cli.decision", "decision"),
    "feed": ("gateway.cli.feed", "feed"),
    "allocations": ("gateway.cli.allocations", "allocations"),
    "dno": ("gateway.cli.dno", "dno"),
    "reputation": ("gateway.cli.reputation", "reputation"),
    "facts": ("gateway.cli.facts", "facts"),
    "cache": ("gateway.cli.cache", "cache"),
    "doctor": ("gateway.cli.doctor", "doctor"),
    "audit": ("gateway.cli.audit", "audit"),
}
"""Name → (module, attribute). What is listed here works; nothing else is listed."""


class _LazyGroup(click.Group):
    """Imports a command when it is asked for: `callmark --help` needs none of aiohttp or SQLAlchemy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            # click suggests near names from list_commands by itself.
            return super().get_command(ctx, cmd_name)
        module, attribute = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="callmark")
def callmark() -> None:
    """Tell whether a number is who it says it is, and what should be done with the call.

    A STIR/SHAKEN gateway beside a carrier's switches. First start, with the development
    configuration in config/:

    \b
        callmark serve

    Exit status: 0 done, 1 could not be done (the message says why), 2 wrong usage.
    """  # noqa: D301 - click wants the character \b itself, not its two letters


def main() -> None:
    """Run the command line; what goes wrong is a sentence on stderr, never a traceback."""
    try:
        # Without its standalone mode click gives the status of an Exit back instead of raising it.
        sys.exit(callmark.main(standalone_mode=False))
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _write_no_more()
        sys.exit(0)
    except OSError as error:
        _write_no_more()
        named = "" if error.filename is None else f"{error.filename}: "
        click.echo(f"Error: {named}{error.strerror or error}.", err=True)
        sys.exit(1)


def _write_no_more() -> None:
    """What stdout did not take would be written once more at the exit, and fail with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
