"""Which function does which kind of job, and how long it may take.

`registry/jobs/__init__.py` says what such a function must keep to.
"""

from collections.abc import Callable, Mapping

from registry.dependencies.lookup_requests import KIND as LOOK_UP
from registry.dependencies.lookups import look_up_dependencies
from registry.jobs import Work
from registry.publishing.processing import process_upload
from registry.publishing.processing_requests import KIND as PROCESS_UPLOAD
from registry.settings import Settings
from registry.worker.refresh import refresh
from registry.worker.runs import record_run

_REFRESH = "refresh"

KINDS: Mapping[str, Callable[[Work], None]] = {
    LOOK_UP: look_up_dependencies,
    PROCESS_UPLOAD: process_upload,
    "record-run": record_run,
    _REFRESH: refresh,
}


def seconds_for(kind: str, settings: Settings) -> int:
    """Tell how long a job of a kind may take."""
    if kind == PROCESS_UPLOAD:
        return settings.processing_timeout
    return settings.refresh_timeout if kind == _REFRESH else settings.job_timeout
