"""The demo: a workspace with a history, two authors, publications, measurements and a token.

`make_demo` may be called again: what is there stays.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from registry.accounts.kept_token import find_token, keep_token
from registry.demo.listings import DEMO_AUTHOR
from registry.demo.measurements import make_measurements
from registry.demo.publications import make_publications
from registry.demo.repository import make_workspace
from registry.models import Author
from registry.publishing.stored_files import naming_files
from registry.refresh import ProgressListener, ScanReport, refresh_workspace, silent
from registry.settings import Settings
from registry.storage import open_storage

__all__ = ["Demo", "find_token", "make_demo", "make_workspace"]


@dataclass(frozen=True)
class Demo:
    """What the demo made: the scan of its workspace, its author and the author's token."""

    report: ScanReport
    author_name: str
    token: str


def make_demo(
    engine: Engine,
    directory: Path,
    progress: ProgressListener = silent,
    *,
    settings: Settings | None = None,
) -> Demo:
    """Make the demo in a migrated database, with its workspace in `directory`.

    Args:
        engine: the database.
        directory: the instance directory.
        progress: told how far it is.
        settings: where artifacts are kept, and under which address they are fetched; None: in the
            directory, and under the default one.

    Raises:
        Conflict: the workspace's place is taken by something else.
        Unavailable: git is missing, or failed.
    """
    workspace = make_workspace(directory / "demo")
    report = refresh_workspace(engine, workspace, progress)
    if settings is None:
        settings = Settings(instance_path=directory)
    with naming_files(sessionmaker(engine)) as session:
        make_publications(session, open_storage(settings), settings)
        make_measurements(session)
        author = session.scalars(
            select(Author).where(Author.author_id == DEMO_AUTHOR.author_id)
        ).one()
        token = keep_token(session, author, directory)
        return Demo(report, author.name, token)
