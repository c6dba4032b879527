"""What becomes of uploads in the background, and what keeps the store clean."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.orm import Session

from registry.models.base import utc_now
from registry.publishing.processing import abort_overdue, fail_deserted
from registry.publishing.removal import forget_unstored
from registry.publishing.stored_files import sweep_storage
from registry.publishing.upload_sessions import sweep_sessions
from registry.settings import Settings
from registry.storage import open_storage

# Seconds between two rounds. The first is at the start, when another worker may just have died.
ROUND_SECONDS = 600

_log = logging.getLogger("registry.publishing")


def keep_publications(
    sessions: Callable[[], Session], settings: Settings, stop: threading.Event
) -> None:
    """Give up on what takes too long and remove what nobody names, every so often, until `stop`.

    Several workers may do it at once. What fails is logged, and tried again next time.
    """
    storage = open_storage(settings)
    while True:
        try:
            abort_overdue(sessions, settings, utc_now())
            fail_deserted(sessions)
            forget_unstored(sessions, utc_now())
            sweep_sessions(sessions, storage, utc_now())
            sweep_storage(sessions, storage)
        except Exception:  # noqa: BLE001 -- whatever it is, the next round may go better
            _log.exception("uploads and the store could not be looked after")
        if stop.wait(ROUND_SECONDS):
            return
