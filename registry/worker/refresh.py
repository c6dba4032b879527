"""The job that brings the catalogue up to date with its workspace."""

from registry.catalogue.workspaces import remembered_workspace
from registry.dependencies.lookup_requests import request_due_lookups
from registry.errors import WorkspaceUnavailable
from registry.jobs import Work
from registry.refresh import Progress, refresh_workspace


def refresh(work: Work) -> None:
    """Refresh the configured workspace, or the one that the database remembers.

    Raises:
        WorkspaceUnavailable: there is none, or it cannot be read; nothing was changed.
    """
    workspace = work.settings.workspace or remembered_workspace(work.engine)
    if workspace is None:
        raise WorkspaceUnavailable(
            "No workspace is configured: set REGISTRY_WORKSPACE to a git repository's path.",
            code="workspace_not_configured",
        )

    def listen(progress: Progress) -> None:
        work.report(progress.done, progress.total, progress.phase)

    refresh_workspace(work.engine, workspace, listen, reports=work.settings.report_files())
    request_due_lookups(work.sessions, work.settings)
