"""The `registry` command: its subcommands, and how they tell of failures.

A subcommand's module is imported when it is called, and only then: `registry --help` needs neither
the database nor the server.
"""

import errno
import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from registry import __version__
from registry.errors import InvalidInput, RegistryError
from registry.rules.inert_text import make_inert

INTERRUPTED = 130


class _Command(NamedTuple):
    """Where a subcommand is, as the `command` of a module, and what the overview says of it."""

    module: str
    summary: str


COMMANDS: Mapping[str, _Command] = {
    "serve": _Command("registry.commands.serve", "Serve the catalogue over HTTP."),
    "migrate": _Command("registry.commands.migrate", "Bring the database up to this release."),
    "refresh": _Command("registry.commands.refresh", "Catalogue the workspace."),
    "worker": _Command("registry.commands.worker", "Run jobs in the background."),
    "demo": _Command("registry.commands.demo", "Make a workspace, an author and a token to try."),
    "author": _Command("registry.commands.author", "Manage those who publish."),
    "token": _Command("registry.commands.token", "Manage what authors authenticate with."),
    "publish": _Command("registry.commands.publish", "Upload a version of a package."),
    "backup": _Command("registry.commands.backup", "Write all there is into one file."),
    "restore": _Command("registry.commands.restore", "Restore a backup into an empty database."),
    "verify": _Command("registry.commands.verify", "Hold what is stored against itself and git."),
    "doctor": _Command("registry.commands.doctor", "Say what is configured and how to mend it."),
}


def _load(module: str) -> click.Command:
    """Import a command, without looking meanwhile, or ever again, for garbage in what is imported.

    Modules stay until the end. Looking through them again and again while more are made takes a
    fifth of the start, and each look later pauses a server.
    """
    if module in sys.modules:
        return _command(module)
    gc.disable()
    try:
        return _command(module)
    finally:
        gc.freeze()
        gc.enable()


def _command(module: str) -> click.Command:
    command: click.Command = import_module(module).command
    return command


class _Group(click.Group):
    """A group that imports its commands when they are called, and reports errors as sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- as above
        if cmd_name not in COMMANDS:
            return None
        return _load(COMMANDS[cmd_name].module)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except InvalidInput as error:
            raise click.UsageError(make_inert(error.detail)) from error
        except RegistryError as error:
            raise click.ClickException(make_inert(error.detail)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            # Click itself ends quietly when nobody reads on.
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings are environment variables: docs/configuration.md lists them.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
@click.version_option(__version__, message="%(prog)s %(version)s")
def main(quiet: bool) -> None:
    """Catalogue a git monorepo, and what its authors publish, over REST and GraphQL."""


if __name__ == "__main__":
    main(prog_name="registry")
