"""`registry backup`."""

from pathlib import Path

import click

from registry.backup import Manifest, Tell, new_file, take_backup
from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.terminal import count, print_result, say, suggest
from registry.storage import open_storage

_STEPS = {
    "checking": "Checking the backup",
    "table": "Going through the tables",
    "files": "Copying the artifacts",
}


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-artifacts", is_flag=True, help="Leave out the store's files.")
def command(file: Path, without_artifacts: bool) -> None:
    """Write all that the database holds, and the artifacts, into a new FILE.

    Servers and workers may go on meanwhile: the rows are of one moment. Either database can be
    restored from it. It holds what private packages hold: keep it as you keep the database.
    """
    settings = read_settings()
    storage = None if without_artifacts else open_storage(settings)
    with open_database(settings) as engine:
        require_migrated(engine)
        with new_file(file) as target:
            manifest = take_backup(engine, storage, target, tell_steps())
    print_result(f"{file}: {summarise(manifest)}")
    if manifest.lost:
        click.echo(
            f"The store lacks {count(len(manifest.lost), 'artifact')} that the database names, or "
            f"has them damaged; the backup is without them: {', '.join(manifest.lost)}",
            err=True,
        )
    suggest(f"copy it to another machine; registry restore --check {file} sees that it is whole")


def tell_steps() -> Tell:
    """Make a listener that says a line when another step begins."""
    told: set[str] = set()

    def tell(step: str, _done: int, _total: int | None) -> None:
        step = step.partition(" ")[0]
        if step not in told:
            told.add(step)
            say(f"{_STEPS[step]} …")

    return tell


def summarise(manifest: Manifest) -> str:
    """Tell what a backup holds."""
    artifacts = (
        "without artifacts"
        if manifest.without_files
        else f"{count(manifest.files, 'artifact')} of {count(manifest.bytes, 'byte')}"
    )
    return (
        f"{count(manifest.rows, 'row')} of {count(len(manifest.tables), 'table')} at migration "
        f"{manifest.revision}, {artifacts}"
    )
