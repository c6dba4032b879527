"""Room for answers: what was used last is kept, up to so many bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Weighed(Protocol):
    """Something that tells how many bytes keeping it takes, about."""

    @property
    def weight(self) -> int:
        """The bytes."""
        ...


T = TypeVar("T", bound=Weighed)


class AnswerStore(Generic[T]):
    """Keeps the answers used last, up to so many bytes, for any number of threads."""

    def __init__(self, room: int) -> None:
        """Make a store of `room` bytes; 0: nothing is kept."""
        self._room = room
        self._taken = 0
        self._answers: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    @property
    def has_room(self) -> bool:
        """Whether anything is ever kept."""
        return self._room > 0

    def find(self, question: Hashable) -> T | None:
        """Find what was answered to a question, whenever that was."""
        with self._lock:
            answer = self._answers.get(question)
            if answer is not None:
                self._answers.move_to_end(question)
            return answer

    def keep(self, question: Hashable, answer: T) -> None:
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
