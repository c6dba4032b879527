"""`registry migrate`."""

import click

from registry import schema
from registry.commands.environment import mask_address, open_database, read_settings
from registry.commands.terminal import say, suggest


@click.command("migrate")
def command() -> None:
    """Bring the database up to this release; makes it where there is none.

    One that is up to date already is left alone.
    """
    settings = read_settings()
    with open_database(settings) as engine:
        before = schema.current_revision(engine)
        if before != schema.head_revision():
            schema.upgrade(engine)
        after = schema.current_revision(engine)
    where = mask_address(settings.database_address())
    if before == after:
        say(f"The database {where} is up to date, at migration {after}.")
    else:
        say(f"The database {where} is now at migration {after}.")
    suggest("registry refresh, or registry demo for something to look at")
