"""How long the dependency graph takes, end to end: `python -m benchmarks.graph`.

A workspace of 1,000 packages with 10,000 dependencies among them, a few of which close circles, and
one that is all one knot, as nobody has it. Each is asked for over both doors, by an HTTP client
within the process: what a network adds is not in it. An answer is never taken from a cache, for
the data's revision is raised before each.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient
from sqlalchemy.orm import sessionmaker

from app import create_app
from graphql_schema.routes import prepare_graphql
from registry import schema
from registry.database import make_engine, writing
from registry.models import Dependency, Package, Workspace
from registry.settings import Settings
from registry.web.database import db

PACKAGES, EDGES, BACK = 1_000, 10_000, 20
_AIM_MS = 50.0
_KINDS = ("dependency", "devDependency", "peerDependency")
_QUERY = "{ dependencyGraph { nodes { name } edges { from to type } cycles } }"


def make_edges(*, knot: bool) -> list[tuple[int, int]]:
    """Draw who depends on whom: on earlier packages, but for a few; in a knot, on any."""
    chance = random.Random(1)  # noqa: S311 -- data, not secrets
    edges: set[tuple[int, int]] = set()
    while len(edges) < EDGES:
        one, other = chance.randrange(PACKAGES), chance.randrange(PACKAGES)
        back = knot or len(edges) < BACK
        if one != other:
            edges.add((one, other) if back else (max(one, other), min(one, other)))
    return sorted(edges)


@contextmanager
def serve(
    url: str, edges: list[tuple[int, int]]
) -> Iterator[tuple[FlaskClient, Callable[[], None]]]:
    """Lend a client of a catalogue with these edges, and what makes its data new."""
    engine = make_engine(url)
    schema.upgrade(engine)
    sessions = sessionmaker(engine)
    with writing(sessions) as session:
        workspace = Workspace(path="/srv/monorepo")
        session.add(workspace)
        session.flush()
        packages = [
            Package(workspace_id=workspace.id, name=f"@acme/package-{index:04}", path=f"p/{index}")
            for index in range(PACKAGES)
        ]
        session.add_all(packages)
        session.flush()
        session.add_all(
            Dependency(
                package_id=packages[one].id,
                target_id=packages[other].id,
                name=packages[other].name,
                kind=_KINDS[(one + other) % 3],
                range="workspace:*",
                protocol="workspace",
            )
            for one, other in edges
        )

    def renew() -> None:
        with writing(sessions):
            pass

    with TemporaryDirectory() as directory:
        app = create_app(Settings(database_url=url, instance_path=Path(directory)))
        prepare_graphql(app)
        # As in a server (`registry/cli.py`): no look for garbage goes through the modules.
        gc.collect()
        gc.freeze()
        yield app.test_client(), renew
        with app.app_context():
            db.engine.dispose()
    engine.dispose()


def milliseconds(
    ask: Callable[[], int], renew: Callable[[], None], rounds: int
) -> tuple[list[float], list[float]]:
    """Time a request so many times, after one that warms it up: by the clock, and of processor."""
    times, processor = [], []
    for _ in range(rounds + 1):
        renew()
        begun, used = time.perf_counter(), time.process_time()
        status = ask()
        processor.append(1000 * (time.process_time() - used))
        times.append(1000 * (time.perf_counter() - begun))
        assert status == 200, status
    return times[1:], processor[1:]


def main() -> None:
    """Measure, and say whether the aim is met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--database-url", help="an empty database; a new SQLite file otherwise")
    given = arguments.parse_args()
    for knot in (False, True):
        with TemporaryDirectory() as directory:
            url = given.database_url if given.database_url and not knot else None
            with serve(url or f"sqlite:///{directory}/graph.db", make_edges(knot=knot)) as served:
                measure(*served, "one knot" if knot else "layered", given.rounds)


def measure(client: FlaskClient, renew: Callable[[], None], what: str, rounds: int) -> None:
    """Measure every way to ask for the graph."""

    def get(address: str) -> Callable[[], int]:
        return lambda: client.get(address).status_code

    asked: dict[str, Callable[[], int]] = {
        "REST, JSON": get("/api/dependencies/graph"),
        "REST, Mermaid": get("/api/dependencies/graph?format=mermaid"),
        "REST, DOT": get("/api/dependencies/graph?format=dot"),
        "GraphQL": lambda: client.post("/graphql", json={"query": _QUERY}).status_code,
        "dependents, transitive": get(
            "/api/packages/@acme/package-0001/dependents?transitive=true"
        ),
    }
    for name, ask in asked.items():
        times, processor = milliseconds(ask, renew, rounds)
        verdict = ""
        if what == "layered" and name in ("REST, JSON", "GraphQL"):
            verdict = f"; aim {_AIM_MS:g} ms: {'met' if median(times) <= _AIM_MS else 'MISSED'}"
        print(
            f"{what}, {name}: median {median(times):.1f} ms "
            f"({min(times):.1f} to {max(times):.1f}), of processor {median(processor):.1f} ms"
            f"{verdict}"
        )


if __name__ == "__main__":
    main()
