"""A package and what its manifest says."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, CodePointText, Key, utc_now
from registry.rules.package_document import write_package_document


def _document(context: Any) -> str:
    return write_package_document(context.get_current_parameters())


class Package(Base):
    """One thing with one name: a member of the workspace, something an author listed, or both.

    A list of packages is read from this table alone, so it holds what the contract's Package has.
    """

    __tablename__ = "package"
    __table_args__ = (
        # A listing without a workspace has no place in the workspace's name space (null is
        # distinct from null), so an author cannot take a name from a workspace package.
        UniqueConstraint("workspace_id", "name"),
        Index(None, "workspace_id", "type", "name"),
        Index(None, "path"),
        # And one of the members, in `partial_indexes.py`.
        # Ids are shown in cursors and global ids: one that is gone must not come back.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Key]
    # Null for a package that is listed only.
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(CodePointText)
    # From the root, with `/`; `.` is the root itself; null for a package that is listed only.
    path: Mapped[str | None] = mapped_column(CodePointText)
    version: Mapped[str] = mapped_column(default="")
    type: Mapped[str] = mapped_column(default="lib")
    description: Mapped[str] = mapped_column(default="")
    license: Mapped[str] = mapped_column(default="")
    private: Mapped[bool] = mapped_column(default=False)
    maintainers: Mapped[list[str]] = mapped_column(default=list)
    repository: Mapped[dict[str, str]] = mapped_column(default=dict)
    scripts: Mapped[dict[str, str]] = mapped_column(default=dict)
    dependencies: Mapped[dict[str, str]] = mapped_column(default=dict)
    dev_dependencies: Mapped[dict[str, str]] = mapped_column(default=dict)
    peer_dependencies: Mapped[dict[str, str]] = mapped_column(default=dict)
    optional_dependencies: Mapped[dict[str, str]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Last time that something in this row changed; an unchanged refresh does not touch it.
    last_updated: Mapped[datetime] = mapped_column(default=utc_now)
    last_commit_id: Mapped[int | None] = mapped_column(
        ForeignKey("commit.id", ondelete="SET NULL"), index=True
    )
    # What the contract shows of it, as JSON text (`registry.rules.package_document`). An insert
    # makes it; whoever changes a column that is shown makes it anew.
    document: Mapped[str] = mapped_column(default=_document, server_default=text("''"))
    # The listing that its manifest names as its own (`registry.packageId`); null: none.
    listing_identifier: Mapped[str | None]
    # SHA-256 of the manifest's bytes as last read, in hex: a write that builds on others fails.
    manifest_hash: Mapped[str] = mapped_column(default="")


class Dependency(Base):
    """One line of a manifest's dependency sections; the same name may stand in two kinds."""

    __tablename__ = "dependency"
    __table_args__ = (UniqueConstraint("package_id", "name", "kind"),)

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(CodePointText)
    # As written: `^1.2.3`, `workspace:*`, `npm:other@1`, `file:../x`, …
    range: Mapped[str]
    # What kind of thing the range is: registry, tag, workspace, catalog, npm, file, link, git, url…
    protocol: Mapped[str] = mapped_column(default="registry")
    # The workspace member that it resolves to.
    target_id: Mapped[int | None] = mapped_column(
        ForeignKey("package.id", ondelete="SET NULL"), index=True
    )
    latest: Mapped[str] = mapped_column(default="")
    outdated: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="")
    # The package and the range, or tag, that it asks an npm registry for; empty where it asks none.
    registry_name: Mapped[str] = mapped_column(
        CodePointText, default="", server_default=text("''"), index=True
    )
    registry_range: Mapped[str] = mapped_column(default="", server_default=text("''"))


class Issue(Base):
    """Something wrong with a package, or (without one) with the workspace."""

    __tablename__ = "issue"
    __table_args__ = (Index(None, "package_id"), Index(None, "workspace_id"))

    id: Mapped[Key]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    # Where: a path from the workspace's root.
    path: Mapped[str] = mapped_column(default="")
    code: Mapped[str]
    severity: Mapped[str]
    message: Mapped[str]
    # What it was found by, for programs; its keys follow from the code (`docs/issues.md`).
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Health(Base):
    """A package's score and its parts; what was never measured is unknown, or null."""

    __tablename__ = "health"

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), unique=True
    )
    overall_score: Mapped[int]
    build_status: Mapped[str] = mapped_column(default="unknown")
    # Per cent.
    test_coverage: Mapped[float | None]
    lint_status: Mapped[str] = mapped_column(default="unknown")
    security_audit: Mapped[str] = mapped_column(default="unknown")
    # The documented `packageDependencies`, a text.
    dependencies: Mapped[str] = mapped_column(default="")
    # The evidence behind each part; null where it is unknown.
    build_id: Mapped[int | None] = mapped_column(
        ForeignKey("build.id", ondelete="SET NULL"), index=True
    )
    coverage_report_id: Mapped[int | None] = mapped_column(
        ForeignKey("report.id", ondelete="SET NULL"), index=True
    )
    lint_report_id: Mapped[int | None] = mapped_column(
        ForeignKey("report.id", ondelete="SET NULL"), index=True
    )
    audit_report_id: Mapped[int | None] = mapped_column(
        ForeignKey("report.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class Build(Base):
    """A CI run of a package, known by the CI's own run id."""

    __tablename__ = "build"
    __table_args__ = (
        UniqueConstraint("package_id", "run_id"),
        Index(None, "package_id", "finished_at"),
        # The newest of all, and the newest of one branch.
        Index(None, "package_id", "started_at", "id"),
        Index(None, "package_id", "branch", "started_at", "id"),
    )

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    run_id: Mapped[str]
    status: Mapped[str]
    commit_hash: Mapped[str] = mapped_column(default="")
    branch: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # Finish less start, in milliseconds, for the mean; null while either is unknown.
    duration: Mapped[int | None] = mapped_column(BigInteger)


class BuildDay(Base):
    """What a package's builds of one branch that finished on one day come to.

    Kept by the writes of builds, so that a rate over months reads a row a day, however many
    builds there were.
    """

    __tablename__ = "build_day"
    __table_args__ = ({"sqlite_with_rowid": False},)

    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), primary_key=True
    )
    branch: Mapped[str] = mapped_column(primary_key=True)
    # In UTC.
    day: Mapped[date] = mapped_column(primary_key=True)
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    # How many of them have a duration, and their sum in milliseconds.
    timed: Mapped[int] = mapped_column(default=0)
    duration: Mapped[int] = mapped_column(BigInteger, default=0)


class BuildFigure(Base):
    """What a package's builds of the default branch come to, over the days that count.

    A reader needs no clock for it: the writes of builds and, as days pass, the worker keep it.
    """

    __tablename__ = "build_figure"

    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    # Of which branch (builds that name none count, too), and from which day on, in UTC.
    branch: Mapped[str]
    since: Mapped[date]
    # How many succeeded or failed, and how many of them succeeded.
    finished: Mapped[int]
    succeeded: Mapped[int]
    # How many of them have a duration, and their sum in milliseconds.
    timed: Mapped[int]
    duration: Mapped[int] = mapped_column(BigInteger)
