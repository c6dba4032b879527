"""Uploads in pieces, by tus 1.0."""

from typing import Annotated

from pydantic import Field

from registry.rest.limits import Policy
from registry.rest.openapi.operation import (
    FORM,
    JSON,
    MULTIPART,
    Access,
    Answer,
    Body,
    Operation,
    Parameter,
)
from registry.rest.openapi.operations.account import NOT_YOURS, UPLOAD
from registry.rest.openapi.operations.publishing import NamedUpload, SaidOfVersion
from registry.rest.openapi.shape import Binary, absent

_Sha256 = Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$")]
_UPLOAD = "Uploads in pieces"
_STANDING = ("Upload-Offset", "Upload-Expires", "Tus-Resumable")


class AnnouncedVersion(SaidOfVersion):
    """A new version, whose file will come in pieces."""

    file_hash: _Sha256 = absent
    """The SHA-256 of the file, in hex: another file is refused at the end."""


class AnnouncedRetry(NamedUpload):
    """A file that will come in pieces, for a version that failed."""

    file_hash: _Sha256 = absent
    """The SHA-256 of the file, in hex: another file is refused at the end."""


_ID = Parameter("uploadId", "As `Location` of its beginning has it.")
_PROTOCOL = Parameter(
    "Tus-Resumable", "The version of tus that is spoken: `1.0.0`.", is_header=True
)
_NO_UPLOAD = "There is no such upload of yours, or it has expired (`upload_not_found`)."
_OTHER_PROTOCOL = "Another version of tus than 1.0.0 is spoken (`tus_version`)."
_NO_ROOM = "The disk has no room for it (`not_enough_space`)"


def _beginning(
    id_: str, summary: str, shape: type[SaidOfVersion | NamedUpload], policy: Policy
) -> Operation:
    return Operation(
        id=id_,
        summary=summary,
        tag=_UPLOAD,
        parameters=[
            Parameter("Upload-Length", "Bytes of the file.", int, is_header=True, is_required=True),
            Parameter(
                "Upload-Metadata",
                "The fields instead of a body, as tus has them: `name BASE64,name BASE64`.",
                is_header=True,
            ),
            _PROTOCOL,
        ],
        body=Body({JSON: shape, FORM: shape, MULTIPART: shape}),
        answers={201: Answer("Pieces can be sent.", {}, ["Location", "X-Private-Key", *_STANDING])},
        problems={
            403: NOT_YOURS,
            409: "As many uploads of yours are open as may be (`too_many_uploads`).",
            412: _OTHER_PROTOCOL,
            507: f"{_NO_ROOM}, or your quota has none (`quota_exceeded`).",
        },
        access=Access.REQUIRED,
        permissions=UPLOAD,
        policy=policy,
    )


OPERATIONS = {
    "POST /packages/uploads": _beginning(
        "begin_upload",
        "Begin to upload a new version in pieces",
        AnnouncedVersion,
        Policy.PACKAGE_UPLOAD,
    ),
    "POST /packages/uploads/retry": _beginning(
        "begin_retry",
        "Begin to upload a file again in pieces, for a version that failed",
        AnnouncedRetry,
        Policy.PACKAGE_RETRY,
    ),
    "PATCH /packages/uploads/<upload_id>": Operation(
        id="send_piece",
        summary="Send the next bytes; with the last one, the version is processed",
        description="`HEAD` of the same address tells `Upload-Offset` and `Upload-Length`.",
        tag=_UPLOAD,
        path=[_ID],
        parameters=[
            Parameter(
                "Upload-Offset",
                "Where in the file the piece begins: where it ends now.",
                int,
                is_header=True,
                is_required=True,
            ),
            _PROTOCOL,
        ],
        body=Body({"application/offset+octet-stream": Binary}),
        answers={204: Answer("The bytes were taken in.", {}, _STANDING)},
        problems={
            400: "`Upload-Offset` is missing; or, with the last byte, what a whole upload is "
            "refused for, or the file is not the announced one (`hash_mismatch`): it is over then.",
            404: _NO_UPLOAD,
            409: "The file does not end at `Upload-Offset` (`offset_mismatch`), or what was sent "
            "before is not on the server that answers (`upload_elsewhere`).",
            412: _OTHER_PROTOCOL,
            507: f"{_NO_ROOM}; what was sent before stays.",
        },
        access=Access.REQUIRED,
        permissions=UPLOAD,
    ),
    "DELETE /packages/uploads/<upload_id>": Operation(
        id="cancel_upload",
        summary="Forget an upload, and what was sent of it",
        tag=_UPLOAD,
        path=[_ID],
        parameters=[_PROTOCOL],
        answers={204: Answer("It is forgotten.", {}, ["Tus-Resumable"])},
        problems={404: _NO_UPLOAD, 412: _OTHER_PROTOCOL},
        access=Access.REQUIRED,
        permissions=UPLOAD,
    ),
}
