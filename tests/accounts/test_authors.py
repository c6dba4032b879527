"""Authors have one name each, told apart without case."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.authors import MAX_NAME_LENGTH, create_author, find_author
from registry.database import writing
from registry.errors import Conflict, InvalidInput, NotFound
from registry.models import Author


def test_an_author_is_found_by_name_in_any_case(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        # The first letter decomposed: it looks the same, and is kept in the one form.
        made = create_author(session, "  A\u0308rkin Solomon ")
        assert made.name == "Ärkin Solomon"
        made_id = made.id

    with sessions() as session:
        for name in ("Ärkin Solomon", "A\u0308RKIN SOLOMON", " ärkin solomon"):
            assert find_author(session, name).id == made_id


def test_author_ids_look_as_documented(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        ids = {create_author(session, f"Author {number}").author_id for number in range(20)}

    assert len(ids) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9]{8}[0-9]{10}", author_id) for author_id in ids)


@pytest.mark.parametrize("taken", ["Ada", "ADA", "ada ", "Ａda"])  # noqa: RUF001 -- full-width
def test_a_name_that_is_taken(sessions: sessionmaker[Session], taken: str) -> None:
    with writing(sessions) as session:
        create_author(session, "Ada")

    with writing(sessions) as session:
        with pytest.raises(Conflict) as refusal:
            create_author(session, taken)
        # The transaction goes on after the refusal.
        create_author(session, "Grace")

    assert refusal.value.code == "author_exists"
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Author)) == 2


@pytest.mark.parametrize(
    "name",
    ["", "   ", "a" * (MAX_NAME_LENGTH + 1), "a\0b", "a\nb", "a\u200bb", "\ud800", "a\u202eb"],
)
def test_what_is_no_name(sessions: sessionmaker[Session], name: str) -> None:
    with sessions() as session, pytest.raises(InvalidInput) as refusal:
        create_author(session, name)

    assert refusal.value.errors[0].field == "name"


def test_the_longest_name(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        assert create_author(session, "a" * MAX_NAME_LENGTH).name == "a" * MAX_NAME_LENGTH


def test_nobody_of_that_name(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, pytest.raises(NotFound) as refusal:
        find_author(session, "nobody")

    assert refusal.value.code == "author_not_found"
