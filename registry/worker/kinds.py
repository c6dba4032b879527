"""Which function does which kind of job; `registry/jobs/__init__.py` says what it must keep to."""

from collections.abc import Callable, Mapping

from registry.dependencies import lookups
from registry.jobs import Work
from registry.publishing.processing import KIND as PROCESS_UPLOAD
from registry.publishing.processing import process_upload
from registry.worker.refresh import refresh
from registry.worker.runs import record_run

KINDS: Mapping[str, Callable[[Work], None]] = {
    lookups.KIND: lookups.look_up_dependencies,
    PROCESS_UPLOAD: process_upload,
    "record-run": record_run,
    "refresh": refresh,
}
