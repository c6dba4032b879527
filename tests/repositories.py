"""Real git repositories, made in a temporary directory, as a test needs them."""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class WorkTree:
    """A git work tree that a test writes to and commits in; every commit is a minute later."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = 1_600_000_000
        path.mkdir(parents=True, exist_ok=True)
        # Without the samples of hooks that git comes with.
        self.git("init", "--quiet", "--initial-branch=main", "--template=")

    @classmethod
    def of(cls, path: Path, seconds: int) -> "WorkTree":
        """Give one that is there, whose last commit was made at so many seconds."""
        tree = cls.__new__(cls)
        tree.path, tree.seconds = path, seconds
        return tree

    def git(self, *arguments: str, **environment: str) -> str:
        """Run git here and give what it printed."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**os.environ, **_IDENTITY, **environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def write(self, path: str, content: str | dict[str, Any]) -> Path:
        """Write a file; a map is written as a manifest would be."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        file.write_text(text, encoding="utf-8")
        return file

    def package(self, path: str, **manifest: Any) -> Path:
        """Write a package's manifest."""
        return self.write(f"{path}/package.json", manifest)

    def commit(self, message: str, **environment: str) -> str:
        """Commit all that is there and give the hash."""
        self.seconds += 60
        date = f"{self.seconds} +0000"
        self.git("add", "--all")
        self.git(
            *("commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", message),
            **{"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **environment},
        )
        return self.git("rev-parse", "HEAD")

    def clone_bare(self, path: Path) -> Path:
        """Make a bare clone and give its path."""
        self.git("clone", "--quiet", "--bare", str(self.path), str(path))
        return path


def small_monorepo(path: Path) -> WorkTree:
    """Make a workspace of three packages with a short history."""
    made, seconds = _made_once()
    # Each file is as new as one that was just written.
    shutil.copytree(made, path, copy_function=shutil.copyfile)
    return WorkTree.of(path, seconds)


@cache
def _made_once() -> tuple[Path, int]:
    """Make the workspace that others are copies of, which takes a tenth of git's time for each."""
    directory = Path(tempfile.mkdtemp(prefix="registry-small-monorepo-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    tree = WorkTree(directory / "acme")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    tree.package("packages/one", name="@acme/one", version="1.0.0", description="The first")
    tree.package(
        "packages/two",
        name="two",
        version="0.1.0",
        dependencies={"@acme/one": "^1.0.0", "left-pad": "^1.3.0"},
    )
    tree.commit("feat: begin")
    tree.write("packages/one/index.js", "1\n")
    tree.commit("fix(one): mend it")
    tree.package("packages/one", name="@acme/one", version="1.1.0", description="The first")
    tree.commit("chore(release): 1.1.0")
    tree.git("tag", "@acme/one@1.1.0")
    tree.package("apps/site", name="site", version="2.0.0")
    tree.write("README.md", "# Acme\n")
    tree.commit("Update the readme")
    return tree.path, tree.seconds
