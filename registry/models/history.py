"""Commits, which packages they touched, and the versions that history and authors know."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, BigKey, CodePointText, Key, utc_now


class Commit(Base):
    """One commit; its texts are git's, with undecodable bytes replaced.

    Ids rise with the order of history within one date, so that `date, id` orders commits as git
    does even where several bear the same second (see `registry/refresh/`).
    """

    __tablename__ = "commit"
    __table_args__ = (
        # The hash first: a commit is looked up by it alone, or by its beginning.
        UniqueConstraint("hash", "workspace_id"),
        Index(None, "workspace_id", "date", "id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    hash: Mapped[str]
    # When it entered this history (git's committer date), the one that `newest first` goes by.
    date: Mapped[datetime]
    # When it was first written (git's author date); a rebase or cherry-pick keeps it.
    authored_date: Mapped[datetime]
    # Git's author is text on a commit, not a registry author.
    author_name: Mapped[str]
    author_email: Mapped[str]
    # The subject.
    message: Mapped[str]
    # The conventional-commit type, else `other`; scope and breaking mark likewise.
    type: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    breaking: Mapped[bool] = mapped_column(default=False)
    # Merges are looked up by hash, but belong to no package (contract, section 0: --no-merges).
    merge: Mapped[bool] = mapped_column(default=False)


class PackageCommit(Base):
    """A commit touched a package. The date is the commit's, copied so that one index orders."""

    __tablename__ = "package_commit"
    __table_args__ = (
        # Clustered by what every list of commits asks for.
        {"sqlite_with_rowid": False},
    )

    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), primary_key=True
    )
    date: Mapped[datetime] = mapped_column(primary_key=True)
    commit_id: Mapped[int] = mapped_column(
        ForeignKey("commit.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class FormerCommit(Base):
    """A commit touched a package where it was before it moved; none of these is a PackageCommit.

    So both together are the history that follows the package, and each alone is read as before.
    """

    __tablename__ = "former_commit"
    __table_args__ = ({"sqlite_with_rowid": False},)

    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), primary_key=True
    )
    date: Mapped[datetime] = mapped_column(primary_key=True)
    commit_id: Mapped[int] = mapped_column(
        ForeignKey("commit.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Departure(Base):
    """A commit deleted a manifest: where it was, and the name that it bore.

    A package that comes up later, or moves, finds here whether it has a history elsewhere.
    """

    __tablename__ = "departure"

    commit_id: Mapped[int] = mapped_column(
        ForeignKey("commit.id", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(CodePointText, primary_key=True)
    name: Mapped[str] = mapped_column(CodePointText, index=True)


class Version(Base):
    """One version of a package, known from git, from a publication, or both."""

    __tablename__ = "version"
    __table_args__ = (
        UniqueConstraint("package_id", "version"),
        Index(None, "package_id", "sort_key", "id"),
        Index(None, "commit_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Key]
    package_id: Mapped[int] = mapped_column(ForeignKey("package.id", ondelete="CASCADE"))
    version: Mapped[str]
    # Bytes that sort by precedence: semver's for git's versions, the grammar's for published ones.
    sort_key: Mapped[bytes] = mapped_column(LargeBinary)
    # Whether the manifest's history holds it (else it is known from its publication alone).
    from_git: Mapped[bool] = mapped_column(default=False)
    # When the commit introduced it, or the author uploaded it; null for one not yet committed.
    date: Mapped[datetime | None]
    tag: Mapped[str] = mapped_column(default="")
    # The commit that introduced it, or that its publication was built from.
    commit_id: Mapped[int | None] = mapped_column(ForeignKey("commit.id", ondelete="SET NULL"))


class Publication(Base):
    """An uploaded version's record; its absence means that the version is known from git only."""

    __tablename__ = "publication"
    __table_args__ = (
        # The stored files that rows name: asked for each one that is found in the store.
        Index(None, "hash"),
        Index(None, "upload_hash"),
        # What is still to be processed, and since when.
        Index(None, "status", "upload_date"),
    )

    version_id: Mapped[int] = mapped_column(
        ForeignKey("version.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[str]
    # One sentence for the author: why processing failed. Empty in all other states.
    failure_reason: Mapped[str] = mapped_column(default="")
    is_public: Mapped[bool]
    # Never with `is_public`; a version that is neither needs the private key as well.
    is_private: Mapped[bool] = mapped_column(default=False)
    # Whether the artifact is kept for good; never false with `is_public`.
    is_stored: Mapped[bool]
    supports_macos: Mapped[bool] = mapped_column(default=True)
    supports_windows: Mapped[bool] = mapped_column(default=True)
    supports_linux: Mapped[bool] = mapped_column(default=True)
    # SHA-256 of the key that installs a version that is not public; null for a public one.
    private_key_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    installs: Mapped[int] = mapped_column(BigInteger, default=0)
    # Bytes of the artifact, which count against the author's quota, and about how many it takes up
    # once installed; 0 without one.
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    installed_size: Mapped[int] = mapped_column(BigInteger, default=0)
    # SHA-256 of the artifact, in hex, by which the store finds it too; stays when it is removed.
    hash: Mapped[str] = mapped_column(default="")
    # The artifact's address, and the unguessable part at its end; null while there is none.
    loc: Mapped[str] = mapped_column(default="")
    download_key: Mapped[str | None] = mapped_column(unique=True)
    # When the artifact of a version that is not stored goes; null: it stays.
    stored_until: Mapped[datetime | None]
    # SHA-256 of the uploaded file, in hex, by which the store finds it, and its bytes; empty and 0
    # once it is processed.
    upload_hash: Mapped[str] = mapped_column(default="")
    upload_size: Mapped[int] = mapped_column(BigInteger, default=0)
    # Pairs of package identifier and version selection, as the author wrote them.
    dependencies: Mapped[list[Any]] = mapped_column(default=list)
    incompatibilities: Mapped[list[Any]] = mapped_column(default=list)
    xp_selection: Mapped[str] = mapped_column(default="*")
    # The full hash of the commit that its author says it was built from; empty: not said. The
    # version's own commit is it as soon as the catalogued history has it.
    commit_hash: Mapped[str] = mapped_column(default="")
    upload_date: Mapped[datetime] = mapped_column(default=utc_now)
