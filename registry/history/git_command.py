"""Git as this product runs it: through GitPython, to read only, never by way of a shell."""

import fcntl
import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from registry.errors import WorkspaceUnavailable
from registry.history.errors import explain

if TYPE_CHECKING:
    from git.cmd import Git

# Nothing is fetched, nobody is asked, nothing is written. A partial clone would otherwise fetch
# what it lacks from whatever its own configuration names, with whatever program that names.
_READ_ONLY = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}

# What a surrounding git (a hook that runs `registry refresh`, say) sets for its own repository,
# which would make ours look elsewhere. Git lists most of them: `git rev-parse --local-env-vars`.
_OF_ANOTHER_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)

_PIPE_SIZE = 1 << 20
_KEPT_STDERR_CHUNKS = 8


class Answer(NamedTuple):
    """What a finished git said."""

    status: int
    output: bytes
    reason: str


def ask_git(arguments: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> Answer:
    """Run git to its end and give its status, its output and, if it failed, why.

    Raises:
        WorkspaceUnavailable: git is not installed.
    """
    process = GitProcess(arguments, directory=directory, environment=environment)
    try:
        output = process.output.read()
        status, reason = process.finish()
    finally:
        process.stop()
    return Answer(status, output, reason)


class GitProcess:
    """A running git: its output is read while it works.

    What it prints as errors is drained by a thread, or thousands of warnings would fill that pipe
    and stop it.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        writable: bool = False,
    ) -> None:
        git, not_found = _git()
        # `-C`, since GitPython runs git in this process's own directory, and so perhaps in another
        # repository, where it may not enter the one it was told.
        command = [git.GIT_PYTHON_GIT_EXECUTABLE or "git", "-C", str(directory), *arguments]
        try:
            process = git.execute(
                [*_clearing(environment), *command],
                as_process=True,
                istream=subprocess.PIPE if writable else None,
                env={**_READ_ONLY, **environment},
            )
        except (not_found, OSError) as error:
            raise _not_installed() from error
        # GitPython's wrapper would read the errors again, and ends the process when collected.
        self._wrapper = process
        self._process = cast("subprocess.Popen[bytes]", process.proc)
        self.output = cast("IO[bytes]", self._process.stdout)
        self._errors: deque[bytes] = deque(maxlen=_KEPT_STDERR_CHUNKS)
        self._drain = Thread(target=self._drain_errors, name="git-errors", daemon=True)
        self._drain.start()
        _widen(self.output)

    @property
    def input(self) -> IO[bytes]:
        """Git's standard input; only of a process made `writable`."""
        return cast("IO[bytes]", self._process.stdin)

    def finish(self) -> tuple[int, str]:
        """Wait for git to end and give its status and, if that is not 0, its reason.

        Call it once the output was read to its end; only then is it known whether it was whole.
        """
        status = self._process.wait()
        self._drain.join()
        return status, explain(b"".join(self._errors)) if status else ""

    def terminate(self) -> None:
        """Have git end at once if it has not ended yet; whoever reads its output sees the end."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """End git, whether it is done or not, and free what it held."""
        self.terminate()
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self.output.close()
        self._process.wait()
        self._drain.join()

    def _drain_errors(self) -> None:
        with cast("IO[bytes]", self._process.stderr) as errors:
            while chunk := os.read(errors.fileno(), 4096):
                self._errors.append(chunk)


def _git() -> tuple["Git", type[Exception]]:
    """Give GitPython's way to git, and what it raises where there is none."""
    try:
        # Not at start: it takes 0.1 s, and runs git once.
        from git.cmd import Git  # noqa: PLC0415
        from git.exc import GitCommandNotFound  # noqa: PLC0415
    except ImportError as error:
        raise _not_installed() from error
    return Git(), GitCommandNotFound


def _not_installed() -> WorkspaceUnavailable:
    return WorkspaceUnavailable(
        "Git cannot be run: install git, and see that it is on the PATH of the service."
    )


def _clearing(environment: Mapping[str, str]) -> list[str]:
    """Give the start of a command that takes away another repository's variables.

    GitPython can add variables to those of this process but not remove any; env(1) can. Nearly
    always there is nothing to remove, and git is started directly.
    """
    names = sorted((_OF_ANOTHER_REPOSITORY & os.environ.keys()) - environment.keys())
    return ["env", *(part for name in names for part in ("-u", name))] if names else []


def _widen(pipe: IO[bytes]) -> None:
    """Let git run ahead of its reader by a megabyte where the system has such pipes."""
    set_size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if set_size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), set_size, _PIPE_SIZE)
