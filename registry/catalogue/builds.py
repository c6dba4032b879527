"""Reads of builds: a package's CI runs, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.errors import InvalidInput, package_not_found
from registry.models import Build, Package
from registry.rules.times import format_time


@dataclass(frozen=True)
class BuildKey:
    """What tells a build's place in the list: its start, and its row."""

    started_at: datetime
    row: int

    @classmethod
    def of(cls, build: Columns) -> "BuildKey":
        """Give the key of a row that `list_builds` gave."""
        return cls(build.started_at, build.id)

    def write(self) -> str:
        """Write the key as a text."""
        return f"{format_time(self.started_at)} {self.row}"

    @classmethod
    def read(cls, text: str) -> "BuildKey":
        """Read a key that `write` wrote.

        Raises:
            InvalidInput: it is none.
        """
        moment, _, row = text.partition(" ")
        try:
            key: BuildKey | None = cls(datetime.fromisoformat(moment), int(row))
        except ValueError:
            key = None
        # Ids are 64 bits wide.
        if key is None or key.write() != text or not 0 <= key.row < 2**63:
            raise InvalidInput.of(
                "cursor", "is no cursor of this list; take it from the Link header."
            )
        return key


def list_builds(
    session: Session,
    name: str,
    *,
    branch: str | None = None,
    after: BuildKey | None = None,
    limit: int,
) -> Sequence[Columns]:
    """List the builds of a workspace package that have begun, those that began last first.

    Raises:
        NotFound: the workspace has no package of that name.
    """
    package_id = session.scalar(
        select(Package.id).where(Package.workspace_id.is_not(None), Package.name == name)
    )
    if package_id is None:
        raise package_not_found(name)
    statement = (
        select(Package.name, *Build.__table__.columns)
        .join(Package, Package.id == Build.package_id)
        .where(Build.package_id == package_id, Build.started_at.is_not(None))
        .order_by(Build.started_at.desc(), Build.id.desc())
        .limit(limit)
    )
    if branch is not None:
        statement = statement.where(Build.branch == branch)
    if after is not None:
        key = tuple_(Build.started_at, Build.id)
        statement = statement.where(key < (after.started_at, after.row))
    return session.execute(statement).all()
