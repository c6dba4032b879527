"""Rows of the catalogue as the documents show them: keys, their order, their types."""

from collections.abc import Sequence
from typing import Any

import orjson

from registry.catalogue.columns import Columns
from registry.catalogue.health import HealthSummary
from registry.catalogue.packages import BuildFigures
from registry.rules.score import HEALTHY_FROM


def represent_package(row: Columns) -> dict[str, Any]:
    """Show a package (contract, section 2: Package)."""
    return {
        "name": row.name,
        "version": row.version,
        "type": row.type,
        "createdAt": row.created_at,
        "lastUpdated": row.last_updated,
        "dependencies": orjson.Fragment(row.dependencies),
        "maintainers": orjson.Fragment(row.maintainers),
        "path": row.path,
        "description": row.description,
        "license": row.license,
        "repository": orjson.Fragment(row.repository),
        "scripts": orjson.Fragment(row.scripts),
        "devDependencies": orjson.Fragment(row.dev_dependencies),
        "peerDependencies": orjson.Fragment(row.peer_dependencies),
    }


def represent_detail(
    package: Columns,
    *,
    dependencies: Sequence[Columns],
    commits: Sequence[Columns],
    health: Columns | None,
    builds: BuildFigures,
    issues: Sequence[Columns],
) -> dict[str, Any]:
    """Show a package with all that is known of it (contract, section 2: Detail)."""
    name = package.name
    return {
        **represent_package(package),
        "dependenciesInfo": [_represent_dependency(row, name) for row in dependencies],
        "commits": [_represent_commit_of_detail(row, name) for row in commits],
        "packageHealth": {} if health is None else _represent_package_health(health, name),
        "successRate": builds.success_rate,
        "averageDuration": builds.average_duration,
        "lastCommit": (package.hash or "")[:7],
        "lastCommitDate": package.date or "",
        "branch": package.branch,
        "isHealthy": health is not None and health.overall_score >= HEALTHY_FROM,
        "issues": [
            {"code": row.code, "severity": row.severity, "message": row.message} for row in issues
        ],
    }


def _represent_dependency(row: Columns, package_name: str) -> dict[str, Any]:
    return {
        "name": row.name,
        "packageName": package_name,
        "version": row.range,
        "type": row.kind,
        "status": row.status,
        "latest": row.latest,
        "outdated": row.outdated,
    }


def _represent_commit_of_detail(row: Columns, package_name: str) -> dict[str, Any]:
    return {
        "author": row.author_name,
        "date": row.date,
        "hash": row.hash,
        "message": row.message,
        "packageName": package_name,
        "type": row.type,
    }


def represent_commit(row: Columns, package_name: str) -> dict[str, Any]:
    """Show a commit as the commits route lists it (contract, section 2)."""
    return {
        "hash": row.hash,
        "author": row.author_name,
        "packageName": package_name,
        "date": row.date,
        "message": row.message,
        "type": row.type,
    }


def _represent_package_health(row: Columns, package_name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "packageName": package_name,
        "packageOverallScore": row.overall_score,
        "packageBuildStatus": row.build_status,
        "packageTestCoverage": row.test_coverage,
        "packageLintStatus": row.lint_status,
        "packageSecurity": row.security_audit,
        "packageDependencies": row.dependencies,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def represent_health(rows: Sequence[Columns], summary: HealthSummary) -> dict[str, Any]:
    """Show every package's health and what it comes to (contract, section 2)."""
    return {
        "packages": [represent_one_health(row) for row in rows],
        "summary": {
            "total": summary.total,
            "healthy": summary.healthy,
            "unhealthy": summary.unhealthy,
            "averageScore": summary.average_score,
        },
    }


def represent_one_health(row: Columns) -> dict[str, Any]:
    """Show one package's health."""
    return {
        "packageName": row.name,
        "health": {
            "buildStatus": row.build_status,
            "testCoverage": row.test_coverage,
            "lintStatus": row.lint_status,
            "securityAudit": row.security_audit,
            "overallScore": row.overall_score,
        },
        "isHealthy": row.overall_score >= HEALTHY_FROM,
    }
