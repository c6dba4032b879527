"""The demo, served by a process of its own on each database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.accounts.tokens import issue_token
from registry.database import make_engine
from registry.demo import make_demo
from registry.models import Author
from registry.rest.limits import Policy
from registry.rules.permissions import Permission
from tests.databases import Databases, fresh_database

# Serves on a port of the system's choosing and says which.
SERVER = """
import sys
from werkzeug.serving import make_server
from app import create_app
server = make_server("127.0.0.1", 0, create_app(), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Served:
    """Where the demo is served, and a token that may do everything there."""

    address: str
    token: str


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Serve the demo, without limits of requests."""
    directory = tmp_path_factory.mktemp("served")
    with fresh_database(databases, request.param) as url:
        token = make_contents(url, directory)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")},
            **{f"REGISTRY_{policy.upper()}": "" for policy in Policy},
            "REGISTRY_DATABASE_URL": url,
            "REGISTRY_INSTANCE_PATH": str(directory / "instance"),
            "REGISTRY_LOG_LEVEL": "ERROR",
        }
        with (
            (directory / "log").open("w") as log,
            subprocess.Popen(
                [sys.executable, "-c", SERVER],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            ) as process,
        ):
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, (directory / "log").read_text("utf-8")
            yield Served(f"http://127.0.0.1:{port}", token)
            process.kill()


def make_contents(url: str, directory: Path) -> str:
    """Make the demo, and give its author a token with all permissions."""
    engine = make_engine(url)
    make_demo(engine, directory)
    with Session(engine) as session:
        author = session.scalars(select(Author).order_by(Author.id)).first()
        assert author is not None
        secret = issue_token(session, author, Permission.Admin, None).secret
        session.commit()
    engine.dispose()
    return secret
