"""The demo: a workspace with a history, two authors, publications, measurements and a token.

`make_demo` may be called again: what is there stays.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from registry.database import writing
from registry.demo.listings import DEMO_AUTHOR
from registry.demo.measurements import make_measurements
from registry.demo.publications import make_publications
from registry.demo.repository import make_workspace
from registry.demo.token import find_token, keep_token
from registry.models import Author
from registry.refresh import ProgressListener, ScanReport, refresh_workspace, silent

__all__ = ["Demo", "find_token", "make_demo", "make_workspace"]


@dataclass(frozen=True)
class Demo:
    """What the demo made: the scan of its workspace, its author and the author's token."""

    report: ScanReport
    author_name: str
    token: str


def make_demo(engine: Engine, directory: Path, progress: ProgressListener = silent) -> Demo:
    """Make the demo in a migrated database, with its workspace in `directory`.

    Raises:
        Conflict: the workspace's place is taken by something else.
        Unavailable: git is missing, or failed.
    """
    workspace = make_workspace(directory / "demo")
    report = refresh_workspace(engine, workspace, progress)
    with writing(sessionmaker(engine)) as session:
        make_publications(session)
        make_measurements(session)
        author = session.scalars(
            select(Author).where(Author.author_id == DEMO_AUTHOR.author_id)
        ).one()
        token = keep_token(session, author, directory)
        return Demo(report, author.name, token)
