"""Reads bear a strong ETag that hangs on the data's revision, so a 304 costs no read of the data.

A tag is `"RELEASE-EPOCH-NUMBER-DIGEST"`: what the answer was made from, and which answer it is. The
digest covers the question: the address, the caller where answers differ by caller, and what was
negotiated. So a tag is only ever known from an answer to the same question, and one that comes back
means that answer still stands.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, request
from sqlalchemy.orm import Session

from registry.errors import PreconditionFailed
from registry.rules.permissions import Permission
from registry.rules.viewer import Viewer
from registry.web.authentication import current_viewer, require
from registry.web.codings import SMALLEST_ENCODED, Coding, current_coding, encode
from registry.web.database import db, read_session
from registry.web.kept_answers import KeptAnswer, answer_with, kept_answers, question_of
from registry.web.revision import data_revision, newest_revision, read_revision

P = ParamSpec("P")


def conditional_read(
    *,
    per_caller: bool = False,
    requires: Permission | None = None,
    negotiates: Callable[[], str] | None = None,
    kept: bool = False,
    alone: bool = False,
) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Make a view that reads the database answer `If-None-Match`, and stamp what it answers.

    What has a tag already (`stamp_content`), for more than the data is in it, keeps that one.

    Args:
        per_caller: whether callers may get different answers.
        requires: the permission that the caller needs, asked before all else; answers then differ
            by caller.
        negotiates: gives what the answer depends on of `Accept`: the format that is chosen.
        kept: whether the answer is compressed for those who take it so, and kept in this process
            until the data change. For JSON and text alone, of a view that sets no header but `Link`
            and that nothing else tells what to answer: no clock, no other header of the request.
        alone: whether the view reads by `read_alone`, which tells the revision; where it does not,
            it begins the transaction of all that it reads by itself (`read_session`).
    """

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def read(*args: P.args, **kwargs: P.kwargs) -> Response:
            viewer = None
            if requires is not None:
                viewer = require(requires)
            elif per_caller:
                viewer = current_viewer()
            chosen = "" if negotiates is None else negotiates()
            coding = current_coding() if kept else Coding.IDENTITY
            question = question_of(request.environ, viewer=viewer, chosen=chosen, coding=coding)
            digest = hashlib.blake2b(question.encode(), digest_size=8).hexdigest()
            sent = request.if_none_match
            answer = kept_answers().find(question) if kept else None
            # Without either, nothing would be done with it.
            newest = newest_revision() if sent or answer is not None else ""
            tag = f"{newest}-{digest}"
            # Weak comparison (RFC 9110, 13.1.2).
            if tag in sent.as_set(include_weak=True):
                return stamp(Response(status=304), tag, viewer)
            if answer is None or answer.revision != newest:
                # Of the same state as the data: someone may have written since.
                revision = "" if alone else data_revision(read_session())
                response = view(*args, **kwargs)
                revision = revision or read_revision(read_session)
                tag = f"{revision}-{digest}"
                if db.session.registry.has():
                    # Nothing was written; but at a rollback psycopg forgets the statements it had
                    # PostgreSQL plan, and planning one takes longer than running it.
                    db.session().commit()
                if response.get_etag()[0] is not None:
                    # There is more in it than the data: it told by itself whether it is the same.
                    return _mark(response, viewer)
                if not 200 <= response.status_code < 300:  # noqa: PLR2004 -- the class of successes
                    return response
                if kept:
                    _encode(response, coding)
                    answer = KeptAnswer.of(response, tag, revision)
                    kept_answers().keep(question, answer)
            else:
                response = answer.response()
            if answer is not None and viewer is None and negotiates is None:
                answer_with(answer)
            # `*` is any answer that there is, so it must be known that there is one.
            if sent.star_tag:
                response = Response(status=304)
            return stamp(response, tag, viewer)

        def stamp(response: Response, tag: str, viewer: Viewer | None) -> Response:
            if negotiates is not None:
                response.vary.add("Accept")
            if kept:
                response.vary.add("Accept-Encoding")
            return _stamp(response, tag, viewer)

        return read

    return decorate


def stamp_content(response: Response) -> Response:
    """Stamp an answer that comes from no database with a tag of its bytes, or make it a 304."""
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    # Werkzeug's `make_conditional` would also hear `If-Match`, which asks nothing of a read here.
    if request.if_none_match.contains_weak(response.get_etag()[0] or ""):
        response.status_code = 304
    return response


def check_if_match(session: Session) -> None:
    """Refuse a write that builds on data which have changed since they were read.

    The tag may come from any read: it is the data's revision in it that counts. To be called in
    the transaction that writes.

    Raises:
        PreconditionFailed: `If-Match` was sent, and no strong tag in it is of the data as they are.
    """
    sent = request.if_match
    if "If-Match" not in request.headers or sent.star_tag:
        return
    revision = data_revision(session)
    # An empty tag is parsed as none at all.
    if revision not in {tag.rpartition("-")[0] for tag in sent.as_set() if tag}:
        raise PreconditionFailed("The data have changed since: read them again, then write.")


def _encode(response: Response, coding: Coding) -> None:
    body = response.get_data()
    if coding is not Coding.IDENTITY and len(body) >= SMALLEST_ENCODED:
        response.set_data(encode(body, coding))
        response.headers["Content-Encoding"] = coding


def _stamp(response: Response, tag: str, viewer: Viewer | None) -> Response:
    response.set_etag(tag)
    return _mark(response, viewer)


def _mark(response: Response, viewer: Viewer | None) -> Response:
    # Caches may keep it and must ask each time, for nothing tells them when data change.
    response.headers["Cache-Control"] = "no-cache" if viewer is None else "private, no-cache"
    if viewer is not None:
        response.vary.add("Authorization")
    return response
