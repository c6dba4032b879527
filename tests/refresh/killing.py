"""A program that lets refreshes and changes of manifests begin, and kills each of them.

Its arguments: `refresh` or `update`, the database, the instance directory, the workspace, the seed,
how many kills. After each kill it prints what stands then, as one JSON document a line; at the end
it lets one finish, and prints that. What is killed are forks of it that run the command or serve
the application, so that starting one takes no time; none of its own connections is open then.
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import huey  # noqa: F401 -- each fork would import it anew
from git.cmd import Git  # noqa: F401 -- as above
from sqlalchemy import select
from sqlalchemy.orm import Session

import registry.commands.refresh  # noqa: F401 -- as above
from app import create_app
from registry.cli import main as registry_command
from registry.database import make_engine
from registry.models import Workspace
from registry.refresh.lock import refresh_lock
from registry.rules.enumerations import Severity
from registry.settings import Settings
from registry.verify import verify


class Killing:
    """What both kinds of rounds share."""

    def __init__(self, url: str, instance: Path, workspace: Path, chance: random.Random) -> None:
        self.settings = Settings(
            database_url=url, instance_path=instance, workspace=workspace, open_writes=True
        )
        self.workspace = workspace
        self.chance = chance
        os.environ["REGISTRY_DATABASE_URL"] = url
        os.environ["REGISTRY_INSTANCE_PATH"] = str(instance)
        os.environ["REGISTRY_WORKSPACE"] = str(workspace)

    def git(self, *arguments: str) -> str:
        """Run git in the workspace."""
        command = ["git", "-C", str(self.workspace), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def catalogued(self) -> str | None:
        """Tell which commit is catalogued."""
        engine = make_engine(self.settings.database_address())
        with Session(engine) as session:
            head = session.scalar(select(Workspace.head))
        engine.dispose()
        return head

    def state(self) -> dict[str, Any]:
        """Tell what is wrong, which commit is catalogued, and what lies about."""
        engine = make_engine(self.settings.database_address())
        # What PostgreSQL was about to commit for who was killed is committed by then.
        with refresh_lock(engine):
            pass
        wrong = [
            f"{result.check}: {finding}"
            for result in verify(engine, self.settings, every=True)
            for finding in result.findings
            if finding.severity is Severity.ERROR
        ]
        engine.dispose()
        return {
            "wrong": wrong,
            "head": self.catalogued(),
            "enclosures": len(list(Path(tempfile.gettempdir()).glob("registry-git-*"))),
            "left": len(list((self.workspace / ".git" / "registry").glob("*"))),
            "dirty": self.git("status", "--porcelain", "--untracked-files=all").splitlines(),
        }

    def kill_after(self, process: int, seconds: float) -> float | None:
        """Kill a process some time from now; gives how long it took if it ended before that."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(0.002)
            ended, _ = os.waitpid(process, os.WNOHANG)
            if ended:
                return time.monotonic() - began
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return None


def fork(action: Callable[[], object]) -> int:
    """Run something in a process of its own, and give its id."""
    process = os.fork()
    if process:
        return process
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        action()
    finally:
        os._exit(1)


def refresh() -> None:
    """Run `registry refresh`, and end with its status."""
    try:
        registry_command(["--quiet", "refresh"])
    except SystemExit as status:
        os._exit(int(status.code or 0))


def kill_refreshes(killing: Killing, kills: int) -> None:
    """Go from head to head, and kill the refresh on the way."""
    heads = killing.git("for-each-ref", "--format=%(objectname)", "refs/heads/kept").split()
    took = 0.0
    for head in heads:
        killing.git("reset", "--quiet", "--hard", head)
        took = max(took, finish())
    killed = 0
    while killed < kills:
        before = killing.catalogued()
        after = killing.chance.choice([head for head in heads if head != before])
        killing.git("reset", "--quiet", "--hard", after)
        ended = killing.kill_after(fork(refresh), killing.chance.uniform(0, took))
        # The machine is as fast as it is now.
        took = ended or took
        killed += ended is None
        stood = {"before": before, "after": after, "ended": ended is not None}
        tell(killing.state() | stood)
    # The last one has history to read: only then are directories made, and abandoned ones cleared.
    head = next(head for head in heads if head != killing.catalogued())
    killing.git("reset", "--quiet", "--hard", head)
    finish()
    tell(killing.state() | {"before": head, "after": head, "ended": True})


def finish() -> float:
    """Let a refresh run to its end, and give the seconds that it took."""
    began = time.monotonic()
    _, status = os.waitpid(fork(refresh), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return time.monotonic() - began


def kill_updates(killing: Killing, kills: int) -> None:
    """Change a manifest over HTTP, and kill the server while it does."""
    finish()
    name, manifest = read_member(killing)
    took = max(update(killing, name, f"warm {number}")[1] for number in range(3))
    for number in range(kills):
        finish()
        before = manifest.read_bytes()
        wanted = json.dumps(f"Round {number}")
        ended, _ = update(killing, name, f"Round {number}", killing.chance.uniform(0, took))
        content = manifest.read_bytes()
        told = json.loads(content)["description"]
        whole = content == before or json.dumps(told) == wanted
        # The next refresh takes up what was written, and away what was left.
        finish()
        tell(killing.state() | {"whole": whole, "new": content != before, "ended": ended})
    assert update(killing, name, "The last")[0]
    tell(killing.state() | {"whole": True, "new": True, "ended": True})


def read_member(killing: Killing) -> tuple[str, Path]:
    """Find a package's name and its manifest."""
    manifest = killing.workspace / "packages" / "group-0" / "package-0" / "package.json"
    return json.loads(manifest.read_bytes())["name"], manifest


class _Silent(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def update(
    killing: Killing, name: str, description: str, kill_after: float | None = None
) -> tuple[bool, float]:
    """Serve, ask for a change, and perhaps kill; tells whether it was answered, and the seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            server = make_server(
                "127.0.0.1", 0, create_app(killing.settings), handler_class=_Silent
            )
            server.socket.close()
            server.socket = listener
            server.serve_forever()

        process = fork(serve)
    body = json.dumps({"packageName": name, "config": {"description": description}})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    began = time.monotonic()
    connection.close()
    connection.request(
        "PUT", "/api/packages/update-config", body, {"Content-Type": "application/json"}
    )
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(process, signal.SIGKILL)
    try:
        status = connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        status = 0
    took = time.monotonic() - began
    connection.close()
    if kill_after is None:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    assert status in {0, 200}, status
    return status == http.client.OK, took


def tell(state: dict[str, Any]) -> None:
    """Print how things stand."""
    sys.stdout.write(json.dumps(state) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    """Kill as often as asked."""
    kind, url, instance, workspace, seed, kills = arguments
    chance = random.Random(int(seed))  # noqa: S311 -- to be had again, not to be secret
    killing = Killing(url, Path(instance), Path(workspace), chance)
    {"refresh": kill_refreshes, "update": kill_updates}[kind](killing, int(kills))


if __name__ == "__main__":
    main(sys.argv[1:])
