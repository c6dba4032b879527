"""Kills of clients and servers while `registry publish` sends a file.

Whoever is killed at whatever moment, the same command publishes the file, once, and nothing is left
behind. `TORTURE_KILLS` says how many, a fifth of it; 20 unless it does.
"""

import hashlib
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from registry.database import writing
from registry.models.base import utc_now
from registry.publishing.upload_sessions import sweep_sessions
from registry.rules.permissions import Permission
from registry.settings import Settings
from tests.accounts.samples import add_author, add_listing
from tests.publishing.archives import IDENTIFIER
from tests.publishing.conftest import Publisher
from tests.publishing.server_process import PATIENCE, Server
from tests.torture.conftest import Report

KILLS = int(os.environ.get("TORTURE_KILLS") or 100) // 5
# Of the file, in bytes; its pieces are small, so that there are many moments.
SIZE, PIECE = 6 * 2**20, 2**18

PROGRAM = f"""
from registry.cli import main
from registry.commands import upload_in_pieces

upload_in_pieces.FIRST_WAIT = 0.2
upload_in_pieces.PIECE = {PIECE}
main(prog_name="registry")
"""


@pytest.fixture
def publisher(engine: Engine, settings: Settings, client: FlaskClient) -> Publisher:
    """Make an author who may upload, and not look how that goes: so commands end at once."""
    with writing(sessionmaker(engine)) as session:
        ada, token = add_author(session, "Ada", Permission.UploadVersionAnyPackage)
        add_listing(session, ada, IDENTIFIER)
        return Publisher(client, engine, settings, ada.id, {"upload": token})


def test_kills_while_a_file_is_sent(
    publisher: Publisher, tmp_path: Path, chance: random.Random, report: Report
) -> None:
    file = tmp_path / "package.zip"
    server = Server(publisher.settings, REGISTRY_RATELIMIT_PACKAGE_UPLOAD="")

    def publish(version: str) -> subprocess.Popen[str]:
        words = ["publish", str(file), "--package", IDENTIFIER, "--version", version]
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, "--server", f"http://127.0.0.1:{server.port}"],
            env={
                **os.environ,
                "PUBLISH_TOKEN": publisher.tokens["upload"],
                "XDG_STATE_HOME": str(tmp_path / "state"),
            },
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fill() -> str:
        content = chance.randbytes(SIZE)
        file.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    server.start()
    expected = {"1.0.0": fill()}
    began = time.monotonic()
    with publish("1.0.0") as client:
        assert client.wait(PATIENCE) == 0
    longest = time.monotonic() - began
    killed = {"server": 0, "client": 0}
    gone_on = 0
    for number in range(2, KILLS + 2):
        version = f"{number}.0.0"
        expected[version] = fill()
        client = publish(version)
        time.sleep(chance.uniform(0, longest))
        who = chance.choice(sorted(killed))
        killed[who] += 1
        if who == "server":
            server.kill()
            server.start()
        else:
            client.kill()
        _, said = client.communicate(timeout=PATIENCE)
        # It may have been killed when it was done.
        if client.returncode:
            with publish(version) as again:
                _, said = again.communicate(timeout=PATIENCE)
            assert again.returncode == 0 or "exists already" in said, said
        gone_on += "Going on after" in said or "Trying again" in said
        assert publisher.row(version).upload_hash == expected[version]
    server.kill()

    # An upload whose client was killed before it heard of it waits for a day, and no longer.
    waiting = len(publisher.storage.partial_files.names())
    tomorrow = utc_now() + timedelta(seconds=publisher.settings.upload_lifetime + 1)
    assert sweep_sessions(publisher.sessions, publisher.storage, tomorrow) == waiting
    assert publisher.storage.partial_files.names() == []
    publisher.storage.work_files.clear_abandoned()
    assert publisher.stored() == set(expected.values())
    report(f"{len(expected)} files were sent, killed {killed}; {gone_on} went on in the middle")
    report(f"{waiting} beginnings were left, and swept away once they had expired")
