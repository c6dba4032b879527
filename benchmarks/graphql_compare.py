"""Compares GraphQL over one database: ours, and what one would otherwise put in front of it.

    .venv/bin/python -m benchmarks.graphql_compare [--rounds N] [--without-scale] [--json FILE]

A generated catalogue of 1,000 packages with 20 versions and 200 commits each on PostgreSQL
(TEST_DATABASE_URL, or one that is started), PostGraphile where npm is at hand, else our own schema
with a query for each nested field. Both are asked the same in turns, round by round; what counts
is the median of the rounds' ratios. Then the flagship's first page on a catalogue of 10,000
packages with 1,000,000 links, against the one on 1,000.

Ends with status 1 where an answer differs or an aim is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select, text, update

from benchmarks.graphql_growth import grow
from benchmarks.graphql_processes import (
    cpu_seconds,
    describe_machine,
    machine_cpu_seconds,
    resident_megabytes,
    tree_of,
)
from benchmarks.graphql_questions import QUESTIONS, Question, data_of
from benchmarks.graphql_servers import (
    Server,
    fieldwise_server,
    install_postgraphile,
    postgraphile_server,
    registry_server,
)
from registry.database import make_engine
from registry.models import Package, Version, Workspace
from tests.databases import Databases, fresh_database
from tests.graphql_schema.generated import Size, fill

SIZE = Size(packages=1_000, versions=20, commits=200, dependencies=10, listed_only=0)
# The large one is so many copies of such a one: 10,000 packages with 1,000,000 links.
PART = Size(packages=1_000, versions=20, commits=100, dependencies=10, listed_only=0)
PARTS = 10
LARGE_AIM = 1.3
_EXPLORER = Path(__file__).parent.parent / "graphql_schema" / "explorer"
FLAGSHIP = (_EXPLORER / "flagship.graphql").read_text()
CLIENTS = 8
# A measurement ends at whichever comes first.
SECONDS = 1.5
REQUESTS = 100
WARM_UP = 30


@dataclass
class Burst:
    """One measurement: a server asked the same over and over for a moment."""

    p50_ms: float
    per_second: float
    # Processor time, in milliseconds a request.
    server_cpu_ms: float
    database_cpu_ms: float
    client_cpu_ms: float
    # How many processors all other processes of the machine kept busy meanwhile.
    others_busy: float


@dataclass
class Measured:
    """All rounds of one question to one server."""

    alone: list[Burst] = field(default_factory=list)
    crowd: list[Burst] = field(default_factory=list)

    def median(self, figure: Callable[[Burst], float], *, crowd: bool = False) -> float:
        """Give a figure's median over the rounds."""
        return statistics.median(map(figure, self.crowd if crowd else self.alone))


@dataclass(frozen=True)
class OurServers:
    """The product twice: making each answer anew, and keeping those it has given."""

    making: Server
    keeping: Server

    def asked(self, question: Question) -> Server:
        """Choose the one that a question is about."""
        return self.keeping if question.kept else self.making


class Meter:
    """Asks servers on one database, and tells what that costs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def burst(self, server: Server, bodies: Sequence[str], clients: int) -> Burst:
        """Ask a server for a moment."""
        asked = {
            "port": server.port,
            "bodies": bodies,
            "clients": clients,
            "requests": REQUESTS if clients == 1 else 100_000,
            "seconds": SECONDS,
        }
        served, stored = tree_of(server.pid), self._backends()
        before = cpu_seconds(served), cpu_seconds(stored), machine_cpu_seconds()
        process = subprocess.run(
            [sys.executable, "-m", "benchmarks.graphql_load"],
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        # Connections that were opened meanwhile belong to it as well.
        stored = sorted({*stored, *self._backends()})
        after = cpu_seconds(served), cpu_seconds(stored), machine_cpu_seconds()
        told = json.loads(process.stdout)
        by_server, by_database, by_all = (
            end - begin for begin, end in zip(before, after, strict=True)
        )
        count = len(told["milliseconds"])
        others = by_all - by_server - by_database - told["cpu_seconds"]
        return Burst(
            p50_ms=statistics.median(told["milliseconds"]),
            per_second=count / told["seconds"],
            server_cpu_ms=1000 * by_server / count,
            database_cpu_ms=1000 * by_database / count,
            client_cpu_ms=1000 * told["cpu_seconds"] / count,
            others_busy=max(0.0, others) / told["seconds"],
        )

    def _backends(self) -> list[int]:
        """List the database's processes that serve this database; of this machine, it is hoped."""
        with self._engine.connect() as connection:
            found = connection.execute(
                text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            )
            return list(found.scalars())


