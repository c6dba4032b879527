"""`registry publish` goes on where it broke off: the client killed, the server killed."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.archives import IDENTIFIER
from tests.publishing.conftest import Publisher
from tests.publishing.server_process import PATIENCE, Server

MEBIBYTE = 1024 * 1024

# Stops in the middle of the second piece, tells so, and waits for a line.
PROGRAM = """
import sys

from registry.cli import main
from registry.commands import upload_in_pieces

upload_in_pieces.FIRST_WAIT = 0.2
upload_in_pieces.PIECE = 2**20
read = upload_in_pieces.FileInPieces._read
first = True


def held(pieces, offset, length):
    global first
    for number, chunk in enumerate(read(pieces, offset, length)):
        yield chunk
        if first and offset >= 2**20 and number == 1:
            first = False
            print("held", file=sys.stderr, flush=True)
            sys.stdin.readline()


upload_in_pieces.FileInPieces._read = held
main(prog_name="registry")
"""


@pytest.fixture
def server(publisher: Publisher) -> Iterator[Server]:
    server = Server(publisher.settings)
    server.start()
    yield server
    server.kill()


def wait_until_held(client: "subprocess.Popen[str]") -> str:
    """Wait until a client has stopped in the middle, and give what it said before."""
    assert client.stderr is not None
    said = ""
    while (line := client.stderr.readline()) != "held\n":
        assert line, said
        said += line
    return said


# The rows behind it are tested on both databases.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_broke_off_goes_on(publisher: Publisher, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "package.zip"
    file.write_bytes(os.urandom(4 * MEBIBYTE))

    def publish() -> subprocess.Popen[str]:
        words = ["publish", str(file), "--package", IDENTIFIER, "--version", "1.4.3"]
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, "--server", f"http://127.0.0.1:{server.port}"],
            # This one may not look how processing goes, so it does not wait for that.
            env={
                **os.environ,
                "PUBLISH_TOKEN": publisher.tokens["one"],
                "XDG_STATE_HOME": str(tmp_path / "state"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with publish() as killed:
        wait_until_held(killed)
        killed.kill()
    (partial,) = publisher.storage.partial_files.names()
    with publisher.storage.partial_files.open(partial) as there:
        before = there.size
    assert MEBIBYTE <= before < 2 * MEBIBYTE
    going_on = re.compile(rf"Going on after ([\d,]+) of {4 * MEBIBYTE:,} bytes\.")

    with publish() as client:
        said = wait_until_held(client)
        server.kill()
        server.start()
        told, rest = client.communicate("\n", timeout=PATIENCE)
    assert (client.returncode, told) == (0, "status processing\n"), rest
    # The server may have been about to write what the killed client had sent.
    (told_there,) = going_on.findall(said)
    assert before <= int(told_there.replace(",", "")) < 2 * MEBIBYTE
    assert "Trying again" in rest

    row = publisher.row()
    assert row.upload_hash == hashlib.sha256(file.read_bytes()).hexdigest()
    assert publisher.stored() == {row.upload_hash}
    assert publisher.storage.partial_files.names() == []
    assert list((tmp_path / "state" / "registry" / "uploads").iterdir()) == []
