"""What a check finds, and what checks are given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry.rules.enumerations import Severity
from registry.settings import Settings

# Of many places where the same is wrong, the first few are named.
_NAMED = 5

# Told how much of a check is done, and of how much; None where that is not known beforehand.
Listener = Callable[[int, int | None], None]

FROM_GIT = "Run `registry refresh --anew`: it reads the whole workspace again."
RESTORE = "Stop the service and restore the database from its backup."


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, in how many places, in which of them, how to mend it."""

    severity: Severity
    what: str
    number: int
    # The first few places.
    where: tuple[str, ...]
    mend: str


@dataclass(frozen=True)
class Verification:
    """What every check is given."""

    engine: Engine
    settings: Settings
    # Whether each package is compared with git, and not a sample of them.
    every: bool
    progress: Listener
    sessions: sessionmaker[Session] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", sessionmaker(self.engine))


def gather(
    places: Iterable[str], what: str, mend: str, severity: Severity = Severity.ERROR
) -> Iterator[Finding]:
    """Make one finding of all the places where the same is wrong; none where there is no place."""
    number, first = 0, []
    for place in places:
        number += 1
        if number <= _NAMED:
            first.append(place)
    if number:
        yield Finding(severity, what, number, tuple(first), mend)
