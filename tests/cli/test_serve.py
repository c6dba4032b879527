"""`registry serve`, as a real process on a real port."""

import json
import os
import pty
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database import make_engine
from registry.demo import make_workspace
from registry.refresh.lock import refresh_lock
from tests.cli.conftest import Run, Start
from tests.databases import Databases, fresh_database
from tests.ports import await_free, free_port

# Long enough for a machine that has much else to do; nothing waits this long when all is well.
PATIENCE = 120


@pytest.fixture
def port() -> int:
    """Find a port that nothing listens on."""
    return free_port()


Serve = Callable[..., "Served"]


class Served:
    """A server that was started, and what it has said so far on standard error."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.said = ""

    def wait_for(self, words: str) -> str:
        """Read what the server says until a line holds `words`; gives that line."""
        assert self.process.stderr is not None
        watch = threading.Timer(PATIENCE, self.process.terminate)
        watch.start()
        try:
            for line in self.process.stderr:
                self.said += line
                if words in line:
                    return line
        finally:
            watch.cancel()
        raise AssertionError(f"it never said {words!r}, but:\n{self.said}")

    def call(self, method: str, path: str) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        output, said = self.process.communicate(timeout=PATIENCE)
        self.said += said
        assert output == ""
        return self.process.returncode


@pytest.fixture
def serve(start: Start, port: int, migrated: str) -> Serve:
    def begin(stdin: int = subprocess.DEVNULL, **environment: str) -> Served:
        process = start(
            *("serve", "--port", str(port)),
            env={**os.environ, **environment},
            stdin=stdin,
            # A process group of its own, as a shell gives to what it runs.
            process_group=0,
        )
        return Served(process, port)

    return begin


def test_it_answers_when_it_says_so_and_stops_when_told(serve: Serve, port: int) -> None:
    server = serve()
    server.wait_for(f"answers on http://127.0.0.1:{port}")

    assert server.call("GET", "/healthz")[0] == 200
    for length, status in ((60_000, 200), (140_000, 431)):
        with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/healthz", headers={"Accept": "a" * length})
            assert connection.getresponse().status == status
    assert server.stop(signal.SIGTERM) == 0
    assert server.said.endswith("Stopped.\n")
    assert "Traceback" not in server.said


def test_requests_that_have_begun_are_finished(
    serve: Serve, databases: Databases, tmp_path: Path
) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    # PostgreSQL, for it tells who waits for a lock.
    with fresh_database(databases, "postgresql") as url:
        server = serve(
            REGISTRY_DATABASE_URL=url,
            REGISTRY_WORKSPACE=str(workspace),
            REGISTRY_OPEN_WRITES="true",
        )
        server.wait_for("Catalogued ")
        engine = make_engine(url)
        answers: list[tuple[int, bytes]] = []
        caller = threading.Thread(
            target=lambda: answers.append(server.call("POST", "/api/packages/refresh"))
        )
        with refresh_lock(engine):
            caller.start()
            with engine.connect() as connection:
                waiters = text(
                    "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database "
                    "WHERE NOT granted AND locktype = 'advisory' AND datname = current_database()"
                )
                while caller.is_alive() and not connection.scalar(waiters):
                    connection.rollback()
            server.process.send_signal(signal.SIGTERM)
        caller.join(PATIENCE)
        engine.dispose()

        assert [status for status, _ in answers] == [200]
        assert server.process.wait(PATIENCE) == 0


def test_ctrl_c_which_reaches_all_its_processes_stops_it_at_once(serve: Serve) -> None:
    server = serve()
    server.wait_for("answers on")

    os.killpg(server.process.pid, signal.SIGINT)

    assert server.process.wait(PATIENCE) == 0
    assert "Killing" not in server.process.communicate()[1]


def test_closing_its_terminal_stops_it(serve: Serve) -> None:
    controller, terminal = pty.openpty()
    server = serve(stdin=terminal)
    server.wait_for("answers on")

    assert server.stop(signal.SIGHUP) == 0
    os.close(controller)
    os.close(terminal)


def test_nobody_else_is_on_its_port_until_it_is_gone_even_killed(
    serve: Serve, run: Run, port: int
) -> None:
    server = serve()
    server.wait_for("answers on")
    assert f"Port {port} of 127.0.0.1 is in use" in run("serve", "--port", str(port)).stderr

    server.process.kill()

    # The end of its standard error: none of its processes is left.
    server.process.communicate(timeout=PATIENCE)
    await_free(port)


def test_a_new_workspace_is_catalogued_while_it_answers(
    serve: Serve, tmp_path: Path, migrated: str
) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    engine = make_engine(migrated)
    with refresh_lock(engine):
        server = serve(REGISTRY_WORKSPACE=str(workspace))
        server.wait_for("Cataloguing ")
        assert server.call("GET", "/readyz")[0] == 503
    engine.dispose()

    server.wait_for("Catalogued ")
    assert server.call("GET", "/readyz")[0] == 200
    assert len(json.loads(server.call("GET", "/api/packages")[1])["packages"]) > 20
    assert server.stop() == 0


def test_a_workspace_that_cannot_be_read_is_told_and_does_not_stop_it(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(REGISTRY_WORKSPACE=str(tmp_path / "nowhere"))

    server.wait_for("nowhere: The workspace is no directory")
    assert server.call("GET", "/readyz")[0] == 503
    assert server.call("GET", "/")[0] == 200
    assert server.stop() == 0


def test_stopping_ends_a_refresh_in_the_background(
    serve: Serve, tmp_path: Path, migrated: str
) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    engine = make_engine(migrated)
    with refresh_lock(engine):
        server = serve(REGISTRY_WORKSPACE=str(workspace))
        server.wait_for("Cataloguing ")
        # `communicate` inside returns only once nobody holds the server's standard error any more.
        assert server.stop() == 0
    engine.dispose()


def test_what_lies_in_the_current_directory_is_not_run(serve: Serve, tmp_path: Path) -> None:
    for name in ("app.py", "wsgi.py", "registry.py", "granian.py"):
        (tmp_path / name).write_text("open('ran', 'w').close()\nraise SystemExit(3)\n")
    workspace = make_workspace(tmp_path / "workspace")
    server = serve(REGISTRY_WORKSPACE=str(workspace))

    server.wait_for("Catalogued ")

    assert server.stop() == 0
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def taken() -> Iterator[int]:
    """Listen on a port as another server would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_told(run: Run, migrated: str, taken: int) -> None:
    result = run("serve", "--port", str(taken))

    assert result.exit_code == 1
    assert f"Port {taken} of 127.0.0.1 is in use" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--workers", "2"], {}, "set REGISTRY_RATELIMIT_STORAGE_URI to a Redis"),
        (["--host", "192.0.2.1"], {"REGISTRY_OPEN_WRITES": "true"}, "unset it and give out tokens"),
        (["--host", "no.such.invalid"], {}, "Cannot listen on no.such.invalid"),
        (["--host", "203.0.113.1"], {}, "Cannot listen on 203.0.113.1"),
        ([], {"REGISTRY_RATELIMIT_ACCOUNT": "often"}, "REGISTRY_RATELIMIT_ACCOUNT is 'often'"),
    ],
)
@pytest.mark.usefixtures("migrated")
def test_it_refuses_to_start(
    run: Run, port: int, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    result = run("serve", "--port", str(port), *arguments, **environment)

    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stdout == ""
