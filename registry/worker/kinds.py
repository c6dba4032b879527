"""Which function does which kind of job; `registry/jobs/__init__.py` says what it must keep to."""

from collections.abc import Callable, Mapping

from registry.jobs import Work
from registry.publishing.processing import KIND as PROCESS_UPLOAD
from registry.publishing.processing import process_upload
from registry.worker.refresh import refresh

KINDS: Mapping[str, Callable[[Work], None]] = {
    PROCESS_UPLOAD: process_upload,
    "refresh": refresh,
}
