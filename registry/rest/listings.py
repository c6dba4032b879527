"""`POST /packages/new` and `PATCH /packages/description`: what authors say of their packages."""

from flask import Blueprint, Response

from registry.database import writing
from registry.publishing.fields import read_own_identifier
from registry.publishing.listings import (
    create_listing,
    read_listing_description,
    read_new_listing,
    update_description,
)
from registry.rules.permissions import Permission
from registry.web.authentication import require, require_author, require_either, require_with
from registry.web.body import json_object_body
from registry.web.database import app_sessions
from registry.web.fields import body_fields
from registry.web.settings import current_settings

# Apart, because each has its own limit.
new_package = Blueprint("new_package", __name__, url_prefix="/packages")
package_description = Blueprint("package_description", __name__, url_prefix="/packages")

_DESCRIBE = (Permission.UpdateDescriptionAnyPackage, Permission.UpdateDescriptionSpecificPackages)


@new_package.post("/new")
def register_package() -> Response:
    """Register a package; no version is uploaded by that."""
    require(Permission.CreatePackage)
    settings = current_settings()
    new = read_new_listing(
        body_fields(), repository=settings.repository_name, refused_words=settings.refused_words
    )
    with writing(app_sessions()) as session:
        create_listing(session, require_author(), new)
    return Response(status=204)


@package_description.patch("/description")
def describe_package() -> Response:
    """Say anew what a package is."""
    viewer = require_either(*_DESCRIBE)
    settings = current_settings()
    body = json_object_body()
    identifier = read_own_identifier(body.get("packageId"), settings.repository_name)
    description = read_listing_description(
        body.get("newDescription"), "newDescription", settings.refused_words
    )
    require_with(viewer, identifier, *_DESCRIBE)
    with writing(app_sessions()) as session:
        update_description(session, require_author(), identifier, description)
    return Response(status=204)
