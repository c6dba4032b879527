"""`/account/packages/:packageId/workspace`: which workspace package may have a listing."""

from typing import Any

from flask import Blueprint, Response

from registry.accounts.links import LinkState, allow_package, find_link
from registry.database import writing
from registry.errors import InvalidInput
from registry.publishing.fields import read_new_identifier, read_text
from registry.rules.permissions import Permission
from registry.web.authentication import require_author, require_either, require_with
from registry.web.body import json_object_body
from registry.web.conditional import conditional_read
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response

links = Blueprint("links", __name__, url_prefix="/account/packages/<package_id>/workspace")

# npm's longest name.
_MAX_NAME_LENGTH = 214
_UPDATE = (Permission.UpdateVersionDataAnyPackage, Permission.UpdateVersionDataSpecificPackages)


@links.get("")
@conditional_read(requires=Permission.ViewPackages)
def show_link(package_id: str) -> Response:
    """Tell which package is allowed, and whether the two are linked."""
    identifier = read_new_identifier(package_id)
    return json_response(_represent(find_link(read_session(), require_author(), identifier)))


@links.put("")
def allow_link(package_id: str) -> Response:
    """Allow a package of the workspace to have the listing."""
    identifier = _writable(package_id)
    name = read_text(json_object_body().get("packageName"), "packageName")
    if len(name) > _MAX_NAME_LENGTH:
        raise InvalidInput.of("packageName", f"must have at most {_MAX_NAME_LENGTH} characters")
    return _allow(identifier, name)


@links.delete("")
def end_link(package_id: str) -> Response:
    """Allow none any more; a link ends."""
    return _allow(_writable(package_id), "")


def _writable(package_id: str) -> str:
    viewer = require_either(*_UPDATE)
    identifier = read_new_identifier(package_id)
    require_with(viewer, identifier, *_UPDATE)
    return identifier


def _allow(identifier: str, name: str) -> Response:
    with writing(app_sessions()) as session:
        state = allow_package(session, require_author(), identifier, name)
    return json_response(_represent(state))


def _represent(state: LinkState) -> dict[str, Any]:
    return {"packageName": state.package_name, "isLinked": state.is_linked}
