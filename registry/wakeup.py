"""What the main thread of a server or a worker waits on, whatever wakes it."""

import select
import signal
import socket
from contextlib import suppress

# More than the signals and calls that may come before the main thread looks.
_ENOUGH = 4096


class Wakeup:
    """An event that no signal is lost on; to be made, and waited on, in the main thread.

    With `threading.Event`, a signal that comes just before the main thread waits is not seen until
    something else wakes it, which may be never: Python runs handlers between two instructions, and
    waiting for a lock is one. And a handler that sets such an event, while the main thread has the
    event's own lock, waits for ever. Here a signal also writes into a socket, which the main thread
    waits on (`signal.set_wakeup_fd`).
    """

    def __init__(self) -> None:
        self._set = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def set(self) -> None:
        """Set it, and wake who waits; for any thread, and for handlers of signals."""
        self._set = True
        # Full: it is readable, which is all that is wanted. Closed: nobody waits any more.
        with suppress(OSError):
            self._writer.send(b"\0")

    def clear(self) -> None:
        """Take it back."""
        self._set = False

    def is_set(self) -> bool:
        """Tell whether it is set."""
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, a signal arrives or `timeout` seconds have passed.

        Returns:
            Whether it is set, once the handlers of what has arrived have run.
        """
        if not self._set:
            select.select([self._reader], [], [], timeout)
            with suppress(BlockingIOError):
                self._reader.recv(_ENOUGH)
        return self._set

    def close(self) -> None:
        """Hand signals back to whoever had them before."""
        signal.set_wakeup_fd(self._before)
        self._reader.close()
        self._writer.close()
