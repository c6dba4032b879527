"""What tools measured of a package, and how its health went from day to day."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, CodePointText, Key, utc_now


class Report(Base):
    """What one report says: a file of the workspace, or what was uploaded last of a kind."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("package_id", "kind", "path"),
        # Ids are the evidence that a score names: one that is gone must not come back.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    # `registry.rules.enumerations.ReportKind`
    kind: Mapped[str]
    # From the workspace's root; empty for the one that was uploaded.
    path: Mapped[str] = mapped_column(CodePointText, default="")
    # When the tool wrote it (a file's time of modification), or when it was uploaded.
    measured_at: Mapped[datetime]
    # Which of the known formats it is; empty for a file that is none.
    format: Mapped[str] = mapped_column(default="")
    # By what an unchanged file is known; a time of 0: it must be read again.
    inode: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    mtime_ns: Mapped[int] = mapped_column(BigInteger, default=0)
    # `registry.rules.enumerations.CheckStatus`; unknown for coverage, which is no verdict.
    verdict: Mapped[str] = mapped_column(default="unknown")
    # Of lines, in per cent; null for other kinds, and where there is not one line to cover.
    coverage: Mapped[float | None]
    # The counts behind it, by the names that `docs/health.md` gives.
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Where and why a file makes no sense; it then counts for nothing. Empty if it does.
    problem: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class HealthDay(Base):
    """A package's health at the end of a day on which it changed."""

    __tablename__ = "health_day"
    __table_args__ = (UniqueConstraint("package_id", "day"),)

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    # In UTC, as `2026-11-22`.
    day: Mapped[str] = mapped_column(CodePointText)
    overall_score: Mapped[int]
    confidence: Mapped[int]
    build_status: Mapped[str]
    test_coverage: Mapped[float | None]
    lint_status: Mapped[str]
    security_audit: Mapped[str]
