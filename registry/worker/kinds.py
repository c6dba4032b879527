"""Which function does which kind of job; `registry/jobs/__init__.py` says what it must keep to."""

from collections.abc import Callable, Mapping

from registry.jobs import Work
from registry.worker.refresh import refresh

KINDS: Mapping[str, Callable[[Work], None]] = {
    "refresh": refresh,
}
