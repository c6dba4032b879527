"""Issues that come from comparing packages and dependencies with each other."""

from typing import Any

from sqlalchemy import Connection, select

from registry.issues.keep import IssueRow, replace_issues, write_evidence
from registry.models import Dependency, Issue, Package, Workspace
from registry.rules.findings import DependencyFacts, PackageFacts, find_issues
from registry.rules.issue_codes import IssueCode
from registry.rules.local_paths import LOCAL, places_of
from registry.rules.specifiers import parse_specifier

# The tool that links by name, as `registry.workspace.layout` calls it.
BUN = "bun"

# The codes that are found here.
CODES = (
    IssueCode.LICENSE_MISSING,
    IssueCode.REPOSITORY_MISSING,
    IssueCode.DEPENDENCY_CYCLE,
    IssueCode.WORKSPACE_DEPENDENCY_MISSING,
    IssueCode.LOCAL_DEPENDENCY_MISSING,
    IssueCode.WORKSPACE_RANGE_UNMET,
    IssueCode.DEPENDENCY_RANGES_DIFFER,
)


def update_dependency_issues(connection: Connection, workspace_id: int) -> bool:
    """Look at all packages and their dependencies anew; tells whether any issue changed.

    Four statements read, however many packages there are; only what changed is written.
    """
    workspace = connection.execute(
        select(Workspace.tool, Workspace.local_targets).where(Workspace.id == workspace_id)
    ).one()
    members = {
        row.id: row
        for row in connection.execute(
            select(
                Package.id,
                Package.name,
                Package.path,
                Package.version,
                Package.private,
                Package.license,
                Package.repository,
            )
            .where(Package.workspace_id == workspace_id)
            .order_by(Package.name)
        )
    }
    packages = [
        PackageFacts(row.name, row.version, row.private, bool(row.license), bool(row.repository))
        for row in members.values()
    ]
    dependencies = [
        DependencyFacts(
            members[row.package_id].name,
            row.kind,
            row.name,
            row.range,
            row.protocol,
            members[row.target_id].name if row.target_id in members else "",
            row.outdated,
            row.registry_name,
            row.registry_range,
            _missing_at(members[row.package_id].path or "", row, workspace),
        )
        for row in connection.execute(
            select(
                Dependency.package_id,
                Dependency.kind,
                Dependency.name,
                Dependency.range,
                Dependency.protocol,
                Dependency.target_id,
                Dependency.outdated,
                Dependency.registry_name,
                Dependency.registry_range,
            ).order_by(Dependency.package_id, Dependency.kind, Dependency.name)
        )
        if row.package_id in members
    ]
    by_name = {row.name: row for row in members.values()}
    rows = []
    for finding in find_issues(packages, dependencies):
        package = by_name.get(finding.package)
        rows.append(
            IssueRow(
                package.id if package else None,
                package.path or "" if package else "",
                finding.code,
                finding.severity,
                finding.message,
                write_evidence(finding.evidence),
            )
        )
    return replace_issues(connection, workspace_id, rows, Issue.code.in_(CODES))


def _missing_at(package_path: str, dependency: Any, workspace: Any) -> str:
    """Give where a local dependency should be, if the last refresh looked and found nothing."""
    if dependency.protocol not in LOCAL or dependency.target_id is not None:
        return ""
    specifier = parse_specifier(dependency.name, dependency.range)
    by_name = workspace.tool == BUN
    places = places_of(package_path, specifier, linked_by_name=by_name)
    looked = workspace.local_targets or {}
    return places[0] if places and not any(looked.get(place, True) for place in places) else ""
