"""What a git prints, read while its reader does something else, so that git need not wait."""

import os
import select
from collections import deque
from collections.abc import Iterator
from threading import Condition, Thread

from registry.history.git_command import GitProcess

# In bytes: what git prints in half a second or so, and what is read at once: all of a pipe.
_AHEAD = 1 << 24
_AT_ONCE = 1 << 20
# Small enough that what is made of it stays in the processor's caches.
_CHUNK = 1 << 16
# A reader as fast as git would be woken for every commit, which slows both down. Once the pipe is
# empty it lets git write for a while; the pipe holds several times what git writes meanwhile.
_PAUSE_MILLISECONDS = 10


class ReadAhead:
    """Reads a git's output on a thread of its own, ahead of whoever takes it, up to 16 MB.

    Attributes:
        process: the git, which is stopped with this.
    """

    def __init__(self, process: GitProcess) -> None:
        """Begin to read a git of which nothing was read yet."""
        self.process = process
        self._changed = Condition()
        self._read: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._read_all, name="git-output", daemon=True)
        self._thread.start()

    def chunks(self) -> Iterator[bytes]:
        """Give all that git prints, in order, in small chunks of any length.

        Raises:
            Exception: it could not be read.
        """
        while piece := self._take():
            for start in range(0, len(piece), _CHUNK):
                yield piece[start : start + _CHUNK]

    def stop(self) -> None:
        """End git, whether it is done or not, and let go of what was read."""
        self.process.terminate()
        with self._changed:
            self._ended = True
            self._read.clear()
            self._changed.notify_all()
        self._thread.join()
        self.process.stop()

    def _take(self) -> bytes:
        with self._changed:
            while not (self._read or self._ended):
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            piece = self._read.popleft() if self._read else b""
            self._size -= len(piece)
            self._changed.notify_all()
            return piece

    def _put(self, piece: bytes) -> bool:
        """Add what was read once there is room for it; tells whether more is wanted."""
        with self._changed:
            while self._size >= _AHEAD and not self._ended:
                self._changed.wait()
            if self._ended:
                return False
            self._read.append(piece)
            self._size += len(piece)
            self._changed.notify_all()
            return True

    def _read_all(self) -> None:
        source = self.process.output.fileno()
        # Of nothing but its other end being closed, which is always told.
        closed = select.poll()
        closed.register(source, 0)
        try:
            while piece := os.read(source, _AT_ONCE):
                if not self._put(piece):
                    return
                if len(piece) < _AT_ONCE:
                    closed.poll(_PAUSE_MILLISECONDS)
        except BaseException as error:  # noqa: BLE001 -- raised by the thread that takes
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
