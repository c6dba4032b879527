"""What taking in uploads costs: memory and speed of a large one, and what becomes of many at once.

    python -m benchmarks.publishing [--gibibytes 1] [--uploads 500]

It serves a registry of its own in a temporary directory. The speed is told beside that of
`cat FILE | sha256sum`, taken right before and after: a busy machine slows both.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from registry import schema
from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.database import make_engine, writing
from registry.models import Listing, Package, Publication
from registry.rules.permissions import Permission

PORT = 5079
IDENTIFIER = "bench.package"
BOUNDARY = "benchmark"
FIELDS = {
    "packageId": IDENTIFIER,
    "xplaneSelection": "*",
    "isPublic": "true",
    "isPrivate": "false",
    "isStored": "true",
    "dependencies": "[]",
    "incompatibilities": "[]",
    "supportsMacOS": "true",
    "supportsWindows": "true",
    "supportsLinux": "true",
}
MIB = 1024 * 1024


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gibibytes", type=float, default=1)
    parser.add_argument("--uploads", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="registry-publishing-") as name:
        directory = Path(name)
        with serve(directory) as (process, token):
            measure_large(directory, process, token, int(arguments.gibibytes * 1024))
            measure_many(directory, token, arguments.uploads)


@contextmanager
def serve(directory: Path) -> Iterator[tuple[int, str]]:
    """Serve a registry with one author and one listing; gives the server's process and a token."""
    url = f"sqlite:///{directory}/registry.db"
    engine = make_engine(url)
    schema.upgrade(engine)
    with writing(sessionmaker(engine)) as session:
        author = create_author(session, "Bench")
        token = issue_token(session, author, Permission.Admin, None).secret
        package = Package(name=IDENTIFIER)
        session.add(package)
        session.flush()
        listing = Listing(
            package_id=package.id,
            author_id=author.id,
            identifier=IDENTIFIER,
            name="Bench",
            name_key="bench",
            package_type="other",
        )
        session.add(listing)
    engine.dispose()
    environment = {
        **os.environ,
        "REGISTRY_DATABASE_URL": url,
        "REGISTRY_INSTANCE_PATH": str(directory / "instance"),
        "REGISTRY_RATELIMIT_PACKAGE_UPLOAD": "1000000 per second",
        "REGISTRY_AUTHOR_QUOTA_BYTES": str(10**13),
        "REGISTRY_MIN_FREE_BYTES": "0",
        "REGISTRY_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "registry.cli", "--quiet", "serve", "--port", str(PORT)]
    server = subprocess.Popen(command, env=environment)
    try:
        await_answer()
        yield serving_process(server.pid), token
    finally:
        server.terminate()
        server.wait()


def await_answer() -> None:
    """Wait until the server answers."""
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz").close()
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return


def serving_process(parent: int) -> int:
    """Find the process that takes requests: the child whose command line is its parent's."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("utf-8").split()
    own = Path(f"/proc/{parent}/cmdline").read_bytes()
    return next(int(each) for each in children if Path(f"/proc/{each}/cmdline").read_bytes() == own)


def peak_memory(process: int) -> float:
    """Tell the most memory that a process ever had, in MiB."""
    for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise LookupError(process)


def measure_large(directory: Path, process: int, token: str, mebibytes: int) -> None:
    """Upload one large file, of bytes that no packing makes fewer."""
    file = directory / "large.zip"
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        archive.open(zipfile.ZipInfo(f"{IDENTIFIER}/noise"), "w", force_zip64=True) as entry,
    ):
        for _ in range(mebibytes):
            entry.write(os.urandom(MIB))
    idle = peak_memory(process)
    before = time_digest(file)
    began = time.perf_counter()
    fields = {**FIELDS, "packageVersion": "999"}
    form = [word for each in fields.items() for word in ("--form-string", "=".join(each))]
    answer = subprocess.run(
        [
            *("curl", "-sS", "-o", os.devnull, "-w", "%{http_code}"),
            *("-H", f"Authorization: Bearer {token}", *form),
            *("-F", f"file=@{file}", f"http://127.0.0.1:{PORT}/packages/upload"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    took = time.perf_counter() - began
    digest = (before + time_digest(file)) / 2
    print(f"{mebibytes} MiB: {answer.stdout} in {took:.1f} s; cat | sha256sum takes {digest:.1f} s")
    print(f"  speed {digest / took:.2f} of its")
    print(f"  memory {idle:.0f} MiB before, {peak_memory(process):.0f} MiB at most")
    file.unlink()


def time_digest(file: Path) -> float:
    """Time `cat FILE | sha256sum`, in seconds."""
    began = time.perf_counter()
    subprocess.run(
        ["sh", "-c", 'cat "$0" | sha256sum', file], stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - began


def measure_many(directory: Path, token: str, uploads: int) -> None:
    """Upload many files of 1 MB, all at once."""
    began = time.perf_counter()
    answers = asyncio.run(upload_all(token, uploads))
    took = time.perf_counter() - began
    print(f"{uploads} uploads of 1 MB at once, in {took:.1f} s: {dict(answers)}")
    engine = make_engine(f"sqlite:///{directory}/registry.db")
    with sessionmaker(engine)() as session:
        known = session.scalar(select(func.count()).select_from(Publication)) or 0
    engine.dispose()
    # One more is the large one.
    print(f"  {uploads + 1 - known} lost")


async def upload_all(token: str, uploads: int) -> Counter[str]:
    """Open all connections before the first byte is sent; count the answers by status."""
    opened = [asyncio.open_connection("127.0.0.1", PORT) for _ in range(uploads)]
    connections = await asyncio.gather(*opened)
    statuses = await asyncio.gather(
        *(upload_one(*connection, token, number) for number, connection in enumerate(connections))
    )
    return Counter(statuses)


async def upload_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, number: int
) -> str:
    """Upload a version of random bytes; whether they can be processed does not matter here."""
    fields = {**FIELDS, "packageVersion": f"1.{number // 1000}.{number % 1000}"}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = "".join([*parts, head]).encode() + os.urandom(10**6) + f"\r\n--{BOUNDARY}--\r\n".encode()
    writer.write(
        (
            f"POST /packages/upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        ).encode()
        + body
    )
    answer = (await reader.readline()).decode()
    writer.close()
    return answer.split()[1] if answer else "no answer"


if __name__ == "__main__":
    main()
