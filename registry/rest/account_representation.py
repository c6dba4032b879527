"""An author's packages as the account document shows them: keys, their order, their presence."""

from typing import Any

from registry.accounts.publications import OneVersion, PublishedPackage, PublishedVersion
from registry.rules.enumerations import VersionStatus


def represent_published_package(package: PublishedPackage) -> dict[str, Any]:
    """Show a package with all its versions."""
    return {
        "packageId": package.identifier,
        "packageName": package.name,
        "description": package.description,
        "packageType": package.package_type,
        "versions": [represent_published_version(version) for version in package.versions],
    }


def represent_one_version(found: OneVersion) -> dict[str, Any]:
    """Show one version, with its package and author; `failureReason` only where it failed."""
    shown = represent_published_version(found.version)
    if found.failure_reason:
        shown["failureReason"] = found.failure_reason
    return {
        "packageId": found.package.identifier,
        "packageName": found.package.name,
        "authorId": found.author_id,
        "authorName": found.author_name,
        "description": found.package.description,
        "packageType": found.package.package_type,
        "versionData": shown,
    }


def represent_published_version(version: PublishedVersion) -> dict[str, Any]:
    """Show a version; `hash` and `loc` only where there is something to install (contract, 3)."""
    shown: dict[str, Any] = {
        "version": version.version,
        "isPublic": version.is_public,
        "isStored": version.is_stored,
        "installs": version.installs,
        "status": version.status,
        "dependencies": version.dependencies,
        "incompatibilities": version.incompatibilities,
        "size": version.size,
        "installedSize": version.installed_size,
        "xpSelection": version.xp_selection,
        "uploadDate": version.upload_date,
    }
    if version.status == VersionStatus.PROCESSED:
        shown["hash"] = version.hash
        if version.is_stored and version.is_public:
            shown["loc"] = version.loc
    # Ours, so after all that is documented.
    shown["commit"] = version.commit_hash
    return shown
