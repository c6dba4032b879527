"""`/artifacts/KEY`: the files that are installed, and how often they are.

An install is a request that was answered with the artifact's last byte, and whose answer was taken
to its end: a whole download, or the last part of one that was resumed. Who breaks off, asks for a
part in the middle, for the headers alone or whether anything changed, installs nothing.
"""

import base64
import logging
from collections.abc import Callable, Iterator

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from registry.database import writing
from registry.errors import Unavailable
from registry.models.base import utc_now
from registry.publishing.analytics import record_install
from registry.publishing.downloads import Artifact, find_artifact
from registry.storage import NotStored, Storage
from registry.web.database import app_sessions, read_session
from registry.web.storage import current_storage

artifacts = Blueprint("artifacts", __name__)

PRIVATE_KEY_HEADER = "X-Private-Key"

_log = logging.getLogger("registry.artifacts")


@artifacts.get("/artifacts/<key>")
def download_artifact(key: str) -> Response:
    """Send an artifact, or the part of it that is asked for."""
    private_key = request.headers.get(PRIVATE_KEY_HEADER)
    artifact = find_artifact(read_session(), key, private_key, utc_now())
    if request.if_none_match.contains_weak(artifact.sha256):
        return _stamp(Response(status=304), artifact)
    start, end = _wanted(artifact)
    response = Response(status=200 if end - start == artifact.size else 206)
    response.mimetype = "application/zip"
    response.content_length = end - start
    response.headers["Accept-Ranges"] = "bytes"
    name = f"{artifact.identifier}-{artifact.version}.xpkg"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if response.status_code == 206:  # noqa: PLR2004 -- Partial Content
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{artifact.size}"
    if request.method == "GET":
        ends = end == artifact.size
        chunks = _read(current_storage(), artifact, start, end - start)
        count = _counter(app_sessions(), artifact.version_id)
        response.response = _counted(chunks, count) if ends else chunks
    return _stamp(response, artifact)


def _wanted(artifact: Artifact) -> tuple[int, int]:
    """Find which bytes are asked for: from the first to before the second.

    Raises:
        RequestedRangeNotSatisfiable: there are none of them.
    """
    whole = (0, artifact.size)
    # Several ranges at once, other units, and ranges of what it no longer is: the whole, as RFC
    # 9110 (14.2, 13.1.5) allows or demands.
    asked = request.range
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return whole
    if request.headers.get("If-Range", tag := f'"{artifact.sha256}"') != tag:
        return whole
    found = asked.range_for_length(artifact.size)
    if found is None or found[0] is None or found[1] is None:
        raise RequestedRangeNotSatisfiable(artifact.size)
    return found[0], found[1]


def _read(storage: Storage, artifact: Artifact, start: int, length: int) -> Iterator[bytes]:
    try:
        return storage.read(artifact.sha256, start, length)
    except NotStored:
        _log.error("the store lacks the artifact %s", artifact.sha256)
        raise Unavailable(
            "The artifact is out of reach for now.", code="artifact_unavailable"
        ) from None


def _counted(chunks: Iterator[bytes], count: Callable[[], None]) -> Iterator[bytes]:
    """Pass chunks on, and count once the last was taken; who breaks off ends this before."""
    yield from chunks
    count()


def _counter(sessions: Callable[[], Session], version_id: int) -> Callable[[], None]:
    """Make what counts an install, for when there is no request any more to ask for sessions."""

    def count() -> None:
        try:
            with writing(sessions) as session:
                record_install(session, version_id, utc_now())
        except SQLAlchemyError as error:
            # The client has its artifact, and that is what counts.
            _log.warning("an install of version %d was not counted: %s", version_id, error)

    return count


def _stamp(response: Response, artifact: Artifact) -> Response:
    response.set_etag(artifact.sha256)
    digest = base64.b64encode(bytes.fromhex(artifact.sha256)).decode()
    # RFC 9530: of the whole, also where a part is sent.
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["Cache-Control"] = "no-cache" if artifact.is_public else "private, no-store"
    return response
