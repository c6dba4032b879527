"""What reads cost, beside a Flask route that has the same bytes at hand."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.servers import Burst, Server, other_server, registry_server
from benchmarks.table import Line, compare, figure, interleave
from registry.database import make_engine
from registry.models import Author, Package

Ask = Callable[[], Burst]
START_AIM = 0.6
RESIDENT_AIM = 110


def measure_reads(url: str, directory: Path, token: str, *, rounds: int) -> Iterator[Line]:
    """Measure the lists, the detail and the account route, kept and made anew."""
    with ExitStack() as stack:
        kept = stack.enter_context(registry_server(url, directory, token=token))
        anew = stack.enter_context(registry_server(url, directory, token=token, cache_bytes=0))
        bodies = directory / "ready"
        addresses = _write_bodies(kept, bodies, url)
        ready = stack.enter_context(
            other_server("benchmarks.ready_made", {"READY_MADE": str(bodies)})
        )
        for name, (what, path, encoding) in addresses.items():
            asked: dict[str, Any] = {"Accept_Encoding": encoding} if encoding else {}
            for server, how, aim in ((kept, "kept", 0.8), (anew, "made anew", 0.35)):
                yield _compare(
                    f"{what}, {how}",
                    "the same bytes, ready-made",
                    partial(server.burst, path, **asked),
                    partial(ready.burst, f"/{name}"),
                    rounds,
                    at_least=aim if name == "list" else None,
                )
        yield from _measure_conditional(kept, ready, rounds)
        yield from _measure_account(kept, anew, url, rounds)
        yield figure(
            "resident memory of a worker after that",
            [kept.resident_mb(), anew.resident_mb()],
            "MB",
            at_most=RESIDENT_AIM,
        )
    yield _measure_start(url, directory, rounds)


def measure_growth(small: str, large: str, directory: Path, *, rounds: int) -> Iterator[Line]:
    """Measure a page and a detail of many packages beside those of few."""
    with (
        registry_server(small, directory, cache_bytes=0) as few,
        registry_server(large, directory, cache_bytes=0) as many,
    ):
        sizes = f"{_count(large):,} packages", f"{_count(small):,}"
        for what, path_of in (("page of 100", _middle_page), ("detail", _detail_path)):
            yield _compare(
                f"{what} of {sizes[0]}, made anew: time",
                f"of {sizes[1]}",
                partial(few.burst, path_of(small), clients=1),
                partial(many.burst, path_of(large), clients=1),
                rounds,
                at_most=1.3,
            )


def _compare(
    what: str,
    against: str,
    ours: Ask,
    theirs: Ask,
    rounds: int,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Line:
    ours(), theirs()
    pairs = interleave(rounds, ours, theirs)
    rates = [median(pair[side].per_second for pair in pairs) for side in (0, 1)]
    cpu = [median(pair[side].cpu_ms for pair in pairs) for side in (0, 1)]
    return compare(
        what,
        against,
        [(own.per_second, other.per_second) for own, other in pairs],
        at_least=at_least,
        at_most=at_most,
        times=f"{rates[0]:,.0f} : {rates[1]:,.0f} answers/s",
        cpu=f"{cpu[0]:.2f} : {cpu[1]:.2f} ms an answer",
    )


def _write_bodies(server: Server, directory: Path, url: str) -> dict[str, tuple[str, str, str]]:
    """Write what is answered where, for the other server; gives what is asked, and how."""
    directory.mkdir(parents=True, exist_ok=True)
    packages = f"list of {_count(url):,} packages"
    addresses = {
        "list": (packages, "/api/packages", ""),
        "gzip": (f"{packages} in gzip", "/api/packages", "gzip"),
        "zstd": (f"{packages} in zstd", "/api/packages", "zstd"),
        "page": ("page of 100", _middle_page(url), ""),
        "detail": ("detail", _detail_path(url), ""),
    }
    for name, (_, path, encoding) in addresses.items():
        asked = {"Accept_Encoding": encoding} if encoding else {}
        status, headers, body = server.get(path, **asked)
        if status != 200 or headers.get("content-encoding", "") != encoding:
            raise SystemExit(f"{path} answered {status} {headers}")
        if encoding == "gzip":
            json.loads(gzip.decompress(body))
        (directory / name).write_bytes(body)
    return addresses


def _measure_conditional(kept: Server, ready: Server, rounds: int) -> Iterator[Line]:
    _, headers, _ = kept.get("/api/packages")
    tag = headers["etag"]
    for against, path, aim in (
        ("the list's bytes, ready-made", "/list", 0.9),
        ("a 304 and nothing else", "/nothing", None),
    ):
        yield _compare(
            "304 of the list",
            against,
            partial(kept.burst, "/api/packages", If_None_Match=tag),
            partial(ready.burst, path),
            rounds,
            at_least=aim,
        )


def _measure_account(kept: Server, anew: Server, url: str, rounds: int) -> Iterator[Line]:
    engine = make_engine(url)
    with Session(engine) as session:
        author = session.scalar(select(func.min(Author.id)))
    engine.dispose()
    settings = {"DATABASE_URL": url, "AUTHOR_ID": str(author)}
    with other_server("benchmarks.query_per_package", settings) as plain:
        ours = json.loads(kept.get("/account/packages")[2])
        if json.loads(plain.get("/account")[2]) != ours:
            raise SystemExit("one query per package answers otherwise")
        packages = ours["packages"]
        size = f"{len(packages)} packages of {len(packages[0]['versions'])} versions"
        for server, how in ((kept, "kept"), (anew, "made anew")):
            yield _compare(
                f"account of {size}, {how}",
                "one query per package",
                partial(server.burst, "/account/packages", clients=1),
                partial(plain.burst, "/account", clients=1),
                rounds,
                at_least=20,
            )


def _measure_start(url: str, directory: Path, rounds: int) -> Line:
    seconds, resident = [], []
    for _ in range(2 * rounds):
        with registry_server(url, directory) as server:
            seconds.append(server.started_seconds)
            resident.append(server.resident_mb())
    memory = f"{median(resident):.0f} MB in the worker"
    return figure("start to first answer", seconds, "s", at_most=START_AIM, memory=memory)


def _count(url: str) -> int:
    return len(_names(url))


def _names(url: str) -> list[str]:
    engine = make_engine(url)
    with Session(engine) as session:
        names = session.scalars(
            select(Package.name).where(Package.workspace_id.is_not(None)).order_by(Package.name)
        ).all()
    engine.dispose()
    return list(names)


def _detail_path(url: str) -> str:
    names = _names(url)
    return f"/api/packages/{quote(names[len(names) // 2])}"


def _middle_page(url: str) -> str:
    from registry.rest.paging import encode_cursor  # noqa: PLC0415 -- Flask is only needed here

    names = _names(url)
    return f"/api/packages?limit=100&cursor={encode_cursor(names[len(names) // 2])}"
