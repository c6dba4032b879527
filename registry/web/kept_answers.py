"""Answers as they were sent, kept until the data change: made and compressed once a revision.

An answer is kept under its whole question: the address, the caller where answers differ by caller,
the format and the coding. With it is kept its tag, which names the revision that its data were read
at. Whoever asks the same gets it only where the database says that this revision still stands: so
no answer is older than the data, whichever process wrote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request

from registry.settings import Settings
from registry.web.answer_store import AnswerStore
from registry.web.codings import Coding

_EXTENSION = "registry.kept_answers"
# What keeping an answer takes besides its bytes, about.
_OVERHEAD = 1_000
# The headers that a view may give its answer; all others are of the request.
VIEW_HEADERS = ("Content-Type", "Content-Encoding", "Link")
_ADDRESS = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
# Where a request's environment has what it was answered with.
_ANSWERED_WITH = "registry.answered_with"


@dataclass(frozen=True, slots=True)
class Sent:
    """How an answer was sent, of which all but the request's id is the next time the same."""

    headers: list[tuple[str, str]]
    # Those of a 304 in its place (RFC 9110, 15.4.5).
    unchanged: list[tuple[str, str]]
    # What the log and the metrics say of it.
    path: str
    route: str


@dataclass(slots=True)
class KeptAnswer:
    """A successful answer's tag, body, and the headers that its view gave it."""

    tag: str
    # The state of the data that it tells of, as the tag has it.
    revision: str
    body: bytes
    headers: list[tuple[str, str]]
    # None where it may not be sent without asking Flask.
    sent: Sent | None = None

    @classmethod
    def of(cls, response: Response, tag: str, revision: str) -> "KeptAnswer":
        """Take what is to be kept of a response."""
        headers = [
            (name, response.headers[name]) for name in VIEW_HEADERS if name in response.headers
        ]
        return cls(tag, revision, response.get_data(), headers)

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


def question_of(
    environ: Mapping[str, Any], *, viewer: object = None, chosen: str = "", coding: Coding
) -> str:
    """Write all that an answer depends on besides the data: what it is kept under.

    Args:
        environ: the request's environment (PEP 3333).
        viewer: who asks; None where all get the same.
        chosen: the format that was chosen by `Accept`.
        coding: the content coding that was chosen.
    """
    mounted, path, query = (environ.get(name) for name in _ADDRESS)
    return f"{mounted}{path}?{query}\0{viewer}\0{chosen}\0{coding}"


def answer_with(answer: KeptAnswer) -> None:
    """Note that the request at hand is answered with a kept answer, the same for whoever asks."""
    request.environ[_ANSWERED_WITH] = answer


def answered_with(environ: Mapping[str, Any]) -> KeptAnswer | None:
    """Tell which kept answer a request was answered with, if that is the same for whoever asks."""
    answer: KeptAnswer | None = environ.get(_ANSWERED_WITH)
    return answer
