"""`GET /packages/resolve` and dependents: which versions go together."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from registry.catalogue.version_index import VersionIndex
from registry.publishing.dependents import list_dependents
from registry.publishing.fields import read_new_identifier, read_version
from registry.publishing.references import read_installed, read_wanted
from registry.rules.enumerations import Platform
from registry.rules.versions import RegistryVersion
from registry.web.arguments import choice_argument, text_argument
from registry.web.authentication import current_viewer
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response
from registry.web.settings import current_settings

if TYPE_CHECKING:
    from registry.catalogue.resolution import Resolution

# Apart, because it has its own limit.
resolution = Blueprint("resolution", __name__, url_prefix="/packages/resolve")
dependents = Blueprint("dependents", __name__, url_prefix="/packages/info")


@resolution.get("")
@conditional_read(per_caller=True)
def show_resolution() -> Response:
    """Find the versions to install, or tell why there are none."""
    # The solver is loaded when first asked: a server must not wait for it to start.
    from registry.catalogue.resolution import resolve  # noqa: PLC0415 -- see above

    repository = current_settings().repository_name
    wanted = read_wanted(_references("wanted", missing="*"), repository)
    installed = read_installed(_references("installed", missing=""), repository)
    index = VersionIndex(
        read_session(),
        current_viewer(),
        repository,
        platform=choice_argument("platform", Platform),
        xp_version=_version_argument("xpVersion"),
    )
    return json_response(_represent(resolve(index, wanted, installed), repository))


@dependents.get("/<package_id>/<package_version>/dependents")
@conditional_read(per_caller=True)
def show_dependents(package_id: str, package_version: str) -> Response:
    """List who depends on a version, and who breaks without it."""
    found = list_dependents(
        read_session(),
        current_viewer(),
        read_new_identifier(package_id),
        read_version(package_version, "packageVersion"),
        current_settings().repository_name,
    )
    return json_response(
        {
            "dependents": [
                {
                    "packageId": each.identifier,
                    "version": each.version,
                    "selection": each.selection,
                    "breaks": each.breaks,
                }
                for each in found
            ]
        }
    )


def _references(name: str, missing: str) -> list[tuple[str, str]]:
    """Take the references of a parameter apart: `xpkg/author.package@VERSIONS`."""
    pairs = (text.partition("@") for text in request.args.getlist(name))
    return [(package, covered if at else missing) for package, at, covered in pairs]


def _version_argument(name: str) -> RegistryVersion | None:
    return read_version(text_argument(name), name) if name in request.args else None


def _represent(found: "Resolution", repository: str) -> dict[str, Any]:
    return {
        "isResolved": not found.reason,
        "packages": [
            {
                "packageId": each.identifier.removeprefix(f"{repository}/"),
                "version": str(each.version),
                "change": each.change,
            }
            for each in found.packages
        ],
        "external": [[each.identifier, each.selection.canonical] for each in found.external],
        "reason": found.reason,
    }
