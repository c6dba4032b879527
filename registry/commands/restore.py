"""`registry restore`."""

from pathlib import Path

import click

from registry.backup import InvalidBackup, check_backup, restore_backup
from registry.commands.backup import summarise, tell_steps
from registry.commands.environment import mask_address, open_database, read_settings
from registry.commands.terminal import print_result, suggest
from registry.storage import open_storage


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only see that the backup is whole.")
def command(file: Path, check: bool) -> None:
    """Restore a backup from FILE into an empty database, and its artifacts into the store.

    Nothing is written before all of the file is checked; the database has all of it afterwards, or
    nothing. A backup of an earlier release is brought up to this one.
    """
    settings = read_settings()
    try:
        with file.open("rb") as source:
            if check:
                print_result(f"{file}: {summarise(check_backup(source, tell_steps()))}")
                return
            with open_database(settings) as engine:
                manifest = restore_backup(engine, open_storage(settings), source, tell_steps())
    except InvalidBackup as error:
        raise click.ClickException(f"{file} cannot be restored: {error}.") from error
    where = mask_address(settings.database_address())
    print_result(f"{where} is restored: {summarise(manifest)}")
    if manifest.without_files:
        suggest("give the server the store that the backup was taken beside; registry doctor")
    else:
        suggest("registry doctor, then registry refresh, for what has been pushed since")
