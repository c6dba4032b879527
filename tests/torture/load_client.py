"""Asks a server over many connections at once, and sees that each answer is of one revision.

    echo '{"port": 5000, "clients": 64, "seconds": 60, "rate": null, "seed": 1, "token": "…"}' \
      | python load_client.py

In a process of its own, so that what it costs can be told from what the server does. Without a
rate, each client asks again as soon as it is answered (a closed loop); with one, so many requests
begin each second whether or not earlier ones are answered, and a time is counted from when its
request was due (an open loop). Prints JSON: the times of each question, and what was wrong.

The workspace is such that a torn answer shows: its commit number N, from 0 on, sets the version of
every package to 1.N.0, and its message is `release N`.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

PACKAGES = 40
_VERSION = re.compile(r"1\.(\d+)\.0")
# The number in a tag rises with each revision: RELEASE-EPOCH-NUMBER-DIGEST.
_TAG = re.compile(r'"[^-"]+-[^-"]+-(\d+)-[0-9a-f]+"')
_MOST_WRONG = 20

_FIELDS = """
  totalCount
  nodes {
    name now: version
    versions(first: 2) { totalCount nodes { version commit { message } } }
    commits(first: 2) { totalCount nodes { hash message } }
    health { overallScore }
    dependencies(first: 5) { nodes { name package { name now: version } } }
    dependents(first: 5) { totalCount nodes { name now: version } }
  }
"""
FLAGSHIP = f"query {{ packages(first: 50) {{ {_FIELDS} }} }}"
PAGE = f"query {{ packages(first: 5) {{ {_FIELDS} }} }}"

# Gives the numbers that an answer shows of the commit it is of.
Reader = Callable[[Any], set[int]]


@dataclass(frozen=True)
class Question:
    """A request, and how to find out of which revisions its answer is."""

    name: str
    path: str
    reader: Reader
    body: bytes = b""
    has_token: bool = False


@dataclass
class Result:
    """What was seen so far."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    wrong: list[str] = field(default_factory=list)
    revisions: set[int] = field(default_factory=set)

    def complain(self, text: str) -> None:
        """Note that something is wrong."""
        if len(self.wrong) < _MOST_WRONG:
            self.wrong.append(text[:500])


def number_of(version: str) -> int:
    """Take the commit's number out of `1.N.0`."""
    found = _VERSION.fullmatch(version)
    return int(found[1]) if found else -1


def read_packages(answer: Any) -> set[int]:
    """Read a list of packages: each of the same commit, and all there."""
    numbers = {number_of(each["version"]) for each in answer["packages"]}
    return numbers if len(answer["packages"]) == PACKAGES else {-2}


def read_detail(answer: Any) -> set[int]:
    """Read one package: its version and its newest commits."""
    (package,) = answer["packages"]
    return {number_of(package["version"]), *read_commits(package["commits"])}


def read_commits(commits: Any) -> set[int]:
    """Read commits, newest first: one after the other, without a gap."""
    numbers = [int(each["message"].removeprefix("release ")) for each in commits]
    newest = numbers[0]
    return {newest} if numbers == list(range(newest, newest - len(numbers), -1)) else {-3}


