"""Room for answers: bounded, and given to what was used last."""

import pytest

from registry.web.answer_store import AnswerStore
from registry.web.kept_answers import KeptAnswer


def answer(size: int, tag: str = "tag") -> KeptAnswer:
    return KeptAnswer(tag, "revision", b"x" * size, [])


def test_room_is_bounded() -> None:
    answers = AnswerStore[KeptAnswer](10_000)
    for name in ("first", "second", "third"):
        answers.keep(name, answer(2_000))
    # Asked for again, so that another one goes.
    assert answers.find("first") is not None
    answers.keep("fourth", answer(2_000))

    names = ("first", "second", "third", "fourth")
    assert [name for name in names if answers.find(name)] == ["first", "third", "fourth"]


def test_an_answer_that_is_replaced_gives_its_room_back() -> None:
    answers = AnswerStore[KeptAnswer](10_000)
    for number in range(20):
        answers.keep("one", answer(3_000, f"tag{number}"))
    answers.keep("two", answer(3_000))

    assert answers.find("one") == answer(3_000, "tag19")
    assert answers.find("two") is not None


@pytest.mark.parametrize("room", [0, 5_000])
def test_no_answer_takes_all_of_it(room: int) -> None:
    answers = AnswerStore[KeptAnswer](room)
    answers.keep("one", answer(3_000))

    assert answers.find("one") is None
