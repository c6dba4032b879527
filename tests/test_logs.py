"""Log lines: one object each for programs, one line each for people, and no secret in either."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from registry.logs import JSON, TEXT, configure_logging, naming_job, take_secrets_out
from registry.settings import Settings
from registry.web.request_id import configure_logging as configure_web_logging

TOKEN = "reg_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KEY = "a-private-key-that-nobody-else-has-1234567890"


@pytest.fixture
def written() -> Iterator[Callable[[str], io.StringIO]]:
    """Write the process's log into a text, in a form that a test names."""
    root, level = logging.getLogger(), logging.getLogger("registry").level
    before = root.handlers

    def begin(form: str) -> io.StringIO:
        # Here and not before: pytest adds its own when a test is called.
        root.handlers = []
        configure_web_logging("INFO", form)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        text = io.StringIO()
        handler.setStream(text)
        return text

    yield begin
    root.handlers = before
    logging.getLogger("registry").setLevel(level)
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = True


def lines(text: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.getvalue().splitlines()]


def test_a_request_is_one_object(
    written: Callable[[str], io.StringIO], new_app: Callable[[Settings], Flask], tmp_path: Path
) -> None:
    text = written(JSON)
    client = new_app(Settings(instance_path=tmp_path)).test_client()

    client.get(f"/nothing%0ahere?token={TOKEN}", headers={"X-Request-Id": "mine-1"})

    (line,) = lines(text)
    assert line.pop("time").endswith("Z")
    assert isinstance(line.pop("ms"), float)
    assert line.pop("message").startswith("GET /nothing%0Ahere 404 ")
    assert line == {
        "level": "INFO",
        "logger": "registry.access",
        "requestId": "mine-1",
        "method": "GET",
        "path": "/nothing%0Ahere",
        "status": 404,
    }


def test_lines_of_a_job_bear_its_id(written: Callable[[str], io.StringIO]) -> None:
    log = logging.getLogger("registry.publishing")
    text = written(JSON)

    log.info("before")
    with naming_job("j1"):
        log.info("in it")
    log.info("after")

    assert [line.get("jobId") for line in lines(text)] == [None, "j1", None]
    assert all("requestId" not in line for line in lines(text))


def test_a_job_is_named_in_text_too(written: Callable[[str], io.StringIO]) -> None:
    text = written(TEXT)

    with naming_job("j1"):
        logging.getLogger("registry.publishing").info("in it")

    assert text.getvalue().rstrip().endswith("INFO registry.publishing [j1] in it")


@pytest.mark.parametrize("odd", ["\ud800", "a\nb\x1b[31m", "\u2028", '"', "\\"])
def test_whatever_is_logged_is_one_line(written: Callable[[str], io.StringIO], odd: str) -> None:
    text = written(JSON)

    logging.getLogger("registry").warning("named %s", odd)
    try:
        int(odd)
    except ValueError:
        logging.getLogger("registry").exception("failed")

    first, second = text.getvalue().rstrip("\n").split("\n")
    assert json.loads(first)["message"].startswith("named ")
    assert "ValueError" in json.loads(second)["exception"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"the token {TOKEN} is bad", "the token reg_abcdef*** is bad"),
        ("postgresql://me:hunter2@db/x", "postgresql://me:***@db/x"),
        ("redis://:hunter2@redis:6379", "redis://:***@redis:6379"),
        ("postgresql://me:hun@ter2@db/x", "postgresql://me:***@db/x"),
        ("postgresql:///x?user=me&password=hunter2&host=db", None),
        ("connection: password='hunter2' host=db", "connection: password='***' host=db"),
        ("http://localhost:5000/a@b", "http://localhost:5000/a@b"),
        ("@scope/name@1.2.3", "@scope/name@1.2.3"),
    ],
)
def test_secrets_are_taken_out(text: str, left: str | None) -> None:
    clean = take_secrets_out(text)

    assert "hunter2" not in clean
    assert left is None or clean == left


@pytest.mark.parametrize("form", [TEXT, JSON])
def test_no_secret_of_a_request_is_logged(
    written: Callable[[str], io.StringIO],
    new_app: Callable[[Settings], Flask],
    tmp_path: Path,
    form: str,
) -> None:
    """Neither where all is well, nor where the database is gone, nor by a bug's traceback."""
    text = written(form)
    address = "postgresql+psycopg://me:hunter2@127.0.0.1:1/x?connect_timeout=1"
    app = new_app(
        Settings(
            database_url=address,
            instance_path=tmp_path,
            github_webhook_secret=SecretStr("hunter2-github"),
        )
    )
    app.add_url_rule("/bug", view_func=_fail)
    app.testing = False
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "X-Private-Key": KEY,
        "X-Hub-Signature-256": "sha256=0123456789abcdef0123456789abcdef",
        "X-Gitlab-Token": "hunter2-gitlab",
        "Cookie": "session=hunter2",
    }
    client = app.test_client()
    for path in ("/", "/bug", "/api/packages", "/account/packages", "/artifacts/x", "/readyz"):
        client.get(f"{path}?key={KEY}&token={TOKEN}", headers=headers)
    client.post("/api/webhooks/github", data=b'{"secret": "hunter2"}', headers=headers)
    client.post("/graphql", json={"query": f'{{ a(b: "{KEY}") }}'}, headers=headers)

    logged = text.getvalue()
    assert "RuntimeError" in logged, "the bug is told"
    secrets = (TOKEN[:14], KEY, "hunter2", "0123456789abcdef0123")
    assert [secret for secret in secrets if secret in logged] == []


def _fail() -> str:
    raise RuntimeError(f"it had postgresql://me:hunter2@db and {TOKEN}")


def test_a_process_that_logs_already_is_left_alone() -> None:
    handlers = list(logging.getLogger().handlers)

    configure_logging("INFO", JSON)

    assert logging.getLogger().handlers == handlers