def read_stats(answer: Any) -> set[int]:
    """Read counts: each commit brings one version of every package."""
    return {answer["commits"] - 1, answer["versions"] // PACKAGES - 1}


def read_account(answer: Any) -> set[int]:
    """Read an author's packages, which are of no commit: both lists are one."""
    return set() if answer["packages"] == answer["data"] else {-4}


def read_graphql(answer: Any) -> set[int]:
    """Read packages with all that belongs to them."""
    if "errors" in answer:
        return {-5}
    found = set()
    for package in answer["data"]["packages"]["nodes"]:
        found.add(number_of(package["now"]))
        found.add(package["commits"]["totalCount"] - 1)
        found.add(package["versions"]["totalCount"] - 1)
        found |= read_commits(package["commits"]["nodes"])
        found.add(number_of(package["versions"]["nodes"][0]["version"]))
        for dependency in package["dependencies"]["nodes"]:
            found.add(number_of(dependency["package"]["now"]))
        for dependent in package["dependents"]["nodes"]:
            found.add(number_of(dependent["now"]))
    return found


QUESTIONS = (
    Question("GET /api/packages", "/api/packages", read_packages),
    Question("GET /api/search", "/api/search?q=package", read_packages),
    *(
        Question("GET /api/packages/NAME", f"/api/packages/@load/package-{number}", read_detail)
        for number in (0, 7, 39)
    ),
    *(
        Question("GET /api/commits/PATH", f"/api/commits/packages/p{number}?limit=20", read_commits)
        for number in (1, 8)
    ),
    Question("GET /api/stats", "/api/stats", read_stats),
    Question("GET /account/packages", "/account/packages", read_account, has_token=True),
    Question(
        "POST /graphql, 50 packages",
        "/graphql",
        read_graphql,
        json.dumps({"query": FLAGSHIP}).encode(),
    ),
    Question(
        "POST /graphql, 5 packages", "/graphql", read_graphql, json.dumps({"query": PAGE}).encode()
    ),
    Question(
        "GET /graphql, 5 packages", f"/graphql?query={quote(PAGE)}", read_graphql, has_token=True
    ),
)


class Client:
    """One connection that is kept, and what its owner remembers of earlier answers."""

    def __init__(self, port: int, token: str, result: Result) -> None:
        self._port, self._token, self._result = port, token, result
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._tags: dict[str, str] = {}
        self._newest = -1

    async def ask(self, question: Question, due: float) -> None:
        """Ask, and look at the answer."""
        status, headers, body = await self._exchange(question)
        result = self._result
        result.times[question.name].append(time.perf_counter() - due)
        result.statuses[status] += 1
        tag = headers.get("etag", "")
        if status == 304:
            if body or tag != self._tags.get(question.path):
                result.complain(f"{question.name}: 304 with {len(body)} bytes, {tag}")
            return
        if status != 200:
            result.complain(f"{question.name}: {status} {body[:300]!r}")
            return
        if tag:
            self._tags[question.path] = tag
            self._see_revision(question, tag)
        numbers = question.reader(json.loads(body))
        if len(numbers) > 1 or min(numbers, default=0) < 0:
            result.complain(f"{question.name}: torn, of {sorted(numbers)}: {body[:200]!r}")
        result.revisions |= numbers

    def _see_revision(self, question: Question, tag: str) -> None:
        found = _TAG.fullmatch(tag)
        number = int(found[1]) if found else -1
        if number < self._newest:
            self._result.complain(f"{question.name}: back from {self._newest} to {tag}")
        self._newest = max(self._newest, number)

    async def _exchange(self, question: Question) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
        reader, writer = self._streams
        head = [f"{'POST' if question.body else 'GET'} {question.path} HTTP/1.1", "Host: localhost"]
        if question.has_token:
            head.append(f"Authorization: Bearer {self._token}")
        if question.path in self._tags:
            head.append(f"If-None-Match: {self._tags[question.path]}")
        if question.body:
            head.append(f"Content-Type: application/json\r\nContent-Length: {len(question.body)}")
        writer.write("\r\n".join([*head, "", ""]).encode() + question.body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        if headers.get("connection", "").lower() == "close":
            writer.close()
            self._streams = None
        return int(lines[0].split()[1]), headers, body


async def run_client(client: Client, order: dict[str, Any], due: "Due", seed: str) -> None:
    """Ask one question after the other until the time is over."""
    chance = random.Random(seed)  # noqa: S311 -- no secret
    while (moment := due.take()) < due.end:
        if order["rate"]:
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        else:
            moment = time.perf_counter()
        await client.ask(chance.choice(QUESTIONS), moment)


class Due:
    """When requests are due: at once in a closed loop, at a fixed rate in an open one."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._begin = time.perf_counter()
        self.end = self._begin + order["seconds"]
        self._rate = order["rate"]
        self._taken = 0

    def take(self) -> float:
        """Give the moment of the next request."""
        if not self._rate:
            return time.perf_counter()
        self._taken += 1
        return float(self._begin + self._taken / self._rate)


async def run(order: dict[str, Any]) -> Result:
    """Run all clients."""
    result, due = Result(), Due(order)
    clients = [Client(order["port"], order["token"], result) for _ in range(order["clients"])]
    await asyncio.gather(
        *(
            run_client(client, order, due, f"{order['seed']} {number}")
            for number, client in enumerate(clients)
        )
    )
    return result


def main() -> None:
    """Read the order, ask, print what came of it."""
    order = json.load(sys.stdin)
    began = time.perf_counter()
    result = asyncio.run(run(order))
    shown = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time(),
        "times": result.times,
        "statuses": result.statuses,
        "wrong": result.wrong,
        "revisions": sorted(result.revisions),
    }
    print(json.dumps(shown))  # noqa: T201 -- the result


if __name__ == "__main__":
    main()
