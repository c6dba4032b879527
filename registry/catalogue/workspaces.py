"""The workspaces that the catalogue is of."""

from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.models import Workspace

# Its columns, which need nothing else: a statement that names a class has all classes set up first.
# A server asks these before it answers anything.
WORKSPACE = Workspace.__table__.c


def remembered_workspace(engine: Engine) -> Path | None:
    """Tell which workspace this database catalogues; None where it has none yet."""
    with Session(engine) as session:
        path = session.scalar(select(WORKSPACE.path).order_by(WORKSPACE.id).limit(1))
    return None if path is None else Path(path)
