"""`DELETE /account/packages/:packageId/:packageVersion`: a version is taken back."""

from flask import Blueprint, Response

from registry.publishing.fields import read_own_identifier, read_version
from registry.publishing.removal import remove_version
from registry.rules.permissions import Permission
from registry.web.authentication import require_author, require_either, require_with
from registry.web.database import app_sessions
from registry.web.settings import current_settings
from registry.web.storage import current_storage

version_removal = Blueprint("version_removal", __name__, url_prefix="/account/packages")

# Who may upload a version may take it back.
_REMOVE = (Permission.UploadVersionAnyPackage, Permission.UploadVersionSpecificPackages)


@version_removal.delete("/<package_id>/<package_version>", strict_slashes=False)
def remove_published_version(package_id: str, package_version: str) -> Response:
    """Remove a version of one of the author's packages."""
    viewer = require_either(*_REMOVE)
    identifier = read_own_identifier(package_id, current_settings().repository_name)
    version = read_version(package_version, "packageVersion")
    require_with(viewer, identifier, *_REMOVE)
    remove_version(app_sessions(), current_storage(), require_author(), identifier, version)
    return Response(status=204)
