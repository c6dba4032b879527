"""Shows how far a refresh has come: a moving bar on a terminal, else a line for each phase."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from registry.commands.terminal import say
from registry.refresh import Progress, ProgressListener, silent

_PHASES = {
    "waiting": "Waiting for its turn",
    "packages": "Reading manifests",
    "history": "Reading history",
    "versions": "Reading versions",
    "reports": "Reading reports",
    "writing": "Writing the catalogue",
}


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[ProgressListener]:
    """Lend a listener that shows on standard error what it is told."""
    if quiet:
        yield silent
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _moving_bar() as listener:
            yield listener
    else:
        yield _Lines().show


class _Lines:
    """Writes one line when a phase begins."""

    def __init__(self) -> None:
        self._phase = ""

    def show(self, progress: Progress) -> None:
        if progress.phase != self._phase:
            say(f"{_PHASES[progress.phase]} …")
        self._phase = progress.phase


@contextmanager
def _moving_bar() -> Iterator[ProgressListener]:
    # Not needed where nobody watches, and a tenth of a second to import.
    from rich.console import Console  # noqa: PLC0415 -- see above
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 -- as above
    from rich.progress import Progress as Bar  # noqa: PLC0415 -- as above

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_PHASES["waiting"], total=None, count="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=_PHASES[progress.phase],
                completed=progress.done,
                total=progress.total,
                count=_count(progress),
            )

        yield show


def _count(progress: Progress) -> str:
    if progress.total is not None:
        return f"{progress.done:,} of {progress.total:,}"
    return f"{progress.done:,}" if progress.done else ""
