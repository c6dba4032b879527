"""Packages of an npm registry that the workspace depends on, as they were last looked up."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, CodePointText, utc_now


class ExternalPackage(Base):
    """What an npm registry said of a package; a cache, from which dependencies are judged."""

    __tablename__ = "external_package"

    name: Mapped[str] = mapped_column(CodePointText, primary_key=True)
    # Whether the registry has it.
    found: Mapped[bool]
    # The registry's tag of this state, to ask for a newer one only; empty where it gave none.
    etag: Mapped[str] = mapped_column(default="")
    # The version that the tag `latest` names.
    latest: Mapped[str] = mapped_column(default="")
    versions: Mapped[list[str]] = mapped_column(default=list)
    # Those of the versions that are deprecated.
    deprecated: Mapped[list[str]] = mapped_column(default=list)
    # Versions by tag.
    tags: Mapped[dict[str, str]] = mapped_column(default=dict)
    # When the registry last answered, with something new or not.
    fetched_at: Mapped[datetime] = mapped_column(default=utc_now)
