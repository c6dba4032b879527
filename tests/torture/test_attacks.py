"""Attacks on a running server that take their time: bombs, half requests, and listening to clocks.

What every route makes of hostile texts is in tests/rest/test_hostile_requests.py, of which
`make torture` runs all.
"""

import http.client
import json
import random
import socket
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from statistics import median
from types import MappingProxyType

import pytest
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.database import make_engine
from registry.rules.permissions import Permission
from tests.databases import Databases, fresh_database
from tests.publishing.archives import make_zip
from tests.rest.openapi.conftest import make_contents
from tests.torture.conftest import Report
from tests.torture.serving import Served, make_environment, serving

MIB = 1 << 20
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
# By how much all bombs together may let the server grow: less than the largest of them.
_ROOM = 256 * MIB
# In seconds. Whatever is sent is answered within it, and others are meanwhile.
_PATIENCE = 60.0
_ROUNDS = 1_500
# How far medians of the same work may lie apart, in microseconds, before somebody should look:
# a hundred times what SHA-256 of a token takes.
_GROSS = 300
_HALVES = 500
_PAUSE = 0.05


@dataclass(frozen=True)
class Target:
    """The demo, served; its author's token, with all permissions, and one of somebody else."""

    served: Served
    token: str
    stranger: str

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, bytes, float]:
        """Send a request over a connection of its own; gives status, body, seconds.

        A server may answer, and hang up, before all of a body was sent.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=_PATIENCE)
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        began = time.perf_counter()
        try:
            connection.request(method, path, body, sent)
        except OSError:
            if connection.sock is None:
                return 413, b"", time.perf_counter() - began
        try:
            response = connection.getresponse()
            return response.status, response.read(), time.perf_counter() - began
        except (http.client.HTTPException, ConnectionError):
            return 0, b"", time.perf_counter() - began
        finally:
            connection.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def target(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("attacked")
    with fresh_database(databases, request.param) as url:
        token = make_contents(url, directory)
        engine = make_engine(url)
        with Session(engine) as session:
            author = create_author(session, "Stranger")
            stranger = issue_token(session, author, Permission.Admin, None).secret
            session.commit()
        engine.dispose()
        with serving(make_environment(url, directory), directory) as served:
            yield Target(served, token, stranger)


def zeros(size: int) -> Iterator[bytes]:
    """Give so many bytes, in pieces: `http.client` sends them chunked."""
    return repeat(b"0" * 65_536, size // 65_536)


def form(file: bytes, version: str) -> bytes:
    """Write the form of an upload."""
    fields = {
        "packageId": "example.package1",
        "packageVersion": version,
        "xpSelection": "*",
        "isPublic": "true",
        "isPrivate": "false",
        "isStored": "true",
        "supportsMacOS": "true",
        "supportsWindows": "true",
        "supportsLinux": "true",
        "dependencies": "[]",
        "incompatibilities": "[]",
    }
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    return b"".join([*parts, head, file, b"\r\n--b--\r\n"])


def graphql_bombs() -> Iterator[tuple[str, str]]:
    """Give operations that would be much more than they look."""
    doubled = " ".join(
        f"fragment F{n} on Package {{ ...F{n - 1} ...F{n - 1} }}" for n in range(1, 99)
    )
    yield (
        "fragments that double",
        f"{{packages{{nodes{{...F98}}}}}} fragment F0 on Package{{name}} {doubled}",
    )
    yield (
        "a cycle",
        "{packages{nodes{...A}}} fragment A on Package{...B} fragment B on Package{...A}",
    )
    yield "depth", "{packages{nodes{" + "dependents{nodes{" * 80 + "name" + "}}" * 80 + "}}}"
    yield "braces", "{" * 1_900
    yield "lists", "{packages(filter:{name:" + "[" * 900 + "]" * 900 + "}){totalCount}}"
    yield "aliases", "{" + " ".join(f"a{n}:packages{{totalCount}}" for n in range(300)) + "}"
    yield "one field again and again", "{packages{" + "nodes{name} " * 450 + "}}"
    overlapping = "...on Package{dependents{nodes{name}}} " * 180
    yield "fields that must be merged", f"{{packages{{nodes{{{overlapping}}}}}}}"
    yield "directives", "{packages{totalCount " + "@include(if:true)" * 250 + "}}"
    yield "unknown directives", "{packages{totalCount " + "@a" * 900 + "}}"
    yield "operations", " ".join(f"query Q{n}{{packages{{totalCount}}}}" for n in range(250))
    yield "variables", "query(" + ",".join(f"$a{n}:String" for n in range(400)) + "){__typename}"
    yield "fragments of one name", "{__typename}" + "fragment A on Package{name}" * 140
    yield "guesses", "{" + " ".join(f"packagez{n}" for n in range(480)) + "}"
    yield (
        "rows",
        "{packages(first:1000){nodes{dependents(first:1000){nodes{dependents(first:1000){nodes{name}}}}}}}",
    )
    yield "digits", "{packages(first:" + "9" * 19_000 + "){totalCount}}"
    yield "introspection", "{__schema{types{" + "fields{type{" * 20 + "name" + "}}" * 20 + "}}}"


@dataclass(frozen=True)
class Bomb:
    """A request that would cost much more than it looks, and what it may be answered with.

    Where 0 is among that, the server may hang up before it has heard all.
    """

    name: str
    method: str
    path: str
    expected: set[int]
    body: bytes | Iterator[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_bombs() -> Iterator[Bomb]:
    """Give bodies that are to be JSON."""
    many = json.dumps({f"k{number}": number for number in range(60_000)}).encode()
    for method, path in (
        ("POST", "/api/builds"),
        ("PUT", "/api/packages/update-config"),
        ("POST", "/packages/new"),
        ("POST", "/auth/issue"),
        ("POST", "/graphql"),
    ):
        bodies: dict[str, tuple[bytes | Iterator[bytes], set[int]]] = {
            "100 MB": (b"[" * (100 * MIB), {413, 0}),
            "100 MB in chunks": (zeros(100 * MIB), {413, 0}),
            "deep lists": (b"[" * (MIB - 1), {400}),
            "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, {400}),
            "a number": (b'{"packageName":' + b"9" * (MIB - 99) + b"}", {400}),
            "keys": (many, {400}),
        }
        for name, (body, expected) in bodies.items():
            yield Bomb(f"{path}: {name}", method, path, expected, body, JSON)
        packed = {**JSON, "Content-Encoding": "gzip"}
        yield Bomb(f"{path}: packed", method, path, {415}, b"\x1f\x8b" + b"\0" * 999, packed)
    for name, query in graphql_bombs():
        body = json.dumps({"query": query}).encode()
        yield Bomb(f"GraphQL: {name}", "POST", "/graphql", {200}, body, JSON)
    batch = json.dumps([{"query": "{__typename}"}] * 20_000).encode()
    yield Bomb("GraphQL: a batch", "POST", "/graphql", {400}, batch, JSON)


def form_bombs() -> Iterator[Bomb]:
    """Give bodies that are to be forms."""
    part = b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n'
    parts = b"".join(part % number for number in range(10_000)) + b"--b--"
    for path in ("/packages/new", "/packages/upload"):
        yield Bomb(f"{path}: parts", "POST", path, {400, 413}, parts, FORM)
    head = b'--b\r\nContent-Disposition: form-data; name="' + b"a" * (10 * MIB)
    yield Bomb("a part's head", "POST", "/packages/upload", {400, 413}, head, FORM)


def report_bombs() -> Iterator[Bomb]:
    """Give reports."""
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    for kind in ("coverage", "tests", "lint", "audit"):
        contents: dict[str, bytes | Iterator[bytes]] = {
            "deep JSON": b"[" * (9 * MIB),
            "deep XML": b"<testsuites>" + b"<a>" * (3 * MIB),
            "attributes": b"<a "
            + b" ".join(b'a%d=""' % number for number in range(500_000))
            + b"/>",
            "laughs": b'<!DOCTYPE l [<!ENTITY a0 "ha">'
            + laughs
            + b"]><testsuites>&a9;</testsuites>",
            "lines": b"TN:\nSF:a\n" + b"DA:1,1\n" * 1_000_000 + b"end_of_record\n",
            "100 MB": zeros(100 * MIB),
        }
        for name, content in contents.items():
            path = f"/api/packages/@acme/units/reports/{kind}"
            yield Bomb(f"a report of {kind}: {name}", "PUT", path, {200, 413, 422, 0}, content)


def address_bombs() -> Iterator[Bomb]:
    """Give addresses and headers."""
    for name, path in (
        ("wanted", "/packages/resolve?" + "wanted=a.bcdef@1-&" * 3_000),
        ("pattern", "/api/search?q=" + "%25" * 20_000),
        ("parameters", "/api/packages?" + "".join(f"a{number}=&" for number in range(8_000))),
        ("path", "/api/packages/" + "a/" * 30_000),
        ("its length", "/api/packages/" + "a" * MIB),
    ):
        yield Bomb(f"an address: {name}", "GET", path, {200, 400, 404, 414, 431, 0})
    value = ",".join(f'"x{number}";q=0.{number % 9}' for number in range(20_000))
    for name in ("Accept", "Accept-Encoding", "If-None-Match", "Range", "Cookie", "X-Request-Id"):
        path, expected = "/api/dependencies/graph", {200, 400, 431, 0}
        yield Bomb(f"a header: {name}", "GET", path, expected, None, {name: value})


def test_bombs(target: Target, report: Report) -> None:
    served = target.served
    target.send("POST", "/graphql", b'{"query": "{__typename}"}', JSON)
    before, wrong, slowest = served.memory(), [], (0.0, "")
    count = 0
    for bomb in chain(json_bombs(), form_bombs(), report_bombs(), address_bombs()):
        status, body, seconds = target.send(bomb.method, bomb.path, bomb.body, bomb.headers)
        count += 1
        slowest = max(slowest, (seconds, bomb.name))
        if status not in bomb.expected or b"internal_error" in body:
            wrong.append(f"{bomb.name}: {status} {body[:200]!r}")
        alive, _, _ = target.send("GET", "/healthz")
        assert alive == 200, bomb.name
    after = served.memory()
    report(
        f"{count} bombs; the slowest took {slowest[0]:.1f} s: {slowest[1]}; memory "
        f"{before / MIB:.0f} MiB before, {after / MIB:.0f} after"
    )

    assert wrong == []
    assert slowest[0] < _PATIENCE
    assert after - before < _ROOM
    assert "Traceback" not in served.log.read_text("utf-8", "replace")


def test_archives_that_unpack_to_more(target: Target, report: Report) -> None:
    """Each is refused by the worker, with a reason, and none fills the disk or the memory."""
    huge = make_zip({"example.package1/zeros": b"\0" * (200 * MIB)}, method=zipfile.ZIP_DEFLATED)
    nested = make_zip({f"example.package1/{number}": b"\0" * MIB for number in range(300)})
    many = make_zip({f"example.package1/{number}": b"" for number in range(60_000)})
    before = target.served.memory()
    for number, archive in enumerate((huge, nested, many, huge[:-100], b"PK\x03\x04" * 99), 1):
        status, body, _ = target.send(
            "POST", "/packages/upload", form(archive, f"9.0.{number}"), FORM
        )
        assert status == 204, body
        path = f"/account/packages/example.package1/9.0.{number}"
        end = time.monotonic() + _PATIENCE
        while (state := json.loads(target.send("GET", path)[1])["versionData"])[
            "status"
        ] == "processing":
            assert time.monotonic() < end
            time.sleep(_PAUSE)
        report(f"{len(archive):,} bytes: {state['status']}, {state.get('failureReason', '')}")
        assert state["status"].startswith("failed_")
    assert target.served.memory() - before < _ROOM


def test_half_requests_hold_up_nobody(target: Target, report: Report) -> None:
    """Hundreds of connections that do not end a request's head, or a body that is refused.

    Bodies that are waited for are a proxy's business (docs/security.md, What we do not do).
    """
    port = target.served.port
    began = [b"GET /api/packages HT", b"POST /graphql HTTP/1.1\r\nContent-Length: 99\r\n\r\n{", b""]
    halves = []
    for number in range(_HALVES):
        halves.append(half := socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
        half.sendall(began[number % len(began)])
    times = []
    for number in range(200):
        if halves and number % 10 == 0:
            halves[number].sendall(b"x")
        status, _, seconds = target.send("GET", "/api/packages")
        assert status == 200
        times.append(seconds)
    for half in halves:
        half.close()
    report(
        f"beside {_HALVES} half requests: p50 {median(times) * 1000:.1f} ms, "
        f"at most {max(times) * 1000:.1f} ms"
    )


def test_times_tell_nothing(target: Target, chance: random.Random, report: Report) -> None:
    """The same work, whatever is not there; figures are reported, gross differences refused."""
    own = target.token
    unlike = chance.choice([letter for letter in "abcdefgh" if letter != own[-1]])
    groups = {
        "tokens": {
            "unknown": (
                "/account/packages/none.whatever",
                f"reg_{chance.getrandbits(250):043x}"[:47],
            ),
            "wrong in its last letter": ("/account/packages/none.whatever", own[:-1] + unlike),
            "wrong in its first letter": ("/account/packages/none.whatever", "x" + own[1:]),
        },
        "packages": {
            "none": ("/account/packages/nobodys.package1", target.stranger),
            "another author's": ("/account/packages/example.package1", target.stranger),
        },
        "versions": {
            "none": ("/packages/info/nobodys.package1/1.2.0b1", target.stranger),
            "another author's private one": (
                "/packages/info/hangar.connect/1.2.0b1",
                target.stranger,
            ),
        },
    }
    for what, cases in groups.items():
        taken: dict[str, list[float]] = {name: [] for name in cases}
        statuses: dict[str, set[int]] = {name: set() for name in cases}
        connection = http.client.HTTPConnection("127.0.0.1", target.served.port, timeout=_PATIENCE)
        names = list(cases)
        for _ in range(_ROUNDS):
            # In another order each time, so that what comes before is no one's advantage.
            for name in chance.sample(names, len(names)):
                path, token = cases[name]
                began = time.perf_counter()
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                response = connection.getresponse()
                response.read()
                taken[name].append(time.perf_counter() - began)
                statuses[name].add(response.status)
        connection.close()
        medians = {name: median(times) * 1e6 for name, times in taken.items()}
        shown = ", ".join(f"{name} {value:.0f}" for name, value in medians.items())
        report(f"{what}: medians of {_ROUNDS} in microseconds: {shown}")
        assert len(set(chain.from_iterable(statuses.values()))) == 1, statuses
        assert max(medians.values()) - min(medians.values()) < max(
            _GROSS, min(medians.values()) / 4
        )
