"""`POST /packages/upload` and `/retry`: files of versions, streamed to the disk."""

import errno
from dataclasses import dataclass

from flask import Blueprint, Response, request

from registry.errors import InvalidInput
from registry.publishing.fields import read_own_identifier, read_version
from registry.publishing.uploads import Uploads, read_new_version
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.storage import Storage, WorkFile
from registry.web.authentication import require_author, require_either, require_with
from registry.web.database import app_sessions
from registry.web.multipart import read_form_with_file
from registry.web.settings import current_settings
from registry.web.storage import current_storage

# Apart, because each has its own limit.
package_upload = Blueprint("package_upload", __name__, url_prefix="/packages")
package_retry = Blueprint("package_retry", __name__, url_prefix="/packages")

PRIVATE_KEY_HEADER = "X-Private-Key"

# Who may upload a version; the rest of uploading is for them, too.
UPLOAD = (Permission.UploadVersionAnyPackage, Permission.UploadVersionSpecificPackages)
_FULL = {errno.ENOSPC, errno.EDQUOT}
# The disk's free space is looked at again after so many bytes.
_LOOK_EVERY = 16 * 1024 * 1024


@package_upload.post("/upload")
def upload_version() -> Response:
    """Take in a new version; whether it can be processed, its status will tell."""
    viewer = require_either(*UPLOAD)
    uploads = _uploads()
    with uploads.storage.work_files.new() as work:
        fields, file = _receive(uploads, work)
        new = read_new_version(fields, uploads.settings.repository_name)
        require_with(viewer, new.identifier, *UPLOAD)
        private_key = uploads.add_version(require_author(), new, file)
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    if private_key is not None:
        response.headers[PRIVATE_KEY_HEADER] = private_key
    return response


@package_retry.post("/retry")
def retry_version() -> Response:
    """Take in a file again, for a version that failed."""
    viewer = require_either(*UPLOAD)
    uploads = _uploads()
    with uploads.storage.work_files.new() as work:
        fields, file = _receive(uploads, work)
        identifier = read_own_identifier(fields.get("packageId"), uploads.settings.repository_name)
        version = read_version(fields.get("packageVersion"), "packageVersion")
        require_with(viewer, identifier, *UPLOAD)
        uploads.retry_version(require_author(), identifier, version, file)
    return Response(status=204)


def _uploads() -> Uploads:
    return Uploads(app_sessions(), current_storage(), current_settings())


def _receive(uploads: Uploads, work: WorkFile) -> tuple[dict[str, str], WorkFile | None]:
    """Read the form, its file into a work file; None for it where there is no space.

    Raises:
        InvalidInput: `no_file`; or the form is none.
    """
    receiver = _Receiver(uploads.storage, uploads.settings, work)
    fields, has_file = read_form_with_file(
        "file", receiver.receive, max_file_bytes=uploads.settings.max_upload_bytes
    )
    if not has_file:
        raise InvalidInput.of("file", "upload a zip archive", code="no_file")
    return fields, None if receiver.is_full else work


@dataclass
class _Receiver:
    """Writes a file while there is space for it, and lets the rest pass."""

    storage: Storage
    settings: Settings
    work: WorkFile
    is_full: bool = False

    def __post_init__(self) -> None:
        self._look_at = 0

    def receive(self, data: bytes) -> None:
        if self.work.size >= self._look_at:
            self._look_at = self.work.size + _LOOK_EVERY
            left = self.storage.work_files.free_bytes() - self.settings.min_free_bytes
            expected = (request.content_length or _LOOK_EVERY) - self.work.size
            self.is_full = self.is_full or left < expected
        if self.is_full:
            return
        try:
            self.work.write(data)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self.is_full = True