@contextmanager
def catalogue(databases: Databases, size: Size, parts: int = 1) -> Iterator[tuple[str, Engine]]:
    """Lend a filled database, in which everybody sees everything: the other server shows all."""
    with fresh_database(databases, "postgresql") as url:
        engine = make_engine(url)
        say(f"Filling a database with {parts * size.packages:,} packages …")
        fill(engine, size)
        with engine.begin() as connection:
            grow(connection, parts)
            connection.execute(text("TRUNCATE publication, listing CASCADE"))
            connection.execute(update(Version).values(from_git=True))
            # Catalogued, so that `registry serve` does not set out to do it.
            connection.execute(update(Workspace).values(scanned_at=func.now()))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM FULL ANALYZE"))
        yield url, engine
        engine.dispose()


def compare_answers(question: Question, ours: Server, theirs: Server, names: list[str]) -> None:
    """See that both servers say the same.

    Raises:
        SystemExit: they do not.
    """
    for mine, other in zip(
        question.bodies(question.ours, names),
        question.bodies(_theirs(question, theirs), names),
        strict=True,
    ):
        if data_of(ours.ask(mine)) != data_of(theirs.ask(other)):
            raise SystemExit(f"The answers to “{question.name}” differ: {mine}")


def compare(
    meter: Meter, ours: OurServers, theirs: Server, names: list[str], rounds: int
) -> dict[str, tuple[Measured, Measured]]:
    """Ask the servers in turns."""
    found = {question.name: (Measured(), Measured()) for question in QUESTIONS}
    for question in QUESTIONS:
        compare_answers(question, ours.asked(question), theirs, names[:20])
    for number in range(rounds + 1):
        for question in QUESTIONS:
            mine = (ours.asked(question), question.ours)
            sides = [mine, (theirs, _theirs(question, theirs))]
            pairs = list(zip(sides, found[question.name], strict=True))
            # Each goes first as often as the other.
            for (server, query), measured in reversed(pairs) if number % 2 else pairs:
                bodies = question.bodies(query, names)
                alone = meter.burst(server, bodies, 1)
                crowd = meter.burst(server, bodies, CLIENTS)
                # The first round only warms both up.
                if number:
                    measured.alone.append(alone)
                    measured.crowd.append(crowd)
        say(f"Round {number} of {rounds}; {load_average()}")
    return found


def compare_sizes(small: tuple[Meter, Server], large: tuple[Meter, Server], rounds: int) -> float:
    """Compare the flagship's first page on a large catalogue with that on a small one."""
    bodies = [json.dumps({"query": FLAGSHIP})]
    ratios = []
    for number in range(rounds + 1):
        p50s = [meter.burst(server, bodies, 1).p50_ms for meter, server in (small, large)]
        if number:
            ratios.append(p50s[1] / p50s[0])
            say(f"Sizes, round {number}: {p50s[0]:.1f} and {p50s[1]:.1f} ms; {load_average()}")
    return statistics.median(ratios)


def ratios_of(
    ours: list[Burst], theirs: list[Burst], figure: Callable[[Burst], float]
) -> list[float]:
    """Give our figure as a ratio to theirs, round by round."""
    return [
        figure(mine) / (figure(other) or float("nan"))
        for mine, other in zip(ours, theirs, strict=True)
    ]


def judge(found: dict[str, tuple[Measured, Measured]]) -> list[dict[str, Any]]:
    """Make the table's lines: what was asked, both sides' figures, their ratios, the aims."""
    lines = []
    for question in QUESTIONS:
        ours, theirs = found[question.name]
        p50 = ratios_of(ours.alone, theirs.alone, lambda burst: burst.p50_ms)
        throughput = ratios_of(ours.crowd, theirs.crowd, lambda burst: burst.per_second)
        aim = question.aim
        missed = aim is not None and (
            statistics.median(p50) > aim.p50
            or (aim.throughput is not None and statistics.median(throughput) < aim.throughput)
        )
        lines.append(
            {
                "question": question.name,
                "p50_ratio": statistics.median(p50),
                "p50_ratio_range": [min(p50), max(p50)],
                "throughput_ratio": statistics.median(throughput),
                "throughput_ratio_range": [min(throughput), max(throughput)],
                "aim": asdict(aim) if aim else None,
                "missed": missed,
                "ours": figures_of(ours),
                "theirs": figures_of(theirs),
            }
        )
    return lines


def figures_of(measured: Measured) -> dict[str, float]:
    """Give one side's medians over the rounds."""
    return {
        "p50_ms": measured.median(lambda burst: burst.p50_ms),
        "per_second": measured.median(lambda burst: burst.per_second, crowd=True),
        "server_cpu_ms": measured.median(lambda burst: burst.server_cpu_ms, crowd=True),
        "database_cpu_ms": measured.median(lambda burst: burst.database_cpu_ms, crowd=True),
        "client_cpu_ms": measured.median(lambda burst: burst.client_cpu_ms, crowd=True),
        "others_busy": measured.median(lambda burst: burst.others_busy, crowd=True),
    }


