"""A program that lets workers process uploads and kills each of them, wherever it is.

Its arguments: the database, the instance directory, the seed, how many workers. It prints how the
versions stand after each kill, and at the end, one JSON document a line. Workers are forks of it,
so that starting one takes no time; none of its own connections is open then.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import huey  # noqa: F401 -- each fork would import it anew
from sqlalchemy import select, update
from sqlalchemy.orm import sessionmaker

from registry.database import make_engine, writing
from registry.models import Author, Job, Publication, Version
from registry.models.base import utc_now
from registry.publishing.processing import fail_deserted
from registry.publishing.stored_files import sweep_storage
from registry.publishing.uploads import Uploads, read_new_version
from registry.settings import Settings
from registry.storage import open_storage
from registry.worker import run_worker, runner
from tests.publishing.archives import GOOD, make_zip
from tests.publishing.conftest import FIELDS

# Between two looks for jobs that nobody was woken for.
runner.WATCH_SECONDS = 1


def main(url: str, instance: Path, seed: int, kills: int) -> None:
    """Upload, start a worker, kill it, look; at the end, let one finish."""
    chance = random.Random(seed)  # noqa: S311 -- to be had again, not to be secret
    settings = Settings(database_url=url, instance_path=instance, min_free_bytes=0)
    upload(settings, chance, "1")
    longest = time_to_process(url, settings) * 1.5
    for round_ in range(kills):
        upload(settings, chance, f"2.{round_}")
        # Some do not get as far as that they work.
        worker = start_worker(url, settings, wait=chance.randrange(10) > 0)
        time.sleep(chance.uniform(0, longest))
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        look(settings)
    time_to_process(url, settings)
    engine = make_engine(url)
    fail_deserted(sessionmaker(engine))
    sweep_storage(sessionmaker(engine), open_storage(settings))
    engine.dispose()
    look(settings)


def time_to_process(url: str, settings: Settings) -> float:
    """Let a worker process all there is, and give the seconds that this took on this machine."""
    worker = start_worker(url, settings, wait=True)
    began = time.monotonic()
    while not all_ended(settings):
        time.sleep(0.02)
    took = time.monotonic() - began
    os.kill(worker, signal.SIGTERM)
    _, status = os.waitpid(worker, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return took


def upload(settings: Settings, chance: random.Random, version: str) -> None:
    """Upload a version, every fifth of which cannot be processed."""
    files = {**GOOD, "noise": chance.randbytes(400_000)}
    if chance.randrange(5) == 0:
        files["manifest.json"] = b""
    engine = make_engine(settings.database_address())
    sessions = sessionmaker(engine)
    storage = open_storage(settings)
    with sessions() as session:
        author_id = session.scalars(select(Author.id).where(Author.name == "Ada")).one()
    new = read_new_version({**FIELDS, "packageVersion": version}, "xpkg")
    with storage.work_files.new() as work:
        work.write(make_zip(files))
        Uploads(sessions, storage, settings).add_version(author_id, new, work)
    with writing(sessions) as session:
        # The wait of those that were killed before is over, and they are not given up.
        session.execute(update(Job).values(run_after=utc_now(), attempts=0))
    engine.dispose()


def start_worker(url: str, settings: Settings, *, wait: bool = False) -> int:
    """Fork a worker and give its process id, at once or when it begins to work."""
    readable, writable = os.pipe()
    worker = os.fork()
    if worker == 0:
        run_worker(make_engine(url), settings, when_ready=lambda: os.close(writable))
        os._exit(0)
    os.close(writable)
    if wait:
        os.read(readable, 1)
    os.close(readable)
    return worker


def all_ended(settings: Settings) -> bool:
    """Tell whether nothing is left to be processed."""
    engine = make_engine(settings.database_address())
    with writing(sessionmaker(engine)) as session:
        session.execute(update(Job).values(run_after=utc_now()))
        waiting = session.scalars(
            select(Job.id).where(Job.status.in_(["queued", "running"]))
        ).first()
    engine.dispose()
    return waiting is None


def look(settings: Settings) -> None:
    """Print how the versions stand, and what is in the store."""
    engine = make_engine(settings.database_address())
    storage = open_storage(settings)
    with sessionmaker(engine)() as session:
        rows = session.execute(
            select(
                Version.version,
                Publication.status,
                Publication.hash,
                Publication.size,
                Publication.loc,
                Publication.download_key,
                Publication.upload_hash,
                Publication.failure_reason,
            ).join(Version, Version.id == Publication.version_id)
        ).all()
    engine.dispose()
    document = {
        "versions": [row._asdict() for row in rows],
        "stored": sorted(file.sha256 for file in storage.files()),
        "work": len(list(storage.work_files.directory.iterdir())),
    }
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
