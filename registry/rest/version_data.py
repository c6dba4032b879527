"""`PATCH /packages/incompatibilities` and `/xpselection`: changes of an uploaded version."""

from typing import Any

from flask import Blueprint, Response

from registry.database import writing
from registry.publishing.fields import read_own_identifier, read_selection, read_version
from registry.publishing.version_data import update_incompatibilities, update_xp_selection
from registry.rules.permissions import Permission
from registry.rules.versions import RegistryVersion
from registry.web.authentication import require_author, require_either, require_with
from registry.web.body import json_object_body
from registry.web.database import app_sessions
from registry.web.settings import current_settings

# Apart, because each has its own limit.
package_incompatibilities = Blueprint("package_incompatibilities", __name__, url_prefix="/packages")
package_xpselection = Blueprint("package_xpselection", __name__, url_prefix="/packages")

_UPDATE = (Permission.UpdateVersionDataAnyPackage, Permission.UpdateVersionDataSpecificPackages)


@package_incompatibilities.patch("/incompatibilities")
def replace_incompatibilities() -> Response:
    """Replace what a version cannot be together with."""
    viewer = require_either(*_UPDATE)
    body = json_object_body()
    identifier, version = _read_version_named(body)
    require_with(viewer, identifier, *_UPDATE)
    repository = current_settings().repository_name
    with writing(app_sessions()) as session:
        update_incompatibilities(
            session,
            require_author(),
            identifier,
            version,
            incompatibilities=body.get("incompatibilities"),
            repository=repository,
        )
    return Response(status=204)


@package_xpselection.patch("/xpselection")
def replace_xp_selection() -> Response:
    """Replace the versions of the platform that a version works with."""
    viewer = require_either(*_UPDATE)
    body = json_object_body()
    identifier, version = _read_version_named(body)
    selection = read_selection(body.get("xpSelection"), "xpSelection")
    require_with(viewer, identifier, *_UPDATE)
    with writing(app_sessions()) as session:
        update_xp_selection(session, require_author(), identifier, version, selection)
    return Response(status=204)


def _read_version_named(body: dict[str, Any]) -> tuple[str, RegistryVersion]:
    """Read which version is meant: `packageVersion`, or `version` as the documents' samples say."""
    identifier = read_own_identifier(body.get("packageId"), current_settings().repository_name)
    field = "packageVersion" if "packageVersion" in body else "version"
    return identifier, read_version(body.get(field), field)
