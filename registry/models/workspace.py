"""The workspace, the scans that read it, and the number that every committed write raises."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, Key, utc_now


class Workspace(Base):
    """A git monorepo that the registry catalogues: a work tree, or a bare clone."""

    __tablename__ = "workspace"

    id: Mapped[Key]
    path: Mapped[str] = mapped_column(unique=True)
    bare: Mapped[bool] = mapped_column(default=False)
    # The tool whose rules say what a package is: npm, yarn, pnpm, lerna, bun or none.
    tool: Mapped[str] = mapped_column(default="none")
    patterns: Mapped[list[str]] = mapped_column(default=list)
    # The version that lerna gives to all packages alike; empty where they have their own.
    shared_version: Mapped[str] = mapped_column(default="")
    # Empty when HEAD is detached, or the repository has no commit.
    branch: Mapped[str] = mapped_column(default="")
    head: Mapped[str] = mapped_column(default="")
    # What dependencies on files and directories point to, and whether there is anything
    # (`registry.refresh.local_targets`); null: not looked for yet.
    local_targets: Mapped[dict[str, Any] | None]
    # Digests of what the last scan saw. An equal one says that this part need not be read again:
    # the layout and every manifest's path, size and time;
    members_digest: Mapped[str] = mapped_column(default="")
    # the tags, since a new tag names a version without a new commit;
    tags_digest: Mapped[str] = mapped_column(default="")
    # the commits where a shallow clone's history ends, since deepening it moves no branch.
    shallow_digest: Mapped[str] = mapped_column(default="")
    # Which release read the reports in the packages' directories; another reads them anew.
    reports_release: Mapped[str | None]
    # All that was looked at to find them (`registry.refresh.reports`), as JSON; null: look again.
    reports_seen: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    # When the last successful scan ended; null before the first.
    scanned_at: Mapped[datetime | None]


class Scan(Base):
    """One refresh of the catalogue: what it found, what it changed, how long each phase took."""

    __tablename__ = "scan"
    __table_args__ = (Index(None, "workspace_id", "id"),)

    id: Mapped[Key]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    head_before: Mapped[str] = mapped_column(default="")
    head_after: Mapped[str] = mapped_column(default="")
    changed: Mapped[bool] = mapped_column(default=True)
    packages: Mapped[int] = mapped_column(default=0)
    packages_changed: Mapped[int] = mapped_column(default=0)
    commits_added: Mapped[int] = mapped_column(default=0)
    commits_removed: Mapped[int] = mapped_column(default=0)
    versions_added: Mapped[int] = mapped_column(default=0)
    issues: Mapped[int] = mapped_column(default=0)
    # Milliseconds by phase.
    durations: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Revision(Base):
    """One row: the number that every committed write raises, on which ETags and caches hang."""

    __tablename__ = "revision"

    id: Mapped[Key]
    number: Mapped[int] = mapped_column(default=0)
    # When it was last raised: the data are as they were left then.
    raised_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Tells this database from one restored from a backup or made anew, whose numbers repeat.
    epoch: Mapped[str]
