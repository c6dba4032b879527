"""`registry worker`."""

import os

import click

from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.terminal import say
from registry.logs import configure_logging
from registry.worker import KINDS, run_worker
from registry.worker.runner import MOST_THREADS, THREADS

# By how much a worker beside a server is nicer than it: who waits for an answer goes first. No more
# than that, for on SQLite others may wait for what a job is writing.
NICENESS = 5


@click.command("worker")
@click.option(
    "--threads",
    type=click.IntRange(1, MOST_THREADS),
    default=THREADS,
    show_default=True,
    help="How many jobs may run at a time.",
)
@click.option(
    "--parent",
    type=click.IntRange(min=1),
    metavar="PID",
    help="End with this process, which must be the one that started the worker.",
)
def command(threads: int, parent: int | None) -> None:
    """Run jobs in the background, until Ctrl-C or SIGTERM.

    `registry serve` runs one worker; more of them, on any machine that reaches the database, share
    the work. Jobs that have begun are finished before the worker stops; those of a worker that was
    killed are run again by another.
    """
    if parent is not None:
        os.nice(NICENESS)
    settings = read_settings()
    configure_logging(settings.log_level, settings.log_format)
    with open_database(settings) as engine:
        require_migrated(engine)

        def when_ready() -> None:
            say(
                f"Working on jobs ({', '.join(sorted(KINDS))}), {threads} at a time "
                "(Ctrl-C stops it)."
            )

        run_worker(engine, settings, threads=threads, parent=parent, when_ready=when_ready)
    say("Stopped.")
