"""Histories of every shape, made by `git fast-import`, and git's own answers about them."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

NEUTRAL = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def git(path: Path, *arguments: str, given: bytes | None = None, **environment: str) -> bytes:
    """Run git at a path and give what it printed, without the last line end."""
    return subprocess.run(
        ["git", *arguments],
        cwd=path,
        env={**os.environ, **NEUTRAL, **environment},
        input=given,
        check=True,
        capture_output=True,
    ).stdout.removesuffix(b"\n")


@dataclass(frozen=True)
class Change:
    """What a commit does to one path: `content` becomes a file of that mode; None deletes it."""

    path: str
    content: bytes | None = b"x"
    mode: str = "100644"

    def __bytes__(self) -> bytes:
        quoted = b'"' + self.path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        if self.content is None:
            return b"D " + quoted + b"\n"
        if self.mode == "160000":
            return b"M 160000 " + self.content + b" " + quoted + b"\n"
        data = b"data %d\n" % len(self.content) + self.content + b"\n"
        return b"M " + self.mode.encode() + b" inline " + quoted + b"\n" + data


@dataclass(frozen=True)
class Planned:
    """A commit to be imported; `parents` are positions in the plan, None means the one before."""

    changes: tuple[Change, ...] = ()
    parents: tuple[int, ...] | None = None
    subject: bytes = b"subject"
    author: bytes = b"Ada <ada@example.org>"
    seconds: int = 1_600_000_000
    authored: int | None = None
    encoding: bytes = b""


@dataclass
class Imported:
    """A repository made from a plan."""

    path: Path
    hashes: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        """The last commit of the plan, which HEAD is."""
        return self.hashes[-1]


def import_history(path: Path, plan: list[Planned], *, bare: bool = True) -> Imported:
    """Make a repository whose history is the plan."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
    stream = b"".join(_commit(position, commit) for position, commit in enumerate(plan))
    stream += b"reset refs/heads/main\nfrom :%d\n" % len(plan)
    marks = path / "marks"
    git(
        path,
        *("fast-import", "--quiet", "--force", "--date-format=raw-permissive"),
        f"--export-marks={marks}",
        given=stream,
    )
    hashes = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    return Imported(path, [hashes[f":{mark}"] for mark in range(1, len(plan) + 1)])


def _commit(position: int, commit: Planned) -> bytes:
    parents = commit.parents
    if parents is None:
        parents = (position - 1,) if position else ()
    authored = commit.seconds if commit.authored is None else commit.authored
    lines = [
        b"commit refs/heads/c%d" % position,
        b"mark :%d" % (position + 1),
        b"author %s %d +0000" % (commit.author, authored),
        b"committer Bob <bob@example.org> %d +0000" % commit.seconds,
        *([b"encoding " + commit.encoding] if commit.encoding else []),
        b"data %d" % len(commit.subject),
        commit.subject,
        *(
            b"%s :%d" % (b"merge" if place else b"from", parent + 1)
            for place, parent in enumerate(parents)
        ),
    ]
    return b"\n".join(lines) + b"\n" + b"".join(map(bytes, commit.changes)) + b"\n"
