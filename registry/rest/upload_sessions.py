"""`/packages/uploads`: files of versions in pieces, by tus 1.0 (https://tus.io/protocols)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import http_date

from registry.errors import InvalidInput, PreconditionFailed
from registry.publishing.announced_uploads import read_announced
from registry.publishing.upload_sessions import Standing, UploadSessions
from registry.publishing.uploads import Uploads
from registry.rest.uploads import PRIVATE_KEY_HEADER, UPLOAD
from registry.web.authentication import require_author, require_either, require_with
from registry.web.body import refuse_compressed
from registry.web.database import app_sessions
from registry.web.errors import BodyTooLarge, UnsupportedMediaType
from registry.web.fields import body_fields
from registry.web.settings import current_settings
from registry.web.storage import current_storage

# Apart, because each counts as an upload, or a retry, does.
upload_beginning = Blueprint("upload_beginning", __name__, url_prefix="/packages/uploads")
retry_beginning = Blueprint("retry_beginning", __name__, url_prefix="/packages/uploads")
upload_sessions = Blueprint("upload_sessions", __name__, url_prefix="/packages/uploads")

TUS_VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"
_EXTENSIONS = "creation,expiration,termination"
# What is read at once, in bytes.
_PIECE = 256 * 1024
# Whole numbers as PostgreSQL can keep them, and then some.
_LONGEST_NUMBER = 18


@upload_beginning.post("", strict_slashes=False)
def begin_upload() -> Response:
    """Begin to upload a new version."""
    return _begin(is_retry=False)


@retry_beginning.post("/retry")
def begin_retry() -> Response:
    """Begin to upload a file again, for a version that failed."""
    return _begin(is_retry=True)


@upload_sessions.route("/<upload_id>", methods=["HEAD"])
def tell_upload(upload_id: str) -> Response:
    """Tell how much of a file was taken in."""
    standing = _find(upload_id)
    response = _stamp(Response(status=200), standing.offset, standing.expires_at)
    response.headers["Upload-Length"] = str(standing.length)
    return response


@upload_sessions.patch("/<upload_id>")
def send_piece(upload_id: str) -> Response:
    """Take in the next bytes; with the last one, the version is there."""
    standing = _find(upload_id)
    if request.mimetype != CONTENT_TYPE:
        raise UnsupportedMediaType(f"Send the bytes as {CONTENT_TYPE}.")
    refuse_compressed()
    offset = _read_number("Upload-Offset")
    pieces = _read_pieces(max(0, standing.length - offset))
    standing = _sessions().receive(require_author(), upload_id, offset, pieces)
    return _stamp(Response(status=204), standing.offset, standing.expires_at)


@upload_sessions.delete("/<upload_id>")
def cancel_upload(upload_id: str) -> Response:
    """Forget an upload, and what was sent of it."""
    require_either(*UPLOAD)
    _sessions().cancel(require_author(), upload_id)
    return Response(status=204)


def _check_version() -> None:
    """See that the client speaks our version of the protocol; one that does not say so, may."""
    spoken = request.headers.get("Tus-Resumable", TUS_VERSION)
    if spoken != TUS_VERSION and request.method != "OPTIONS":
        raise PreconditionFailed(
            f"Tus-Resumable is not {TUS_VERSION}, which is spoken here.", code="tus_version"
        )


def _tell_protocol(response: Response) -> Response:
    """Write the headers that each answer has, and those by which clients find out."""
    response.headers["Tus-Resumable"] = TUS_VERSION
    if request.method == "OPTIONS" or response.status_code == PreconditionFailed.status:
        response.headers["Tus-Version"] = TUS_VERSION
        response.headers["Tus-Extension"] = _EXTENSIONS
        response.headers["Tus-Max-Size"] = str(current_settings().max_upload_bytes)
    return response


for _blueprint in (upload_beginning, retry_beginning, upload_sessions):
    _blueprint.before_request(_check_version)
    _blueprint.after_request(_tell_protocol)


def _sessions() -> UploadSessions:
    return UploadSessions(Uploads(app_sessions(), current_storage(), current_settings()))


def _begin(*, is_retry: bool) -> Response:
    viewer = require_either(*UPLOAD)
    settings = current_settings()
    length = _read_number("Upload-Length")
    if length == 0:
        raise InvalidInput.of("file", "upload a zip archive", code="no_file")
    if length > settings.max_upload_bytes:
        raise BodyTooLarge(f"The file is larger than {settings.max_upload_bytes:,} bytes.")
    metadata = request.headers.get("Upload-Metadata")
    fields = body_fields() if metadata is None else _read_metadata(metadata)
    announced = read_announced(fields, length, settings.repository_name, is_retry=is_retry)
    require_with(viewer, announced.version.identifier, *UPLOAD)
    begun = _sessions().begin(require_author(), announced)
    response = _stamp(Response(status=201), 0, begun.expires_at)
    # A relative reference, as RFC 9110 (10.2.2) has it: behind a proxy, the client knows better
    # under which name it came.
    response.autocorrect_location_header = False
    response.location = url_for("upload_sessions.tell_upload", upload_id=begun.id)
    if begun.private_key is not None:
        response.headers[PRIVATE_KEY_HEADER] = begun.private_key
    return response


def _find(upload_id: str) -> Standing:
    """Find an upload of the caller's, who may still upload what it is for."""
    viewer = require_either(*UPLOAD)
    standing = _sessions().find(require_author(), upload_id)
    require_with(viewer, standing.identifier, *UPLOAD)
    return standing


def _read_number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise InvalidInput.of(header, "must be a number of bytes", code="invalid_header")
    return int(text)


def _read_metadata(header: str) -> Mapping[str, object]:
    """Read the fields as tus has them: `name BASE64,name BASE64`."""
    fields: dict[str, object] = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            text = "\0"
        if not name or name in fields or "\0" in text:
            raise InvalidInput.of(
                "Upload-Metadata",
                "must be pairs of a name and a text in Base64",
                code="invalid_header",
            )
        fields[name] = text
    return fields


def _read_pieces(most: int) -> Iterator[bytes]:
    """Read the body piece by piece, as it comes.

    Raises:
        BodyTooLarge: it has more bytes than the file has left; before any of them is read, if it
            says so.
        InvalidInput: it breaks off.
    """
    too_large = BodyTooLarge(f"The body has more than the {most} bytes that are left to send.")
    if (request.content_length or 0) > most:
        raise too_large
    # For this request alone: the limit of the other routes is far below an upload's.
    request.max_content_length = most + 1
    left = most
    while True:
        try:
            piece = request.stream.read(_PIECE)
        except RequestEntityTooLarge:
            raise too_large from None
        except (ClientDisconnected, OSError):
            raise InvalidInput("The body breaks off.", code="invalid_body") from None
        if not piece:
            return
        left -= len(piece)
        if left < 0:
            raise too_large
        yield piece


def _stamp(response: Response, offset: int, expires_at: datetime) -> Response:
    response.headers["Upload-Offset"] = str(offset)
    response.headers["Upload-Expires"] = http_date(expires_at)
    response.headers["Cache-Control"] = "no-store"
    return response
