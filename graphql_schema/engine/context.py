"""What resolvers and the engine know of the request."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from registry.rules.viewer import Viewer

if TYPE_CHECKING:
    from graphql_schema.engine.planner import Planner


@dataclass
class Context:
    """One operation's surroundings."""

    # Gives the request's session: all its reads see one state of the database.
    session: Callable[[], Session]
    viewer: Viewer
    planner: "Planner"
    # The query's text, which plans are kept by.
    text: str
    # Told what the operation costs before it runs; may refuse it.
    charge: Callable[[int], None] | None = None
    # Lends a connection for a statement that is all there is to read, if there is a cheaper one.
    read_once: Callable[[], AbstractContextManager[Connection]] | None = None
    # How long its searches for versions may take, all together: they are no part of the plan.
    searching_seconds: float = field(default=2.0, init=False)
    # How many rows the operation asks for; known once it is planned.
    cost: int | None = field(default=None, init=False)
    # Whether something else than the data was read, which no revision tells of.
    reads_elsewhere: bool = field(default=False, init=False)
    # The state of the data that was read; empty where nothing was that has a plan.
    revision: str = field(default="", init=False)

    def connection(self, *, once: bool) -> AbstractContextManager[Connection]:
        """Lend a connection: the session's, or a cheaper one for one statement that is all."""
        if once and self.read_once is not None:
            return self.read_once()
        return nullcontext(self.session().connection())

    @property
    def most_per_page(self) -> int:
        """How many nodes a page has at most."""
        return self.planner.limits.page_size
