"""Publishing: what authors register, upload and say of it, and the files that are installed."""

from typing import Annotated, Literal

from pydantic import Field

from registry.rest.limits import Policy
from registry.rest.openapi.operation import (
    FORM,
    JSON,
    MULTIPART,
    NO_CONTENT,
    Access,
    Answer,
    Body,
    Operation,
    Parameter,
)
from registry.rest.openapi.operations.account import NOT_YOURS, UPDATE_VERSION_DATA, UPLOAD, Pair
from registry.rest.openapi.shape import Binary, Shape, absent
from registry.rules.enumerations import PackageType
from registry.rules.permissions import Permission

_Identifier = Annotated[str, Field(min_length=1, examples=["example.package1"])]
_Version = Annotated[str, Field(min_length=1, max_length=15, examples=["1.0.0"])]
_Selection = Annotated[str, Field(min_length=1, max_length=256, examples=["1.2-"])]
_Description = Annotated[str, Field(min_length=10, max_length=8_192)]
_Boolean = Literal["true", "false"]
_PairsText = Annotated[str, Field(examples=['[["xpkg/example.package1", "1-2"]]'])]


class NewPackage(Shape):
    """What an author says of a new package."""

    package_id: _Identifier
    """The partial identifier."""
    package_name: Annotated[str, Field(min_length=3, max_length=32)]
    """Unique in whatever case."""
    package_type: PackageType
    description: _Description


class NewDescription(Shape):
    """What a package is, said anew."""

    package_id: _Identifier
    new_description: _Description


class _NamedVersion(Shape):
    package_id: _Identifier
    package_version: _Version = absent
    version: _Version = absent
    """Another name of `packageVersion`; one of the two is needed."""


class NewIncompatibilities(_NamedVersion):
    """What a version cannot be together with: replaces the list there is."""

    incompatibilities: Annotated[list[Pair], Field(max_length=128)]
    """Each an identifier and a version selection."""


class NewXpSelection(_NamedVersion):
    """The versions of the platform that a version works with."""

    xp_selection: _Selection


class SaidOfVersion(Shape):
    """What an author says of a new version, all as texts."""

    package_id: _Identifier
    package_version: _Version
    xplane_selection: _Selection = absent
    xp_selection: _Selection = absent
    """Another name of `xplaneSelection`; one of the two is needed."""
    is_public: _Boolean
    is_private: _Boolean
    is_stored: _Boolean
    supports_mac_os: Annotated[_Boolean, Field(alias="supportsMacOS")]
    supports_windows: _Boolean
    supports_linux: _Boolean
    dependencies: _PairsText
    """JSON: at most 128 pairs of identifier and selection."""
    incompatibilities: _PairsText
    """JSON: at most 128 pairs of identifier and selection."""
    commit: str = absent
    """The full hash of the commit that it was built from."""


class NewVersion(SaidOfVersion):
    """A new version: what its author says of it, all as texts, and its file."""

    file: Binary
    """A zip archive."""


class NamedUpload(Shape):
    """Which version a file is for."""

    package_id: _Identifier
    package_version: _Version


class RetriedVersion(NamedUpload):
    """A file for a version that failed."""

    file: Binary


def _change(
    id_: str,
    summary: str,
    policy: Policy,
    permissions: tuple[Permission, Permission],
    shape: type[Shape],
) -> Operation:
    return Operation(
        id=id_,
        summary=summary,
        tag="Publishing",
        body=Body({JSON: shape}),
        answers=NO_CONTENT,
        problems={403: NOT_YOURS},
        access=Access.REQUIRED,
        permissions=permissions,
        policy=policy,
    )


_BYTES = {"application/zip": Binary}

OPERATIONS = {
    "POST /packages/new": Operation(
        id="create_listing",
        summary="Register a package",
        tag="Publishing",
        body=Body({JSON: NewPackage, FORM: NewPackage, MULTIPART: NewPackage}),
        answers=NO_CONTENT,
        access=Access.REQUIRED,
        permissions=[Permission.CreatePackage],
        policy=Policy.PACKAGE_NEW,
    ),
    "PATCH /packages/description": _change(
        "update_listing_description",
        "Say anew what a package is",
        Policy.PACKAGE_DESCRIPTION,
        (Permission.UpdateDescriptionAnyPackage, Permission.UpdateDescriptionSpecificPackages),
        NewDescription,
    ),
    "PATCH /packages/incompatibilities": _change(
        "update_incompatibilities",
        "Replace what a version cannot be together with",
        Policy.PACKAGE_INCOMPATIBILITIES,
        UPDATE_VERSION_DATA,
        NewIncompatibilities,
    ),
    "PATCH /packages/xpselection": _change(
        "update_xp_selection",
        "Replace the versions of the platform that a version works with",
        Policy.PACKAGE_XPSELECTION,
        UPDATE_VERSION_DATA,
        NewXpSelection,
    ),
    "POST /packages/upload": Operation(
        id="upload_version",
        summary="Upload a new version; its status tells what becomes of it",
        tag="Publishing",
        body=Body({MULTIPART: NewVersion}),
        answers={204: Answer("It is processed from now on.", headers=["X-Private-Key"])},
        problems={403: NOT_YOURS},
        access=Access.REQUIRED,
        permissions=UPLOAD,
        policy=Policy.PACKAGE_UPLOAD,
    ),
    "POST /packages/retry": Operation(
        id="retry_version",
        summary="Upload a file again, for a version that failed",
        tag="Publishing",
        body=Body({MULTIPART: RetriedVersion}),
        answers=NO_CONTENT,
        problems={403: NOT_YOURS},
        access=Access.REQUIRED,
        permissions=UPLOAD,
        policy=Policy.PACKAGE_RETRY,
    ),
    "GET /artifacts/<key>": Operation(
        id="get_artifact",
        summary="Download what is installed, or a part of it",
        tag="Publishing",
        path=[Parameter("key", "As `loc` of the version has it.")],
        parameters=[
            Parameter("X-Private-Key", "The key of a version that is not public.", is_header=True),
            Parameter("Range", "The part that is wanted (RFC 9110, 14.2).", is_header=True),
        ],
        answers={
            200: Answer("The file.", _BYTES, ["Repr-Digest"]),
            206: Answer("The part of it that was asked for.", _BYTES, ["Content-Range"]),
        },
        problems={
            404: "There is no artifact here, or it needs a private key.",
            416: "The file has no such part (`requested_range_not_satisfiable`).",
            503: "The artifact is out of reach for now (`artifact_unavailable`).",
        },
        is_conditional=True,
    ),
}
