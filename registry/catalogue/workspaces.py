"""The workspaces that the catalogue is of."""

from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.models import Workspace


def remembered_workspace(engine: Engine) -> Path | None:
    """Tell which workspace this database catalogues; None where it has none yet."""
    with Session(engine) as session:
        path = session.scalar(select(Workspace.path).order_by(Workspace.id).limit(1))
    return None if path is None else Path(path)
