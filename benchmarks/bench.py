"""Measures what the product promises of its speed, beside what it is measured by, in one run.

    make bench [ARGS="--repository PATH --database both --rounds 5 --growth 1000000 --plot FILE"]

Makes its own data from a seed: a monorepo, and an author's packages. All comparisons are taken in
turns, round by round; what counts is the median of the rounds' ratios. Ends with status 1 where an
aim is missed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.graphql_processes import describe_machine
from benchmarks.growth import draw, line_of, measure_growth_of_history
from benchmarks.monorepo import MonorepoSize, make_monorepo
from benchmarks.published import publish
from benchmarks.reads import measure_growth, measure_reads
from benchmarks.refreshes import measure_refreshes
from benchmarks.table import Line, print_table
from registry.database import make_engine
from registry.refresh import refresh_workspace
from tests.databases import Databases
from tests.graphql_schema.generated import Size, fill

_KINDS = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}


def measure(
    kind: str, monorepo: Path, arguments: argparse.Namespace, directory: Path
) -> Iterator[Line]:
    """Measure everything on one kind of database."""
    databases = Databases(directory)

    def make_database() -> str:
        return databases.make(kind)

    rounds = arguments.rounds
    if not arguments.without_refresh:
        yield from measure_refreshes("monorepo", monorepo, make_database, rounds=rounds)
        for repository in arguments.repository:
            found = repository.resolve()
            name = found.parent.name if found.name == "repo" else found.name
            yield from measure_refreshes(name, found, make_database, rounds=rounds)
    if not arguments.without_reads:
        url = make_database()
        engine = make_engine(url)
        refresh_workspace(engine, monorepo)
        token = publish(
            engine,
            packages=arguments.author_packages,
            versions=arguments.author_versions,
            seed=arguments.seed,
        )
        _analyse(url)
        engine.dispose()
        yield from measure_reads(url, directory, token, rounds=rounds)
    if arguments.scale:
        small, large = make_database(), make_database()
        for packages, place in ((1_000, small), (arguments.scale, large)):
            engine = make_engine(place)
            size = Size(packages=packages, versions=1, commits=2, dependencies=4, listed_only=0)
            fill(engine, size, seed=arguments.seed)
            engine.dispose()
        yield from measure_growth(small, large, directory, rounds=rounds)


def _analyse(url: str) -> None:
    """Give the planner what it would have after a while: figures of the tables."""
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repository", type=Path, action="append", default=[], metavar="PATH")
    parser.add_argument("--database", choices=_KINDS, default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packages", type=int, default=1_000)
    parser.add_argument("--commits", type=int, default=15_000)
    parser.add_argument("--versions", type=int, default=5_000)
    parser.add_argument("--author-packages", type=int, default=200)
    parser.add_argument("--author-versions", type=int, default=50)
    parser.add_argument(
        "--scale", type=int, default=100_000, help="packages of the large catalogue; 0: none"
    )
    parser.add_argument(
        "--growth", type=int, default=10_000, help="commits of the longest history; 0: none"
    )
    parser.add_argument("--plot", type=Path, help="an SVG to draw the growth into")
    parser.add_argument("--without-refresh", action="store_true")
    parser.add_argument("--without-reads", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Read the command line, measure, print; gives the exit status."""
    arguments = _read_arguments()
    lines: list[Line] = []
    print(f"{describe_machine()}; load {os.getloadavg()[0]:.1f} at the beginning", flush=True)
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as place:
        directory = Path(place)
        # PostgreSQL runs as a user of its own, and reads nothing here; SQLite's files are ours.
        size = MonorepoSize(arguments.packages, arguments.commits, arguments.versions)
        monorepo = make_monorepo(directory / "monorepo", size, seed=arguments.seed)
        for kind in _KINDS[arguments.database]:
            found = []
            for line in measure(kind, monorepo, arguments, directory):
                print(f"  {kind}: {line.what}: {line.ratio}", file=sys.stderr, flush=True)
                found.append(line)
            print_table(f"On {kind}", found)
            lines += found
        if arguments.growth:
            databases = Databases(directory)
            points = []
            for point in measure_growth_of_history(
                arguments.growth, lambda: databases.make("sqlite"), seed=arguments.seed
            ):
                print(f"  {point.commits:,} commits: {point}", file=sys.stderr, flush=True)
                points.append(point)
            print_table("As the history grows, on sqlite", [line_of(point) for point in points])
            if arguments.plot:
                arguments.plot.write_text(draw(points))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return 1 if any(line.met is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
