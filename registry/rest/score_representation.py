"""A score explained: what each part is worth, and what says so."""

from typing import Any

from registry.catalogue.columns import Columns
from registry.catalogue.measurements import Evidence
from registry.rest.reports import represent_report
from registry.rules.score import Score


def represent_score(score: Score, evidence: Evidence) -> dict[str, Any]:
    """Show the points, how much was measured, and the build and reports behind them."""
    return {
        "points": {
            "build": score.build,
            "coverage": score.coverage,
            "lint": score.lint,
            "security": score.security,
        },
        "confidence": score.confidence,
        "evidence": {
            "build": {} if evidence.build is None else _build(evidence.build),
            "coverage": _report(evidence.coverage),
            "lint": _report(evidence.lint),
            "security": _report(evidence.security),
        },
    }


def _build(row: Columns) -> dict[str, Any]:
    """Show the build that a score follows from."""
    return {
        "runId": row.run_id,
        "status": row.status,
        "branch": row.branch,
        "commit": row.commit_hash,
        "url": row.url,
        "startedAt": row.started_at or "",
        "finishedAt": row.finished_at or "",
    }


def _report(row: Columns | None) -> dict[str, Any]:
    return {} if row is None else represent_report(row)
