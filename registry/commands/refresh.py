"""`registry refresh`."""

import click
from sqlalchemy.orm import sessionmaker

from registry.catalogue.workspaces import remembered_workspace
from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.progress import show_progress
from registry.commands.terminal import count, is_quiet, print_json, print_result, suggest
from registry.dependencies.lookup_requests import request_due_lookups
from registry.errors import WorkspaceUnavailable
from registry.refresh import ScanReport, refresh_workspace

# In milliseconds.
_SECOND = 1000


@click.command("refresh")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--anew", is_flag=True, help="Read everything again, whatever is catalogued.")
def command(as_json: bool, anew: bool) -> None:
    """Catalogue the workspace: REGISTRY_WORKSPACE, or the one that the database remembers.

    Readers see the old catalogue until the new one is complete. A refresh that another one is
    ahead of waits for it and shares its result. `--anew` mends what `registry verify` finds of the
    catalogue, and takes as long as a first refresh.
    """
    settings = read_settings()
    with open_database(settings) as engine:
        require_migrated(engine)
        workspace = settings.workspace or remembered_workspace(engine)
        if workspace is None:
            raise WorkspaceUnavailable(
                "There is no workspace to catalogue: set REGISTRY_WORKSPACE to the path of a git "
                "repository, or run `registry demo`."
            )
        try:
            with show_progress(quiet=is_quiet()) as listener:
                report = refresh_workspace(
                    engine, workspace, listener, reports=settings.report_files(), anew=anew
                )
        except WorkspaceUnavailable as error:
            # Clients must not see where it is; whoever runs this command has to.
            raise click.ClickException(f"{workspace}: {error.detail}") from error
        # A worker finds them by itself, within seconds.
        request_due_lookups(sessionmaker(engine), settings)
    if as_json:
        print_json(report.as_dict())
    else:
        print_result(summarise(report))
    suggest("registry serve")


def summarise(report: ScanReport) -> str:
    """Tell a scan in three lines: of what, what is there, what is new."""
    branch = f" on {report.branch}" if report.branch else ""
    at = f"at {report.head[:7]}{branch}" if report.head else "without a commit"
    found = f"{count(report.packages, 'package')}, {count(report.issues, 'issue')}"
    changes = [
        f"{count(number, noun)} {what}"
        for number, noun, what in (
            (report.packages_changed, "package", "changed"),
            (report.commits_added, "commit", "added"),
            (report.commits_removed, "commit", "removed"),
            (report.versions_added, "version", "added"),
        )
        if number
    ]
    milliseconds = sum(report.durations.values())
    took = f"{milliseconds / 1000:.1f} s" if milliseconds >= _SECOND else f"{milliseconds:.0f} ms"
    shared = ", by another refresh" if report.shared else ""
    new = ", ".join(changes) or "nothing new"
    return f"{report.workspace} {at}\n{found}\n{new}, in {took}{shared}"
