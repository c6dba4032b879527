"""The git repository that a workspace is: opened with care, asked for head, tags and commits."""

import hashlib
import os
import re
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from registry.errors import WorkspaceUnavailable
from registry.history.enclosures import make_enclosure, remove_enclosure
from registry.history.errors import HistoryIncomplete, HistoryUnreadable
from registry.history.git_command import Answer, GitProcess, ask_git
from registry.history.git_files import NotAPlainFile, check_git_files, read_git_file
from registry.history.references import Head, read_head, read_names
from registry.rules.inert_text import make_inert

__all__ = ["Head", "Repository"]

# Reading references runs no program, but a repository's own configuration must not be able to
# change that. The workspace was named by whoever runs the service, so it may be bare.
_WARY = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=all"),
)
_QUESTIONS = (
    "--is-bare-repository",
    "--is-inside-work-tree",
    "--show-object-format",
    "--show-prefix",
    "--absolute-git-dir",
)
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ALTERATIONS = ("shallow", "info/grafts")
_REPLACEMENTS = "refs/replace/"


class Repository:
    """A readable repository: a work tree's root, or a bare clone.

    Open it anew for each refresh. Commands about history run in an enclosure: a git directory of
    ours, with a configuration of ours, that borrows the repository's objects. So nothing that the
    repository's own configuration names is ever executed, fetched from or obeyed. What changes how
    git sees history (where a shallow clone ends, grafts, replaced objects) is taken along.

    Attributes:
        path: the directory that was opened.
        bare: whether it has no work tree, so that its files are read at HEAD.
    """

    def __init__(self, path: Path, *, bare: bool, git_dir: Path, object_format: str) -> None:
        self.path = path
        self.bare = bare
        self._git_dir = git_dir
        self._common_dir = _find_common_dir(git_dir)
        self._object_format = object_format

    @classmethod
    def open(cls, path: Path) -> "Repository":
        """Open the repository whose root is `path`, after git itself has looked at it.

        Raises:
            WorkspaceUnavailable: there is no such directory, it is no repository's root, or git
                may not or will not read it; the message says how to mend that.
        """
        path = path.absolute()
        _check_directory(path)
        _check_own_files(path)
        answer = ask_git([*_WARY, "rev-parse", *_QUESTIONS], directory=path, environment={})
        if answer.status:
            raise _refusal(answer.reason)
        bare, inside, object_format, prefix, line = answer.output.split(b"\n", 4)
        git_dir = Path(os.fsdecode(line[:-1]))
        # Git looks for a repository upwards too.
        if bare == b"true":
            is_root = (path / ".git").exists() or path.samefile(git_dir)
        else:
            is_root = inside == b"true" and not prefix
        if not is_root:
            raise _not_a_root()
        return cls(
            path,
            bare=bare == b"true",
            git_dir=git_dir,
            object_format=object_format.decode(),
        )

    @property
    def own_directory(self) -> Path:
        """Where this service may keep files of its own, which neither git nor people see."""
        return self._git_dir / "registry"

    def head(self) -> Head:
        """Tell which commit and which branch are checked out.

        Raises:
            WorkspaceUnavailable: the repository has vanished meanwhile, or HEAD is broken.
        """
        try:
            head = read_head(self._git_dir, self._common_dir)
        except OSError as error:
            raise _unreadable() from error
        return self._ask_for_head() if head is None else head

    def tags(self) -> tuple[frozenset[str], str]:
        """Give all tags' names, and a digest that changes when one comes or goes.

        A tag that was moved changes nothing here: versions are matched with tags by name.
        """
        names = self._names("refs/tags/")
        return names, hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()

    @property
    def shallow(self) -> bool:
        """Whether history was cut off when this was cloned (`git clone --depth`)."""
        return bool(self._alteration("shallow"))

    def shallow_digest(self) -> str:
        """Digest what changes history without a new commit; empty where there is nothing such.

        It covers where a shallow clone ends, grafts and replaced objects. When it differs from the
        last scan's, commits seen then may read differently now.
        """
        contents = [self._alteration(name) for name in _ALTERATIONS]
        replaced = b"\n".join(sorted(self._replacements()))
        if not any(contents) and not replaced:
            return ""
        return hashlib.sha256(b"\0".join([*contents, replaced])).hexdigest()

    def has_commit(self, commit: str) -> bool:
        """Tell whether a commit of this hash is here (a rewritten history may have lost it)."""
        if not _HASH.fullmatch(commit):
            return False
        return self.ask(["cat-file", "-e", f"{commit}^{{commit}}"]).status == 0

    def find_commit(self, reference: str) -> str | None:
        """Find the full hash of the commit that a reference or abbreviated hash names; else None.

        Only git's own directory knows references, so this is asked outside of the enclosure; the
        command reads them and nothing else. What calls it has seen to it that `reference` is no
        expression of another kind.
        """
        verify = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{reference}^{{commit}}")
        answer = self._ask_about_references(verify)
        commit = answer.output.strip().decode("ascii", "replace")
        return commit if answer.status == 0 and _HASH.fullmatch(commit) else None

    def begin_list(self, *revisions: str) -> GitProcess:
        """Let git begin with what `list_commits` will give."""
        check_revisions(revisions)
        return self.start(["rev-list", *revisions, "--"])

    def list_commits(self, *revisions: str, begun: GitProcess | None = None) -> Iterator[str]:
        """Give the hashes of the commits in a range, newest first, merges too.

        `NEW..OLD` gives those that a rewrite of OLD into NEW has dropped: none where OLD is an
        ancestor of NEW.

        Args:
            revisions: as for `read_log`.
            begun: a git that has begun with this range.

        Raises:
            HistoryUnreadable: git could not go through all of the range.
        """
        process = begun or self.begin_list(*revisions)
        try:
            for line in process.output:
                yield line[:-1].decode()
            self.finish(process)
        finally:
            process.stop()

    def ask(self, arguments: Sequence[str]) -> Answer:
        """Run a git command about objects, named by hash, to its end; references are not there."""
        directory, environment = self._enclosure
        return ask_git(arguments, directory=directory, environment=environment)

    def start(self, arguments: Sequence[str], *, writable: bool = False) -> GitProcess:
        """Start a git command about objects, to read its output while it works."""
        directory, environment = self._enclosure
        return GitProcess(
            arguments, directory=directory, environment=environment, writable=writable
        )

    def finish(self, process: GitProcess) -> None:
        """Make sure that a started command, whose output was read to its end, told everything.

        Raises:
            HistoryIncomplete: a partial clone lacks what git needed.
            HistoryUnreadable: git failed for another reason.
        """
        status, reason = process.finish()
        if status:
            raise self.history_error(reason)

    def history_error(self, reason: str) -> HistoryUnreadable:
        """Make the error for a git that failed: in a partial clone, objects are what it lacks."""
        partial = any((self._common_dir / "objects" / "pack").glob("*.promisor"))
        return HistoryIncomplete(reason) if partial else HistoryUnreadable(reason)

    @cached_property
    def _enclosure(self) -> tuple[Path, dict[str, str]]:
        enclosure, lock = make_enclosure()
        weakref.finalize(self, remove_enclosure, enclosure, lock)
        for directory in ("refs", "info"):
            (enclosure / directory).mkdir()
        (enclosure / "HEAD").write_text("ref: refs/heads/none\n")
        (enclosure / "config").write_text(
            "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
            f"[extensions]\n\tobjectFormat = {self._object_format}\n"
        )
        for name in _ALTERATIONS:
            if content := self._alteration(name):
                (enclosure / name).write_bytes(content)
        if replacements := self._replacements():
            (enclosure / "packed-refs").write_bytes(b"".join(sorted(replacements)))
        environment = {
            "GIT_DIR": str(enclosure),
            "GIT_OBJECT_DIRECTORY": str(self._common_dir / "objects"),
            "GIT_CONFIG_COUNT": "0",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        return enclosure, environment

    def _alteration(self, name: str) -> bytes:
        try:
            return read_git_file(self._common_dir / name)
        except (FileNotFoundError, NotADirectoryError):
            return b""
        except OSError as error:
            raise _unreadable() from error

    def _replacements(self) -> list[bytes]:
        """Give the lines of `git replace`, as packed-refs has them; nearly always none."""
        if not self._names(_REPLACEMENTS):
            return []
        return self._list_references("%(objectname) %(refname)", _REPLACEMENTS)

    def _names(self, namespace: str) -> frozenset[str]:
        try:
            names = read_names(self._common_dir, namespace)
        except OSError as error:
            raise _unreadable() from error
        if names is not None:
            return names
        lines = self._list_references("%(refname:strip=2)", namespace)
        return frozenset(line[:-1].decode("utf-8", "replace") for line in lines)

    def _list_references(self, form: str, namespace: str) -> list[bytes]:
        answer = self._ask_about_references(["for-each-ref", f"--format={form}", namespace])
        if answer.status:
            raise HistoryUnreadable(answer.reason)
        return answer.output.splitlines(keepends=True)

    def _ask_about_references(self, arguments: Sequence[str]) -> Answer:
        git_dir = ("--git-dir", str(self._git_dir))
        return ask_git([*_WARY, *git_dir, *arguments], directory=self.path, environment={})

    def _ask_for_head(self) -> Head:
        branch = self._ask_about_references(["symbolic-ref", "--quiet", "HEAD"])
        commit = self._ask_about_references(["rev-parse", "--quiet", "--verify", "HEAD"])
        if branch.status and commit.status:
            raise WorkspaceUnavailable(
                "The workspace's HEAD names neither a branch nor a commit: check something out."
            )
        name = branch.output.strip().decode("utf-8", "replace")
        return Head(
            commit.output.strip().decode() if commit.status == 0 else "",
            name.removeprefix("refs/").removeprefix("heads/"),
        )


def check_hashes(*commits: str) -> None:
    """Refuse what is not a full hash, so that nothing else reaches git's command line.

    Raises:
        ValueError: one of them is not.
    """
    for commit in commits:
        if not _HASH.fullmatch(commit):
            raise ValueError(f"not a commit's full hash: {commit!r}")


def check_revisions(revisions: Sequence[str]) -> None:
    """Refuse revisions other than `HASH`, `^HASH` and `HASH..HASH`.

    Raises:
        ValueError: one of them is something else, such as a branch.
    """
    for revision in revisions:
        check_hashes(*revision.removeprefix("^").split("..", 1))


def _find_common_dir(git_dir: Path) -> Path:
    """Find what a linked worktree shares with its repository (gitrepository-layout(5))."""
    try:
        common = read_git_file(git_dir / "commondir")
    except OSError:
        return git_dir
    return git_dir / os.fsdecode(common.rstrip(b"\r\n"))


def _check_directory(path: Path) -> None:
    try:
        os.scandir(path).close()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WorkspaceUnavailable(
            "The workspace is no directory: point REGISTRY_WORKSPACE at a git repository."
        ) from error
    except OSError as error:
        raise _unreadable() from error


def _check_own_files(path: Path) -> None:
    try:
        check_git_files(path)
    except NotAPlainFile as error:
        raise WorkspaceUnavailable(
            f"The repository's own file “{make_inert(str(error))}” is no plain file: make a clone "
            "of it and point REGISTRY_WORKSPACE there."
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable() from error


def _refusal(reason: str) -> WorkspaceUnavailable:
    if "dubious ownership" in reason or "owned by someone else" in reason:
        return WorkspaceUnavailable(
            "Git distrusts the workspace because it belongs to another user: run the service as "
            "that user, or name the directory as safe.directory in the service's git configuration."
        )
    if "not a git repository" not in reason:
        return WorkspaceUnavailable(f"Git cannot read the workspace ({reason}).")
    return WorkspaceUnavailable(
        "The workspace is no git repository, or a broken one: point REGISTRY_WORKSPACE at the root "
        "of a work tree or at a bare clone."
    )


def _not_a_root() -> WorkspaceUnavailable:
    return WorkspaceUnavailable(
        "The workspace lies inside a git repository but is not its root: point REGISTRY_WORKSPACE "
        "at the root of the work tree."
    )


def _unreadable() -> WorkspaceUnavailable:
    return WorkspaceUnavailable(
        "The workspace cannot be read: give the service's user the right to read it."
    )
