"""`/api/issues`: what is wrong with the workspace and its packages."""

from typing import Any

import orjson
from flask import Blueprint, Response

from registry.catalogue.columns import Columns
from registry.catalogue.issues import list_issues
from registry.errors import InvalidInput
from registry.rest.paging import decode_cursor, encode_cursor, next_link
from registry.rules.enumerations import Severity
from registry.rules.issue_codes import IssueCode
from registry.web.arguments import choices_argument, int_argument, text_argument
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response

issues = Blueprint("issues", __name__, url_prefix="/api/issues")

MAX_PAGE_SIZE = 1_000


@issues.get("")
@conditional_read(kept=True)
def list_all_issues() -> Response:
    """List the issues, all of them or a page."""
    limit = int_argument("limit", default=None, minimum=1, maximum=MAX_PAGE_SIZE)
    cursor = text_argument("cursor")
    rows = list_issues(
        read_session(),
        severities=choices_argument("severity", Severity),
        codes=choices_argument("code", IssueCode),
        package=text_argument("package") or None,
        after=_read_cursor(cursor) if cursor else None,
        limit=None if limit is None else limit + 1,
    )
    response = json_response({"issues": [_represent(row) for row in rows[:limit]]})
    if limit is not None and len(rows) > limit:
        last = rows[limit - 1]
        response.headers["Link"] = next_link(encode_cursor(f"{last.id} {last.name}"))
    return response


def _read_cursor(cursor: str) -> tuple[str, int]:
    id_, _, name = decode_cursor(cursor).partition(" ")
    if not id_.isascii() or not id_.isdigit() or len(id_) > 18:  # noqa: PLR2004 -- within 64 bits
        raise InvalidInput.of("cursor", "is no cursor of this list; take it from the Link header.")
    return name, int(id_)


def _represent(row: Columns) -> dict[str, Any]:
    return {
        "code": row.code,
        "severity": row.severity,
        "message": row.message,
        "evidence": orjson.Fragment(row.evidence),
        "packageName": row.name,
        "path": row.path,
    }
