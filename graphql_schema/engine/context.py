"""What resolvers and the engine know of the request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from graphql_schema.engine.statements import Read
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
    # Runs a statement that is all there is to read, if there is a cheaper way.
    read_once: Read | None = None
    # How long its searches for versions may take, all together: they are no part of the plan.
    searching_seconds: float = field(default=2.0, init=False)
    # How many rows the operation asks for; known once it is planned.
    cost: int | None = field(default=None, init=False)
    # What went wrong when its one statement was run: it need not be run again to be told.
    failure: Exception | None = None
    # Whether something else than the data was read, which no revision tells of.
    reads_elsewhere: bool = field(default=False, init=False)
    # The state of the data that was read; empty where nothing was that has a plan.
    revision: str = field(default="", init=False)

    def pay(self, cost: int) -> None:
        """Note what the operation costs, and have it charged, once.

        Raises:
            RegistryError: what `charge` refuses.
        """
        if self.charge is not None and self.cost is None:
            self.charge(cost)
        self.cost = cost

    def reader(self, *, once: bool) -> Read:
        """Give what runs statements: the session's, or a cheaper way for one that is all."""
        if once and self.read_once is not None:
            return self.read_once
        connection = self.session().connection()
        return lambda sql, values: connection.exec_driver_sql(sql, values).one()

    @property
    def most_per_page(self) -> int:
        """How many nodes a page has at most."""
        return self.planner.limits.page_size
