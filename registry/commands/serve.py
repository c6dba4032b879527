"""`registry serve`."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from app import create_app
from registry import logs
from registry.catalogue.workspaces import WORKSPACE, remembered_workspace
from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.terminal import is_quiet
from registry.commands.welcome import welcome
from registry.commands.worker_process import WorkerProcess
from registry.database import reading
from registry.server import Address, serve
from registry.settings import Settings
from registry.web.metrics import SHARED_DIRECTORY

_log = logging.getLogger("registry.serve")

_IN_MEMORY = ("memory://", "async+memory://")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=5000, show_default=True, help="The port."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes; more than one need Redis to count requests in.",
)
@click.option("--no-worker", is_flag=True, help="Leave jobs to `registry worker` processes.")
def command(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Serve the catalogue over HTTP, until Ctrl-C or SIGTERM.

    A workspace that was never catalogued is catalogued in the background; /readyz says when that
    is done. Requests that have begun are finished before the server stops. A worker runs beside
    it, for the work that is done after an answer.
    """
    settings = read_settings()
    address = Address(host, port)
    check_safe(settings, address, workers)
    address.check_free()
    with open_database(settings) as engine:
        require_migrated(engine)
        greeting = welcome(engine, settings, address)
        awaited = find_awaited(engine, settings)
    scan = _BackgroundRefresh()
    worker = WorkerProcess()
    # Found here: a thread has no click context to ask.
    tell = _find_listener(settings)

    def when_ready() -> None:
        # What to try, and the demo's token, are no lines for a log.
        tell(greeting if settings.log_format == logs.TEXT else greeting.partition("\n")[0])
        if not no_worker:
            worker.start(tell)
        if awaited:
            tell(f"Cataloguing {awaited} meanwhile; {address.url}/readyz says when it is done.")
            scan.run(tell)

    with _share_figures(settings, workers):
        application = make_application(settings)
        try:
            serve(
                application,
                address,
                workers=workers,
                log_format=settings.log_format,
                when_ready=when_ready,
            )
        finally:
            scan.stop()
            worker.stop()
    tell("Stopped.")


def check_safe(settings: Settings, address: Address, workers: int) -> None:
    """See that the settings suit a server at this address, with so many processes.

    Raises:
        click.ClickException: they do not; the message says what to set.
    """
    if workers > 1 and settings.ratelimit_storage_uri.startswith(_IN_MEMORY):
        raise click.ClickException(
            f"{workers} workers would each count requests for themselves and let {workers} times "
            "the limit through: set REGISTRY_RATELIMIT_STORAGE_URI to a Redis (redis://host:6379), "
            "or start one worker."
        )
    if settings.open_writes and not address.is_loopback:
        raise click.ClickException(
            f"REGISTRY_OPEN_WRITES lets everyone who reaches {address.host} change the workspace's "
            "manifests: unset it and give out tokens with ManageWorkspace, or listen on 127.0.0.1."
        )


def find_awaited(engine: Engine, settings: Settings) -> Path | None:
    """Find the workspace that was never catalogued; None where there is nothing to wait for."""
    workspace = settings.workspace or remembered_workspace(engine)
    if workspace is None:
        return None
    with reading(sessionmaker(engine)) as session:
        scanned = session.scalar(
            select(WORKSPACE.scanned_at).where(WORKSPACE.path == str(workspace.resolve()))
        )
    return workspace if scanned is None else None


def make_application(settings: Settings) -> Flask:
    """Make the application: what is wrong with it is said once here, not by each worker.

    Raises:
        click.ClickException: a setting holds what the application cannot use.
    """
    try:
        return create_app(settings)
    except ValueError as error:
        raise click.ClickException(f"{error}.") from error


def _find_listener(settings: Settings) -> Callable[[str], None]:
    """Find what hears of the server's life: nobody, a terminal, or the log."""
    if is_quiet():
        return lambda _: None
    return _echo if settings.log_format == logs.TEXT else lambda text: _log.info("%s", text)


@contextmanager
def _share_figures(settings: Settings, workers: int) -> Iterator[None]:
    """Give several processes a place to put their figures together, before they count any."""
    if workers == 1 or settings.metrics == "off":
        yield
        return
    with TemporaryDirectory(prefix="registry-metrics-") as directory:
        os.environ[SHARED_DIRECTORY] = directory
        try:
            yield
        finally:
            del os.environ[SHARED_DIRECTORY]


def _echo(text: str) -> None:
    click.echo(text, err=True)


class _BackgroundRefresh:
    """A `registry refresh` of its own process, so that the server answers as fast meanwhile."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        # The server may be told to stop while the process is being started.
        self._lock = threading.Lock()

    def run(self, tell: Callable[[str], None]) -> None:
        """Refresh, and tell the outcome; a failure the refresh itself tells on standard error."""
        # -P: without it, Python imports from the current directory before all others. A session
        # of its own: Ctrl-C is for the server, which then stops this.
        with self._lock:
            if self._stopped:
                return
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "registry.cli", "--quiet", "refresh"],
                env={**os.environ, "TERM": "dumb"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        outcome, _ = self._process.communicate()
        if self._process.returncode == 0:
            tell(f"Catalogued {outcome.strip()}")

    def stop(self) -> None:
        """End it, wherever it is: the database keeps what it had before."""
        with self._lock:
            self._stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
