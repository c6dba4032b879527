"""How often versions were installed, by the hour."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base


class InstallHour(Base):
    """The installs of one version within one hour; an hour without any has no row."""

    __tablename__ = "install_hour"
    __table_args__ = ({"sqlite_with_rowid": False},)

    version_id: Mapped[int] = mapped_column(
        ForeignKey("version.id", ondelete="CASCADE"), primary_key=True
    )
    # Its beginning, in UTC.
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    installs: Mapped[int] = mapped_column(BigInteger)
