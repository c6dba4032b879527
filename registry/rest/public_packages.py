"""`GET /packages`, `GET /packages/info/…` and `GET /meta`: what anyone asks of the registry."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import orjson
from flask import Blueprint, Response, request

from registry.catalogue.columns import Columns
from registry.errors import InvalidInput
from registry.publishing.fields import (
    full_identifier_refused,
    read_new_identifier,
    read_version,
)
from registry.publishing.public import find_installable, list_public
from registry.rest.artifacts import PRIVATE_KEY_HEADER
from registry.rules.versions import RegistryVersion
from registry.web.authentication import current_viewer
from registry.web.body import json_object_body
from registry.web.conditional import conditional_read, stamp_content
from registry.web.database import read_session
from registry.web.json import json_response
from registry.web.settings import current_settings

# Apart, because each has its own limit.
public_packages = Blueprint("public_packages", __name__)
package_info = Blueprint("package_info", __name__, url_prefix="/packages/info")
meta = Blueprint("meta", __name__)


@public_packages.get("/packages")
@conditional_read(kept=True)
def list_public_packages() -> Response:
    """List all packages with something to install, and what there is of each."""
    found = list_public(read_session())
    return json_response(
        {"generated": found.generated, "packages": list(_represent_packages(found.versions))}
    )


def _represent_packages(rows: Iterable[Columns]) -> Iterable[dict[str, Any]]:
    for _, group in groupby(rows, key=lambda row: row.identifier):
        versions = list(group)
        package = versions[0]
        yield {
            "packageId": package.identifier,
            "packageName": package.package_name,
            "authorId": package.author_id,
            "authorName": package.author_name,
            "description": package.description,
            "packageType": package.package_type,
            "versions": [_represent_version(row) for row in versions],
        }


def _represent_version(row: Columns) -> dict[str, Any]:
    return {
        "version": row.version,
        "dependencies": orjson.Fragment(row.dependencies),
        "incompatibilities": orjson.Fragment(row.incompatibilities),
        "xplaneSelection": row.xp_selection,
        "platforms": {
            "macOS": row.supports_macos,
            "windows": row.supports_windows,
            "linux": row.supports_linux,
        },
    }


@package_info.get("/<package_id>/<package_version>")
def show_installable(package_id: str, package_version: str) -> Response:
    """Tell where a version is installed from, and what it goes together with."""
    identifier = read_new_identifier(package_id)
    version = read_version(package_version, "packageVersion")
    private_key = _shown_private_key()
    if private_key is None:
        return _show(identifier, version)
    response = _installable(identifier, version, private_key)
    # The address alone does not say what the answer is, and the key is nobody else's.
    response.headers["Cache-Control"] = "private, no-store"
    return response


@package_info.get("/<repository>/<package_id>/<package_version>")
def refuse_full_identifier(repository: str, package_id: str, package_version: str) -> Response:  # noqa: ARG001 -- the address has them
    """Refuse a full identifier, whose slash is one of the address too."""
    raise full_identifier_refused()


@conditional_read(per_caller=True)
def _show(identifier: str, version: RegistryVersion) -> Response:
    return _installable(identifier, version, None)


def _installable(identifier: str, version: RegistryVersion, private_key: str | None) -> Response:
    found = find_installable(read_session(), current_viewer(), identifier, version, private_key)
    return json_response(
        {
            "loc": found.loc,
            "hash": found.hash,
            "dependencies": found.dependencies,
            "incompatibilities": found.incompatibilities,
            # Ours, so after all that is documented.
            "commit": found.commit_hash,
        }
    )


def _shown_private_key() -> str | None:
    """Read the private key: out of the body, as documented, or out of the header."""
    key = request.headers.get(PRIVATE_KEY_HEADER)
    if key is None and (request.content_length or "Transfer-Encoding" in request.headers):
        key = json_object_body().get("privateKey")
        if key is not None and not isinstance(key, str):
            raise InvalidInput.of("privateKey", "must be a text", code="invalid_or_empty_str")
    return key


@meta.get("/meta")
def show_meta() -> Response:
    """Tell which registry this is."""
    settings = current_settings()
    return stamp_content(
        json_response(
            {
                "name": settings.repository_title,
                "identifier": settings.repository_name,
                "description": settings.repository_description,
            }
        )
    )