def print_report(report: dict[str, Any]) -> None:
    """Print everything as one table, with what it was measured on."""
    print(f"{report['machine']}\n{report['database']}")
    print(f"Registry against {report['against']}; one process each; {report['rounds']} rounds\n")
    print(
        "| | p50, 1 client | ours / theirs | requests/s, 8 clients | ours / theirs "
        "| server CPU a request | database CPU a request |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for line in report["lines"]:
        ours, theirs = line["ours"], line["theirs"]
        aim = line["aim"] or {}
        print(
            f"| {line['question']} "
            f"| {ours['p50_ms']:.1f} : {theirs['p50_ms']:.1f} ms "
            f"| {_ratio(line, 'p50', aim.get('p50'), 'at most')} "
            f"| {ours['per_second']:.0f} : {theirs['per_second']:.0f} "
            f"| {_ratio(line, 'throughput', aim.get('throughput'), 'at least')} "
            f"| {ours['server_cpu_ms']:.1f} : {theirs['server_cpu_ms']:.1f} ms "
            f"| {ours['database_cpu_ms']:.1f} : {theirs['database_cpu_ms']:.1f} ms |"
        )
    busy = [line[side]["others_busy"] for line in report["lines"] for side in ("ours", "theirs")]
    print(
        f"\nMeanwhile other processes kept {statistics.median(busy):.1f} cores busy (median): "
        "much above 0.1, only the processor time counts."
    )
    resident = report["resident_mb"]
    print(f"Resident memory: {resident['ours']:.0f} MB to {resident['theirs']:.0f} MB.")
    if report["large_ratio"] is not None:
        print(
            f"The flagship's first page of {PARTS * PART.packages:,} packages with "
            f"{PARTS * PART.packages * PART.commits:,} links costs "
            f"**{report['large_ratio']:.2f}** times what it costs of {SIZE.packages:,} "
            f"(aim: at most {LARGE_AIM})."
        )


def _ratio(line: dict[str, Any], name: str, aim: float | None, bound: str) -> str:
    low, high = line[f"{name}_ratio_range"]
    wanted = f", aim: {bound} {aim:g}" if aim else ""
    return f"**{line[f'{name}_ratio']:.2f}** ({low:.2f} to {high:.2f}{wanted})"


def load_average() -> str:
    """Tell how busy the machine is."""
    return f"load average {os.getloadavg()[0]:.1f}"


def say(words: str) -> None:
    """Tell whoever waits how far it is."""
    print(words, file=sys.stderr, flush=True)


def _theirs(question: Question, server: Server) -> str:
    return question.theirs if server.name == "PostGraphile" else question.ours


def measure(directory: Path, rounds: int, *, scale: bool) -> dict[str, Any]:
    """Make the databases, start the servers, ask them."""
    databases = Databases(directory)
    postgraphile = install_postgraphile()
    with ExitStack() as stack:
        url, engine = stack.enter_context(catalogue(databases, SIZE))
        if scale:
            large_url, large_engine = stack.enter_context(catalogue(databases, PART, PARTS))
        with engine.connect() as connection:
            names = list(connection.scalars(select(Package.name).order_by(Package.name)))
            version = connection.scalar(text("SHOW server_version"))
        ours = stack.enter_context(registry_server(url, directory, keeps_answers=False))
        keeping = stack.enter_context(registry_server(url, directory, keeps_answers=True))
        both = OurServers(ours, keeping)
        with (
            postgraphile_server(url) if postgraphile else fieldwise_server(url, directory)
        ) as theirs:
            meter = Meter(engine)
            found = compare(meter, both, theirs, names, rounds)
            resident = {
                "ours": resident_megabytes(tree_of(ours.pid)),
                "theirs": resident_megabytes(tree_of(theirs.pid)),
            }
            against = postgraphile or theirs.name
        large_ratio = None
        if scale:
            larger = stack.enter_context(registry_server(large_url, directory, keeps_answers=False))
            large_ratio = compare_sizes((meter, ours), (Meter(large_engine), larger), rounds)
    return {
        "machine": describe_machine(),
        "database": f"PostgreSQL {version}, {SIZE.packages:,} packages, {SIZE.versions} versions "
        f"and {SIZE.commits} commits each",
        "against": against,
        "rounds": rounds,
        "lines": judge(found),
        "resident_mb": resident,
        "large_ratio": large_ratio,
    }


def main() -> int:
    """Read the command line, measure, print; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default: 7)")
    parser.add_argument("--without-scale", action="store_true", help="leave the 10,000 out")
    parser.add_argument("--json", type=Path, help="write everything there as JSON")
    arguments = parser.parse_args()
    say(load_average())
    with tempfile.TemporaryDirectory() as directory:
        report = measure(Path(directory), arguments.rounds, scale=not arguments.without_scale)
    print_report(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    large = report["large_ratio"]
    missed = any(line["missed"] for line in report["lines"]) or (large or 0) > LARGE_AIM
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
