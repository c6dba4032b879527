"""Uploads that come in pieces."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base


class UploadSession(Base):
    """A version's file that is on its way; how much of it is there, the file itself tells."""

    __tablename__ = "upload_session"

    # Unguessable, and the name of the file among the store's partial files.
    id: Mapped[str] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), index=True)
    # Whether the file is for a version that failed.
    is_retry: Mapped[bool]
    # What the author said of the version, as it was sent.
    fields: Mapped[dict[str, Any]]
    # Of the whole file: its bytes, and its SHA-256 in hex; empty: not said.
    length: Mapped[int] = mapped_column(BigInteger)
    file_hash: Mapped[str]
    # Of the private key that the author was told; null: the version is to be public.
    private_key_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # Null: there is no version of it yet.
    finished_at: Mapped[datetime | None]
