"""`/api/builds`: CI runs, as the CI tells of them (`docs/api.md`, Builds)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from registry.catalogue.builds import BuildKey, list_builds
from registry.catalogue.columns import Columns
from registry.database import begin_write
from registry.errors import FieldError, InvalidInput
from registry.health.told_builds import ToldBuild, read_build
from registry.rest.paging import decode_cursor, encode_cursor, next_link
from registry.web.arguments import int_argument, text_argument
from registry.web.authentication import require_write
from registry.web.body import json_object_body
from registry.web.conditional import conditional_read
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response
from registry.web.settings import current_settings

if TYPE_CHECKING:
    from registry.health.builds import RecordedBuild

builds = Blueprint("builds", __name__, url_prefix="/api")

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1_000
MAX_BATCH = 1_000


@builds.get("/packages/<package_name:name>/builds")
@conditional_read()
def list_package_builds(name: str) -> Response:
    """List a package's builds, the newest first, a page at a time."""
    limit = int_argument("limit", default=DEFAULT_PAGE_SIZE, minimum=1, maximum=MAX_PAGE_SIZE)
    cursor = text_argument("cursor")
    after = BuildKey.read(decode_cursor(cursor)) if cursor else None
    rows = list_builds(
        read_session(), name, branch=text_argument("branch") or None, after=after, limit=limit + 1
    )
    shown = [_represent_row(row) for row in rows[:limit]]
    response = json_response({"packageName": name, "builds": shown})
    if len(rows) > limit:
        response.headers["Link"] = next_link(encode_cursor(BuildKey.of(rows[limit - 1]).write()))
    return response


@builds.post("/packages/<package_name:name>/builds")
def tell_of_build(name: str) -> Response:
    """Record one build of one package: 201 if it is new, 200 if it was known."""
    require_write()
    told = read_build(json_object_body(), name)
    # What writes builds and the scores that follow: those who read do without.
    from registry.health.builds import record_build  # noqa: PLC0415 -- see above

    with app_sessions()() as session:
        begin_write(session)
        recorded = record_build(session, told, window_days=current_settings().build_window_days)
        session.commit()
    return json_response({"build": _represent(recorded)}, 201 if recorded.created else 200)


@builds.post("/builds")
def tell_of_builds() -> Response:
    """Record builds of many packages, all or none: 201 if any is new, else 200."""
    require_write()
    told = _read_many(json_object_body())
    from registry.health.builds import record_builds  # noqa: PLC0415 -- as above

    with app_sessions()() as session:
        begin_write(session)
        recorded = record_builds(session, told, window_days=current_settings().build_window_days)
        session.commit()
    created = any(each.created for each in recorded)
    return json_response(
        {"builds": [_represent(each) for each in recorded]}, 201 if created else 200
    )


def _read_many(body: dict[str, Any]) -> Sequence[ToldBuild]:
    items = body.get("builds")
    if list(body) != ["builds"] or not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise InvalidInput.of("builds", f"must be a list of 1 to {MAX_BATCH:,}, and the only key")
    told: list[ToldBuild] = []
    errors: list[FieldError] = []
    for position, item in enumerate(items):
        if not isinstance(item, dict):
            errors.append(FieldError(f"builds[{position}]", "must be an object"))
            continue
        try:
            told.append(read_build(item, prefix=f"builds[{position}]."))
        except InvalidInput as wrong:
            errors += wrong.errors
    if errors:
        raise InvalidInput("No build was recorded.", errors=errors)
    return told


def _represent(build: "RecordedBuild") -> dict[str, Any]:
    state = build.state
    return {
        "packageName": build.package,
        "runId": build.run_id,
        "status": state.status,
        "commit": state.commit,
        "branch": state.branch,
        "startedAt": state.started_at,
        "finishedAt": state.finished_at or "",
        "duration": state.duration,
        "url": state.url,
    }


def _represent_row(row: Columns) -> dict[str, Any]:
    return {
        "packageName": row.name,
        "runId": row.run_id,
        "status": row.status,
        "commit": row.commit_hash,
        "branch": row.branch,
        "startedAt": row.started_at or "",
        "finishedAt": row.finished_at or "",
        "duration": row.duration,
        "url": row.url,
    }
