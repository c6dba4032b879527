"""Keeping issues: only what changed is written."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Text, cast, delete, insert, select

from registry.models import Issue

# SQLite's oldest limit on parameters of one statement is 999.
_BATCH = 500


class IssueRow(NamedTuple):
    """An issue as its table has it; `evidence` is the text of a JSON object."""

    package_id: int | None
    path: str
    code: str
    severity: str
    message: str
    evidence: str = "{}"


def write_evidence(evidence: Mapping[str, Any]) -> str:
    """Write evidence as its table has it, so that equal evidence is equal text."""
    return orjson.dumps(evidence).decode()


def replace_issues(
    connection: Connection,
    workspace_id: int,
    rows: Iterable[IssueRow],
    mine: ColumnElement[bool],
) -> bool:
    """Bring the issues of one finder in line with what it found; tells whether any changed.

    Args:
        connection: in a transaction that was begun to write.
        workspace_id: whose issues.
        rows: all that was found.
        mine: says which issues the finder answers for.
    """
    missing = Counter(rows)
    stale = []
    existing = connection.execute(
        select(
            Issue.id,
            Issue.package_id,
            Issue.path,
            Issue.code,
            Issue.severity,
            Issue.message,
            cast(Issue.evidence, Text),
        ).where(Issue.workspace_id == workspace_id, mine)
    )
    for id_, package_id, path, code, severity, message, evidence in existing:
        row = IssueRow(package_id, path, code, severity, message, evidence)
        if missing[row]:
            missing[row] -= 1
        else:
            stale.append(id_)
    for start in range(0, len(stale), _BATCH):
        connection.execute(delete(Issue).where(Issue.id.in_(stale[start : start + _BATCH])))
    new = [
        {**row._asdict(), "workspace_id": workspace_id, "evidence": orjson.loads(row.evidence)}
        for row in missing.elements()
    ]
    if new:
        connection.execute(insert(Issue), new)
    return bool(stale or new)
