"""Authors: making and finding them."""

import secrets
import string

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.errors import Conflict, InvalidInput, NotFound
from registry.models import Author
from registry.models.base import utc_now
from registry.rules.names import InvalidName, clean_name, name_key

MAX_NAME_LENGTH = 64
_ID_CHARACTERS = string.ascii_letters + string.digits
_ID_RANDOM_LENGTH = 8


def create_author(session: Session, name: str) -> Author:
    """Make an author with a name that nobody else has, in whatever case.

    Raises:
        InvalidInput: the name is empty, too long, or holds what is no text.
        Conflict: there is an author of that name.
    """
    try:
        name = clean_name(name, shortest=1, longest=MAX_NAME_LENGTH)
    except InvalidName as error:
        raise InvalidInput.of("name", str(error)) from None
    now = utc_now()
    author = Author(
        author_id=_make_author_id(int(now.timestamp())),
        name=name,
        name_key=name_key(name),
        created_at=now,
    )
    try:
        # A savepoint, so that the refusal leaves the caller's transaction as it was.
        with session.begin_nested():
            session.add(author)
    except IntegrityError:
        raise Conflict(
            f"There is an author named {name!r} already.", code="author_exists"
        ) from None
    return author


def find_author(session: Session, name: str) -> Author:
    """Find an author by name, in whatever case.

    Raises:
        NotFound: there is none of that name.
    """
    author = session.scalar(select(Author).where(Author.name_key == name_key(name)))
    if author is None:
        raise NotFound(f"There is no author named {name!r}.", code="author_not_found")
    return author


def _make_author_id(seconds: int) -> str:
    """Make an id as documents show it, `GPew5C4M1688712972`: eight random, then the time."""
    random = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_RANDOM_LENGTH))
    return f"{random}{seconds}"
