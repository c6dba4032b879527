"""Issues that come from comparing packages and dependencies with each other."""

from sqlalchemy import Connection, select

from registry.issues.keep import IssueRow, replace_issues, write_evidence
from registry.models import Dependency, Issue, Package
from registry.rules.findings import DependencyFacts, PackageFacts, find_issues
from registry.rules.issue_codes import IssueCode

# The codes that are found here.
CODES = (
    IssueCode.LICENSE_MISSING,
    IssueCode.REPOSITORY_MISSING,
    IssueCode.DEPENDENCY_CYCLE,
    IssueCode.WORKSPACE_DEPENDENCY_MISSING,
    IssueCode.WORKSPACE_RANGE_UNMET,
    IssueCode.DEPENDENCY_RANGES_DIFFER,
)


def update_dependency_issues(connection: Connection, workspace_id: int) -> bool:
    """Look at all packages and their dependencies anew; tells whether any issue changed.

    Three statements read, however many packages there are; only what changed is written.
    """
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
