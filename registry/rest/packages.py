"""`/api/packages`: the packages of the workspace (contract, section 2)."""

from typing import Any

import orjson
from flask import Blueprint, Response

from registry.catalogue import packages as package_reads
from registry.catalogue.details import find_detail
from registry.catalogue.packages import LONGEST_TEXT, PackageFilter
from registry.errors import FieldError, InvalidInput
from registry.rest.paging import decode_cursor, encode_cursor, next_link
from registry.rest.representation import represent_detail, represent_packages
from registry.rules.enumerations import PackageKind
from registry.web.arguments import (
    choice_argument,
    flag_argument,
    int_argument,
    text_argument,
)
from registry.web.authentication import require_write
from registry.web.body import json_object_body
from registry.web.conditional import check_if_match, conditional_read
from registry.web.database import db, read_session, single_reads
from registry.web.json import json_response, read_json, ready_response
from registry.web.revision import read_alone
from registry.web.workspace import refresh_configured_workspace

packages = Blueprint("packages", __name__, url_prefix="/api/packages")

MAX_PAGE_SIZE = 1_000
DEFAULT_COMMITS = 50
MAX_COMMITS = 1_000


@packages.get("")
@conditional_read(kept=True, alone=True)
def list_packages() -> Response:
    """List the packages, all of them or a page."""
    limit = int_argument("limit", default=None, minimum=1, maximum=MAX_PAGE_SIZE)
    cursor = text_argument("cursor")
    after = decode_cursor(cursor) if cursor else None
    wanted = PackageFilter(
        text=text_argument("q", longest=LONGEST_TEXT),
        kind=choice_argument("type", PackageKind) or "",
    )
    if limit is None and after is None:
        return ready_response(represent_packages(package_reads.join_packages(read_alone(), wanted)))
    rows = package_reads.list_packages(read_session(), wanted, after=after, limit=_one_more(limit))
    shown = ",".join([row.document for row in rows[:limit]])
    response = ready_response(represent_packages(shown.encode()))
    if limit is not None and len(rows) > limit:
        response.headers["Link"] = next_link(encode_cursor(rows[limit - 1].name))
    return response


def _one_more(limit: int | None) -> int | None:
    """Tell how many rows say whether a page is the last one."""
    return None if limit is None else limit + 1


@packages.get("/<path:name>")
@conditional_read(kept=True, alone=True)
def show_package(name: str) -> Response:
    """Show one package with all that is known of it."""
    limit = int_argument("commits", default=DEFAULT_COMMITS, minimum=0, maximum=MAX_COMMITS)
    follow = flag_argument("follow")
    detail = find_detail(read_alone(), name, commits=limit, follow=follow)
    return ready_response(represent_packages(represent_detail(detail)))


@packages.post("/refresh")
def refresh_packages() -> Response:
    """Bring the catalogue up to date and list the packages."""
    require_write()
    refresh_configured_workspace()
    return ready_response(represent_packages(package_reads.join_packages(single_reads())))


@packages.put("/update-config")
def update_config() -> Response:
    """Change a package's manifest, on disk and in the catalogue."""
    # With the first write: see `registry.web.workspace`.
    from registry.refresh import update_package_config  # noqa: PLC0415

    require_write()
    name, config, path = _read_update(json_object_body())
    update_package_config(db.engine, name, config, claimed_path=path, precondition=check_if_match)
    package = package_reads.find_package(read_session(), name)
    return json_response(
        {
            "success": True,
            "message": "Package configuration updated successfully",
            "package": orjson.Fragment(package),
            "preservedFields": True,
        }
    )


def _read_update(body: dict[str, Any]) -> tuple[str, dict[str, Any], str | None]:
    """Take the documented body apart; `config` may be an object or one written as JSON text."""
    errors = []
    name, config, path = body.get("packageName"), body.get("config"), body.get("packagePath")
    if not isinstance(name, str) or not name:
        errors.append(FieldError("packageName", "must be the name of a package"))
    if isinstance(config, str):
        try:
            config = read_json(config)
        except ValueError as error:
            errors.append(FieldError("config", f"is no JSON text that can be read: {error}"))
            config = {}
    if not isinstance(config, dict):
        errors.append(FieldError("config", "must be an object, or a JSON text of one"))
    if path is not None and not isinstance(path, str):
        errors.append(FieldError("packagePath", "must be the package's path from the root"))
    errors += [
        FieldError(key, "is not known here")
        for key in body
        if key not in ("packageName", "config", "packagePath")
    ]
    if errors or not isinstance(name, str) or not isinstance(config, dict):
        raise InvalidInput("The request's body is not as documented.", errors=errors)
    return name, config, path
