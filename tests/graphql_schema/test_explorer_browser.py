"""The explorer as a person meets it: in a real browser that reaches this machine only.

Runs where Debian's `chromium` is installed and the explorer's files were built in.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphql_schema.explorer.assets import VENDOR, are_built_in
from registry.database import make_engine
from registry.demo import Demo, make_demo
from tests.databases import Databases, fresh_database
from tests.graphql_schema.browser import EXECUTABLE, Browser, start_browser

pytestmark = [
    pytest.mark.skipif(EXECUTABLE is None, reason="there is no Chromium here"),
    pytest.mark.skipif(
        not are_built_in(VENDOR), reason="the explorer's files were not built in: `make explorer`"
    ),
]

# Serves on a port of the system's choosing and says which.
SERVER = """
import sys
from pathlib import Path
from werkzeug.serving import make_server
from app import create_app
from registry.settings import Settings
settings = Settings(database_url=sys.argv[1], instance_path=Path(sys.argv[2]))
server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""

QUERY_EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror')"
HEADERS_EDITOR = (
    "document.querySelector('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror')"
)
# The editors are there, and the schema has come.
READY = f"{QUERY_EDITOR}?.CodeMirror.options.lint.schema && {HEADERS_EDITOR}"
BUTTON = "document.querySelector('.graphiql-execute-button')"
RESULT = "document.querySelector('.result-window .CodeMirror')"


@pytest.fixture(scope="module")
def demo(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, Demo]]:
    """Make the demo once; gives its database's address, its directory and itself."""
    with fresh_database(databases, "sqlite") as url:
        directory = tmp_path_factory.mktemp("demo")
        engine = make_engine(url)
        made = make_demo(engine, directory)
        engine.dispose()
        yield url, directory, made


@pytest.fixture(scope="module")
def server(demo: tuple[str, Path, Demo]) -> Iterator[str]:
    """Serve the demo from a process of its own; gives its address."""
    url, directory, _ = demo
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, url, str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture
def browser(server: str, tmp_path: Path) -> Iterator[Browser]:
    """Open the explorer in a new browser."""
    assert EXECUTABLE is not None
    with start_browser(EXECUTABLE, tmp_path / "profile") as browser:
        browser.open(f"{server}/graphql")
        browser.wait_for(READY)
        yield browser


def value(browser: Browser, editor: str) -> str:
    found: str = browser.evaluate(f"{editor}.CodeMirror.getValue()")
    return found


def write(browser: Browser, editor: str, text: str) -> None:
    """Replace what an editor holds."""
    browser.evaluate(f"{editor}.CodeMirror.setValue({json.dumps(text)})")


def write_query(browser: Browser, name: str, text: str) -> None:
    """Replace the query by one of that name."""
    write(browser, QUERY_EDITOR, text)
    # GraphiQL reads what was written after a moment without typing.
    browser.wait_for(f"{QUERY_EDITOR}.CodeMirror.operationName === {json.dumps(name)}")


def run(browser: Browser, answered: str) -> dict[str, Any]:
    """Run what the editor holds, and read the answer once it holds the words."""
    # Until an answer is all shown, the button stops what runs.
    browser.wait_for(f"{BUTTON}.ariaLabel.startsWith('Execute')")
    browser.evaluate(f"{BUTTON}.click()")
    browser.wait_for(f"{RESULT}?.CodeMirror.getValue().includes({json.dumps(answered)})")
    answer: dict[str, Any] = json.loads(value(browser, RESULT))
    return answer


def test_it_opens_on_the_flagship_and_shows_its_answer(browser: Browser, server: str) -> None:
    opening = value(browser, QUERY_EDITOR)
    answer = run(browser, '"data"')
    shown = browser.evaluate("document.querySelector('.result-window').innerText")

    assert opening.startswith("query Flagship {")
    assert "errors" not in answer
    assert answer["data"]["packages"]["totalCount"] == len(answer["data"]["packages"]["nodes"]) > 20
    # Rendered, not just received.
    assert '"name": "@acme/accounts"' in shown
    assert browser.complaints() == []
    elsewhere = [url for url in browser.requested() if not url.startswith((server, "data:"))]
    assert elsewhere == []


def test_the_browser_could_not_have_asked_anyone_else(browser: Browser) -> None:
    browser.open("http://example.com/")

    assert browser.evaluate("document.title || location.href") != "Example Domain"
    # What the page before it still waited for has failed as well, in another way.
    failed = browser.failures("http://example.com/")
    assert failed == ["net::ERR_NAME_NOT_RESOLVED"]


def test_its_headers_editor_waits_for_a_token(
    browser: Browser, demo: tuple[str, Path, Demo]
) -> None:
    waiting = value(browser, HEADERS_EDITOR)
    write_query(browser, "Me", "query Me { viewer { name packages { packageId } } }")
    nobody = run(browser, '"viewer"')
    write(browser, HEADERS_EDITOR, waiting.replace("Bearer ", f"Bearer {demo[2].token}"))
    author = run(browser, "packageId")

    assert json.loads(waiting) == {"Authorization": "Bearer "}
    assert nobody["data"] == {"viewer": None}
    assert author["data"]["viewer"]["name"] == demo[2].author_name
    assert browser.complaints() == []


def test_a_token_is_gone_with_the_page_and_a_query_stays(browser: Browser, server: str) -> None:
    write(browser, HEADERS_EDITOR, '{"Authorization": "Bearer a-secret"}')
    write_query(browser, "Me", "query Me { viewer { name } }")
    # GraphiQL keeps what was written a moment later, the tab with all of it last.
    browser.wait_for("localStorage['graphiql:tabState']?.includes('viewer { name }')")
    browser.open(f"{server}/graphql")
    browser.wait_for(READY)

    assert value(browser, QUERY_EDITOR) == "query Me { viewer { name } }"
    assert value(browser, HEADERS_EDITOR) == '{"Authorization": "Bearer "}'
    assert "a-secret" not in browser.evaluate("JSON.stringify({...localStorage})")


def test_its_documentation_its_tree_and_its_dialogs_work_under_the_policy(browser: Browser) -> None:
    for button, appears in {
        "Show Documentation Explorer": ".graphiql-doc-explorer-content a",
        "Show GraphiQL Explorer": ".graphiql-explorer-root",
        "Open short keys dialog": ".graphiql-dialog",
    }.items():
        browser.evaluate(f"document.querySelector('button[aria-label=\"{button}\"]').click()")
        browser.wait_for(f"document.querySelector('{appears}')")

    assert browser.complaints() == []
