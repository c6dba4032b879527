"""Take what upgrades from this release are tested with: a backup with rows in every table.

Run once when a release is made, `.venv/bin/python -m tests.upgrades.take`, and commit the file; it
is never made anew after that.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from registry import __version__, schema
from registry.backup import take_backup
from registry.database import make_engine
from tests.every_table import fill_every_table

DIRECTORY = Path(__file__).parent


def main() -> None:
    """Write the file of this release."""
    with TemporaryDirectory() as directory:
        engine = make_engine(f"sqlite:///{directory}/registry.db")
        schema.upgrade(engine)
        fill_every_table(engine)
        with (DIRECTORY / f"{__version__}.tar").open("wb") as file:
            take_backup(engine, None, file, lambda _step, _done, _total: None)
        engine.dispose()


if __name__ == "__main__":
    main()
