"""A running `registry serve`: what a hangup does to it, what it logs, what it waits for."""

import json
import os
import re
import signal
import threading
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

from tests.cli.conftest import Start
from tests.ports import free_port

# Long enough for a machine that has much else to do; nothing waits this long when all is well.
PATIENCE = 120


def ask(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers={"Authorization": "Bearer reg_hidden-12345678"})
        response = connection.getresponse()
        return response.status, response.read().decode()


def began(port: int) -> float:
    """Tell when the process that answers was started."""
    found = re.search(r"^process_start_time_seconds (\S+)$", ask(port, "/metrics")[1], re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_hangup_replaces_its_processes_without_losing_a_request(
    start: Start, migrated: str
) -> None:
    port = free_port()
    settings = {"REGISTRY_LOG_FORMAT": "json", "REGISTRY_METRICS": "loopback"}
    server = start("serve", "--port", str(port), env={**os.environ, **settings})
    said: list[str] = []
    working = threading.Event()

    def listen() -> None:
        assert server.stderr is not None
        for line in server.stderr:
            said.append(line)
            if "registry.worker" in line or "answers on" in line:
                working.set()
        working.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert working.wait(PATIENCE)
    before = began(port)

    server.send_signal(signal.SIGHUP)
    answers = [ask(port, "/healthz")[0] for _ in range(50)]
    while began(port) == before:
        answers.append(ask(port, "/healthz?token=reg_hidden-12345678")[0])
    server.send_signal(signal.SIGTERM)

    assert server.wait(PATIENCE) == 0
    listener.join(PATIENCE)
    assert set(answers) == {200}
    logged: list[dict[str, Any]] = [json.loads(line) for line in said]
    assert any(line.get("path") == "/healthz" and "requestId" in line for line in logged)
    assert f"answers on http://127.0.0.1:{port}" in logged[0]["message"]
    assert logged[-1]["message"] == "Stopped."
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, logged))
    assert "hidden" not in "".join(said)
