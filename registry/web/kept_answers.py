"""Answers as they were sent, kept until the data change: made and compressed once a revision.

An answer is kept under its whole question: the address, the caller where answers differ by caller,
the format and the coding. With it is kept its tag, which names the revision that its data were read
at. Whoever asks the same gets it only where the database says that this revision still stands: so
no answer is older than the data, whichever process wrote them.
"""

from typing import NamedTuple

from flask import Flask, Response, current_app

from registry.settings import Settings
from registry.web.answer_store import AnswerStore

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


def init_kept_answers(app: Flask, settings: Settings) -> None:
    """Give the app room for answers."""
    app.extensions[_EXTENSION] = AnswerStore[KeptAnswer](settings.rest_cache_bytes)


def kept_answers() -> AnswerStore[KeptAnswer]:
    """Give the app's."""
    answers: AnswerStore[KeptAnswer] = current_app.extensions[_EXTENSION]
    return answers
