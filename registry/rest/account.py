"""The account API: what the token's author has published (contract, section 3).

Who is not let in, and who is limited, `limits.py` decides before any view here runs.
"""

from flask import Blueprint, Response

from registry.accounts.publications import (
    find_published_package,
    find_published_version,
)
from registry.accounts.published_text import write_published_packages
from registry.errors import InvalidInput
from registry.rest.account_representation import represent_one_version, represent_published_package
from registry.rules.identifiers import InvalidIdentifier, parse_partial
from registry.rules.permissions import Permission
from registry.rules.versions import InvalidVersion, RegistryVersion
from registry.web.authentication import require_author
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response, ready_response
from registry.web.revision import read_alone

account = Blueprint("account", __name__, url_prefix="/account/packages")


@account.get("", strict_slashes=False)
@conditional_read(requires=Permission.ViewPackages, kept=True, alone=True)
def list_account_packages() -> Response:
    """List all packages of the author, with all their versions."""
    shown = write_published_packages(read_alone(), require_author())
    # One list under both names: the document's schema has one, its sample the other.
    return ready_response(b'{"packages":%b,"data":%b}' % (shown, shown))


@account.get("/<package_id>", strict_slashes=False)
@conditional_read(requires=Permission.ViewPackages, kept=True)
def find_account_package(package_id: str) -> Response:
    """Find one package of the author, with all its versions."""
    identifier = _identifier(package_id)
    package = find_published_package(read_session(), require_author(), identifier)
    return json_response(represent_published_package(package))


@account.get("/<package_id>/<package_version>", strict_slashes=False)
@conditional_read(requires=Permission.ViewPackages, kept=True)
def find_account_version(package_id: str, package_version: str) -> Response:
    """Find one version of one package of the author."""
    # A full identifier, `xpkg/example.package1`, arrives here too, its slash encoded or not. What
    # follows the slash is no version, or what is before it no package.
    identifier = _identifier(package_id)
    version = _version(package_version)
    found = find_published_version(read_session(), require_author(), identifier, version)
    return json_response(represent_one_version(found))


@account.get("/<repository>/<package_id>/<package_version>", strict_slashes=False)
@conditional_read(requires=Permission.ViewPackages, kept=True)
def refuse_full_identifier(repository: str, package_id: str, package_version: str) -> Response:  # noqa: ARG001 -- the address has them
    """Refuse a full identifier in front of a version."""
    raise InvalidInput.of("packageId", "give the partial identifier, without repository and slash")


def _identifier(package_id: str) -> str:
    try:
        return parse_partial(package_id)
    except InvalidIdentifier as error:
        raise InvalidInput.of("packageId", str(error)) from None


def _version(package_version: str) -> RegistryVersion:
    try:
        return RegistryVersion.parse(package_version)
    except InvalidVersion as error:
        raise InvalidInput.of("packageVersion", str(error)) from None
