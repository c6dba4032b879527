"""Rows of the catalogue as the documents show them: keys, their order, their types."""

from collections.abc import Sequence
from typing import Any

from orjson import Fragment

from registry.catalogue.columns import Columns
from registry.catalogue.health import HealthSummary
from registry.rules.score import HEALTHY_FROM
from registry.web.json import dump_json


def represent_packages(documents: bytes) -> bytes:
    """Show packages, each the JSON text of one, joined by commas (contract, section 2: Package)."""
    return b'{"packages":[%b]}' % documents


def represent_detail(row: Columns) -> bytes:
    """Show a package with all that is known of it (contract, section 2: Detail)."""
    more = {
        "dependenciesInfo": Fragment(row.dependencies),
        "commits": Fragment(row.commits),
        "packageHealth": {} if row.health is None else Fragment(row.health),
        "successRate": round(100 * row.succeeded / row.finished, 2) if row.finished else None,
        "averageDuration": None if row.duration is None else round(float(row.duration), 2),
        "lastCommit": (row.hash or "")[:7],
        "lastCommitDate": row.date or "",
        "branch": row.branch,
        "isHealthy": row.score is not None and row.score >= HEALTHY_FROM,
        "issues": Fragment(row.issues),
    }
    # Two objects made one: the brace that ends the first, and the one that begins the second.
    document: str = row.document
    return document.encode()[:-1] + b"," + dump_json(more)[1:]


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
