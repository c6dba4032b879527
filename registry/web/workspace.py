"""The workspace that this server catalogues.

What reads one is loaded with the first request that needs it: most servers are asked by readers
alone, and start in less time without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app

from registry.catalogue.workspaces import remembered_workspace
from registry.dependencies.lookup_requests import request_due_lookups
from registry.errors import WorkspaceUnavailable
from registry.settings import Settings
from registry.web.database import app_sessions, db
from registry.web.settings import current_settings

if TYPE_CHECKING:
    from registry.refresh import ScanReport


def configured_workspace() -> Path:
    """Tell which workspace to catalogue: the setting's, or the one that the database remembers.

    Raises:
        WorkspaceUnavailable: neither knows one.
    """
    settings: Settings = current_app.extensions["registry.settings"]
    workspace = settings.workspace or remembered_workspace(db.engine)
    if workspace is None:
        raise WorkspaceUnavailable(
            "No workspace is configured: set REGISTRY_WORKSPACE to a git repository's path.",
            code="workspace_not_configured",
        )
    return workspace


def refresh_configured_workspace() -> "ScanReport":
    """Bring the catalogue up to date with the workspace.

    Raises:
        WorkspaceUnavailable: there is none, or it cannot be read; nothing was changed.
    """
    from registry.refresh import refresh_workspace  # noqa: PLC0415 -- see above

    report = refresh_workspace(
        db.engine, configured_workspace(), reports=current_settings().report_files()
    )
    request_due_lookups(app_sessions(), current_settings())
    return report
