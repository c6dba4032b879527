"""`registry demo`."""

import click

from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.progress import show_progress
from registry.commands.terminal import is_quiet, print_result, say, suggest
from registry.demo import make_demo


@click.command("demo")
def command() -> None:
    """Make a workspace, an author and publications to try, and print the author's token.

    The workspace is a git repository in the instance directory. What is there from an earlier
    call stays, the token included.
    """
    settings = read_settings()
    with open_database(settings) as engine:
        require_migrated(engine)
        with show_progress(quiet=is_quiet()) as listener:
            demo = make_demo(engine, settings.instance_path, listener, settings=settings)
    print_result(demo.token)
    say(f"The workspace {demo.report.workspace} has {demo.report.packages} packages.")
    say(f"The token is {demo.author_name}'s; it allows ViewPackages and ManageWorkspace.")
    suggest("registry serve")
