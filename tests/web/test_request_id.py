"""Every response bears an id, and every request leaves one line with it."""

import io
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry.web.request_id import configure_logging
from tests.web.conftest import MakeApp

NEW = re.compile("[0-9a-f]{32}")


@pytest.mark.parametrize("path", ["/", "/nothing/here", "/healthz"])
def test_every_response_has_an_id_of_its_own(make_app: MakeApp, path: str) -> None:
    client = make_app().test_client()

    ids = [client.get(path).headers["X-Request-Id"] for _ in range(2)]

    assert all(NEW.fullmatch(each) for each in ids)
    assert len(set(ids)) == 2


@pytest.mark.parametrize("sent", ["a", "A-z0.9_", "x" * 128])
def test_the_callers_own_id_comes_back(make_app: MakeApp, sent: str) -> None:
    response = make_app().test_client().get("/", headers={"X-Request-Id": sent})

    assert response.headers["X-Request-Id"] == sent


@pytest.mark.parametrize(
    "sent", ["", " ", "a b", "x" * 129, "a,b", "é", "a\tb", '"', "<script>", "a;b", "a=b", "a\x7fb"]
)
def test_an_id_that_is_not_sane_is_replaced(make_app: MakeApp, sent: str) -> None:
    # Through the environment, as some servers let any byte through.
    response = make_app().test_client().get("/", environ_base={"HTTP_X_REQUEST_ID": sent})

    assert NEW.fullmatch(response.headers["X-Request-Id"])


@pytest.mark.parametrize("sent", ["a\r\nSet-Cookie: x=1", "a\nb", "a\n"])
def test_an_id_cannot_add_a_header(make_app: MakeApp, sent: str) -> None:
    response = make_app().test_client().get("/", environ_base={"HTTP_X_REQUEST_ID": sent})

    assert NEW.fullmatch(response.headers["X-Request-Id"])
    assert "Set-Cookie" not in response.headers


def test_the_log_line(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = make_app().test_client()
    with caplog.at_level(logging.INFO, "registry.access"):
        response = client.get(
            "/nothing?token=reg_secret",
            headers={"Authorization": "Bearer reg_secret", "X-Request-Id": "mine-1"},
        )

    (record,) = caplog.records
    assert response.status_code == 404
    assert re.fullmatch(r"GET /nothing 404 \d+\.\d ms", record.getMessage())
    assert vars(record)["request_id"] == "mine-1"
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/a%0aERROR%20forged", "/a%0AERROR%20forged"),
        ("/a%1b[31m", "/a%1B%5B31m"),
        ("/@org/name", "/@org/name"),
        ("/" + "x" * 2000, "/" + "x" * 511),
        ("/%ff", "/%EF%BF%BD"),
    ],
)
def test_a_path_stays_within_its_line(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, path: str, logged: str
) -> None:
    with caplog.at_level(logging.INFO, "registry.access"):
        make_app().test_client().get(path)

    assert caplog.messages[0].startswith(f"GET {logged} 404 ")


@contextmanager
def bare_root() -> Iterator[logging.Logger]:
    """Give the root logger as a process has it that nobody has configured yet."""
    root, ours = logging.getLogger(), logging.getLogger("registry")
    handlers, level = root.handlers[:], ours.level
    root.handlers[:] = []
    try:
        yield root
    finally:
        root.handlers[:] = handlers
        ours.setLevel(level)


def test_lines_of_a_request_bear_its_id(make_app: MakeApp) -> None:
    with bare_root() as root:
        app = make_app(log_level="INFO")
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written := io.StringIO())

        @app.get("/logs")
        def log() -> str:
            logging.getLogger("registry.anything").info("said within")
            return ""

        app.test_client().get("/logs", headers={"X-Request-Id": "mine-2"})
        logging.getLogger("registry.anything").info("said outside")

    within, access, outside = written.getvalue().splitlines()
    assert within.endswith("INFO registry.anything [mine-2] said within")
    assert " INFO registry.access [mine-2] GET /logs 200 " in access
    assert outside.endswith("[-] said outside")


def test_the_level_is_a_setting() -> None:
    with bare_root() as root:
        configure_logging("WARNING")
        configure_logging("WARNING")

        assert len(root.handlers) == 1
        assert not logging.getLogger("registry.access").isEnabledFor(logging.INFO)
        assert logging.getLogger("registry.access").isEnabledFor(logging.WARNING)


def test_a_process_that_logs_already_is_left_alone() -> None:
    with bare_root() as root:
        root.addHandler(own := logging.NullHandler())

        configure_logging("INFO")

        assert root.handlers == [own]


def test_lines_go_to_standard_error() -> None:
    script = "from registry.web.request_id import *; configure_logging('INFO'); import logging; "
    script += "logging.getLogger('registry').info('here')"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == ""
    assert done.stderr.rstrip().endswith("INFO registry [-] here")


def fail_with(text: str) -> None:
    raise ValueError(text)


def test_nothing_in_a_message_or_a_traceback_forges_a_line(make_app: MakeApp) -> None:
    forged = "x\r\n2026-01-01 00:00:00,000 INFO registry [-] forged \x1b[31m\u202e"
    log = logging.getLogger("registry.test")

    with bare_root() as root:
        configure_logging("INFO")
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written := io.StringIO())
        log.warning("a branch named %s", forged)
        try:
            fail_with(forged)
        except ValueError:
            log.exception("it failed")

    lines = written.getvalue().split("\n")
    assert sum(line.startswith("2026-01-01") for line in lines) == 0
    assert "x\\r\\n2026-01-01" in lines[0]
    assert all(line.startswith("  ") for line in lines[2:] if line)
    assert not set("\x1b\r\u202e") & set(written.getvalue())
