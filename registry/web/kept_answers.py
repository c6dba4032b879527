"""Answers as they were sent, kept until the data change: made and compressed once a revision.

An answer is kept under its whole question: the address, the caller where answers differ by caller,
the format and the coding. With it is kept its tag, which names the revision that its data were read
at. Whoever asks the same gets it only where the database says that this revision still stands: so
no answer is older than the data, whichever process wrote them.
"""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from flask import Flask, Response, current_app

from registry.settings import Settings

_EXTENSION = "registry.kept_answers"
# What keeping an answer takes besides its bytes, about.
_OVERHEAD = 1_000
# The headers that a view may give its answer; all others are of the request.
_VIEW_HEADERS = ("Content-Type", "Content-Encoding", "Link")


class KeptAnswer(NamedTuple):
    """A successful answer's tag, body, and the headers that its view gave it."""

    tag: str
    body: bytes
    headers: list[tuple[str, str]]

    @classmethod
    def of(cls, response: Response, tag: str) -> "KeptAnswer":
        """Take what is to be kept of a response."""
        headers = [
            (name, response.headers[name]) for name in _VIEW_HEADERS if name in response.headers
        ]
        return cls(tag, response.get_data(), headers)

    def response(self) -> Response:
        """Make the response again."""
        return Response(self.body, headers=self.headers)

    @property
    def weight(self) -> int:
        """How many bytes keeping it takes, about."""
        return len(self.body) + _OVERHEAD


class KeptAnswers:
    """Keeps the answers used last, up to so many bytes, for any number of threads."""

    def __init__(self, room: int) -> None:
        """Make a cache of `room` bytes; 0: nothing is kept."""
        self._room = room
        self._taken = 0
        self._answers: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def find(self, question: str, tag: str) -> KeptAnswer | None:
        """Find the answer to a question where it still has this tag."""
        with self._lock:
            answer = self._answers.get(question)
            if answer is None or answer.tag != tag:
                return None
            self._answers.move_to_end(question)
            return answer

    def keep(self, question: str, answer: KeptAnswer) -> None:
        """Keep an answer in the place of an older one; lets go of what was not used for longest."""
        # One answer alone must not push out all others.
        if answer.weight > self._room // 2:
            return
        with self._lock:
            replaced = self._answers.pop(question, None)
            self._taken += answer.weight - (replaced.weight if replaced else 0)
            self._answers[question] = answer
            while self._taken > self._room:
                _, oldest = self._answers.popitem(last=False)
                self._taken -= oldest.weight


def init_kept_answers(app: Flask, settings: Settings) -> None:
    """Give the app room for answers."""
    app.extensions[_EXTENSION] = KeptAnswers(settings.rest_cache_bytes)


def kept_answers() -> KeptAnswers:
    """Give the app's."""
    answers: KeptAnswers = current_app.extensions[_EXTENSION]
    return answers
