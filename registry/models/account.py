"""Who publishes: authors, their tokens, their listings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, CodePointText, Key, utc_now


class Author(Base):
    """Someone who publishes."""

    __tablename__ = "author"

    id: Mapped[Key]
    # The documented `authorId`, e.g. `GPew5C4M1688712972`.
    author_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    # The name without case, which is how names are told apart.
    name_key: Mapped[str] = mapped_column(unique=True)
    # Most bytes that the author's artifacts may take up; null: as many as the setting says.
    storage_quota: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Token(Base):
    """What an author authenticates with. The secret itself is shown once and kept nowhere."""

    __tablename__ = "token"

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), index=True)
    # SHA-256 of the secret. A fast hash is right: the secret is 256 random bits.
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # The secret's first characters, by which people tell their tokens apart.
    prefix: Mapped[str] = mapped_column(unique=True)
    # `registry.rules.permissions.Permission`, as an integer.
    permissions: Mapped[int] = mapped_column(BigInteger)
    # What its author calls it, and what it is for; empty for one that the command issued.
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    # The packageIds that each permission on specific packages is limited to, by its name.
    packages: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Null: never.
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


def _own_package(context: DefaultExecutionContext) -> int:
    package_id: int = context.get_current_parameters()["package_id"]  # type: ignore[no-untyped-call]  # SQLAlchemy's
    return package_id


class Listing(Base):
    """An author's registration of a package."""

    __tablename__ = "listing"

    # The package that it began with, and goes back to when a link to one of the workspace's ends.
    # It never changes, so it is the listing's key.
    home_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), primary_key=True, default=_own_package
    )
    # The package that it is of, with its versions: its home, or one of the workspace's.
    package_id: Mapped[int] = mapped_column(
        ForeignKey("package.id", ondelete="CASCADE"), unique=True
    )
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), index=True)
    # The documented `packageId`: the partial identifier, in lower case.
    identifier: Mapped[str] = mapped_column(CodePointText, unique=True)
    # The documented `packageName`, for people; told apart without case.
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    package_type: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    # The workspace's package that its author lets claim it; empty: none.
    allowed_package: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
