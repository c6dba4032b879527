"""Makes the demo workspace: a real git repository, the same to the byte each time.

The whole history goes through one `git fast-import`, which takes tenths of a second where a
process per commit would take many.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry.demo.members import MEMBERS
from registry.demo.steps import (
    PEOPLE,
    Add,
    Merge,
    Move,
    Nothing,
    Release,
    Remove,
    Step,
    Work,
    Write,
)
from registry.demo.story import STORY
from registry.errors import Conflict, Unavailable

_BEGIN = int(datetime(2022, 3, 1, tzinfo=UTC).timestamp())
_END = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
_DAY = 86_400
# Any odd number spreads the steps over the days without a generator whose numbers could change.
_SPREAD = 2_654_435_761

# By it a workspace that `make_workspace` made is known again.
_MARK = "refs/registry/demo"

_ROOT = {
    "package.json": """{
  "name": "hangar",
  "private": true,
  "packageManager": "pnpm@10.8.1",
  "scripts": { "build": "pnpm -r build", "test": "pnpm -r test" },
  "devDependencies": { "typescript": "catalog:" }
}
""",
    "pnpm-workspace.yaml": """packages:
  - apps/*
  - libs/**
  - services/*
  - tools/*
  - scripts/*
  - examples/*
  - "!**/fixtures/**"

catalog:
  typescript: ^5.8.3
  vite: ^6.3.2

catalogs:
  react19:
    react: ^19.1.0
    react-dom: ^19.1.0
""",
    "README.md": "# Hangar\n\nFlight planning, weather and charts, in one repository.\n",
    ".gitignore": "node_modules/\ndist/\n",
}


def make_workspace(path: Path) -> Path:
    """Make the demo workspace at `path`, or find it there; what was changed in it since stays.

    Raises:
        Conflict: something else is there.
        Unavailable: git is missing, or failed.
    """
    path = path.absolute()
    if path.is_dir() and any(path.iterdir()):
        if not _is_ours(path):
            raise Conflict(
                f"{path} holds something other than the demo workspace; move it away, "
                "or set REGISTRY_INSTANCE_PATH to another directory."
            )
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made beside and moved: whoever finds it finds all of it.
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=path.parent) as directory:
        workspace = Path(directory) / path.name
        workspace.mkdir()
        # The object format and the branch's name are settings that would change the hashes.
        init = ["init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1"]
        _git(workspace, init)
        _git(workspace, ["fast-import", "--quiet"], _History().tell(STORY))
        _git(workspace, ["reset", "--quiet", "--hard"])
        workspace.rename(path)
    return path


def _is_ours(path: Path) -> bool:
    # Not `rev-parse` alone: it would find a repository above `path` just as well.
    if not (path / ".git").is_dir():
        return False
    try:
        _git(path, ["rev-parse", "--quiet", "--verify", _MARK])
    except Unavailable:
        return False
    return True


def _git(directory: Path, arguments: Sequence[str], stdin: bytes = b"") -> None:
    """Run git as if nobody had configured it, so that the result is the same everywhere."""
    command = shutil.which("git")
    if command is None:
        raise Unavailable("git is not installed; install git 2.28 or later.", code="git_missing")
    environment = {name: v for name, v in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    run = subprocess.run(
        [command, *arguments],
        cwd=directory,
        env=environment,
        input=stdin,
        capture_output=True,
        check=False,
    )
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip()
        raise Unavailable(f"git {arguments[0]} failed in {directory}: {said}", code="git_failed")


class _History:
    """Tells a story as the commands of `git fast-import`."""

    def __init__(self) -> None:
        self._stream = bytearray()
        self._files: dict[str, str] = {}
        self._manifests: dict[str, dict[str, Any]] = {}
        self._paths: dict[str, str] = {}
        self._branch = "main"
        # The newest commit of each branch, as fast-import's mark.
        self._tips: dict[str, int] = {}
        self._commits = 0
        self._time = _BEGIN
        self._interval = 0
        # Files that the branch being told has changed, for its merge.
        self._changed: set[str] = set()

    def tell(self, story: Sequence[Step]) -> bytes:
        self._interval = (_END - _BEGIN) // sum(_commits_of(step) for step in story)
        self._files.update(_ROOT)
        self._changed.update(_ROOT)
        for step in story:
            self._take(step)
        self._reference(_MARK, self._tips["main"])
        return bytes(self._stream)

    def _take(self, step: Step) -> None:
        match step:
            case Add():
                self._add(step)
            case Work():
                self._work(step)
            case Release():
                self._release(step)
            case Move():
                self._move(step)
            case Remove():
                directory = self._paths.pop(step.package)
                self._commit(step.who, step.subject, removed=[directory])
            case Write():
                self._commit(step.who, step.subject, self._write({step.path: step.text}))
            case Nothing():
                self._commit(step.who, step.subject)
            case Merge():
                self._merge(step)

    def _add(self, step: Add) -> None:
        member = MEMBERS[step.package]
        self._paths[step.package] = member.path
        self._manifests[step.package] = dict(member.manifest)
        name, description = member.manifest["name"], member.manifest["description"]
        files = {"README.md": f"# {name}\n\n{description}\n", **member.files}
        written = {f"{member.path}/{file}": text for file, text in files.items()}
        self._commit(
            step.who, step.subject, [*self._write(written), self._write_manifest(step.package)]
        )

    def _work(self, step: Work) -> None:
        packages = step.packages.split()
        logs = [f"{self._paths[package]}/CHANGES.md" for package in packages] or ["CHANGES.md"]
        line = f"- {step.subject}\n"
        paths = self._write({log: self._files.get(log, "") + line for log in logs})
        for package in packages if step.manifest else ():
            for section, gained in (step.manifest or {}).items():
                held = self._manifests[package].get(section, {})
                self._manifests[package][section] = {**held, **gained}
            paths.append(self._write_manifest(package))
        self._commit(step.who, step.subject, paths)

    def _release(self, step: Release) -> None:
        manifest = self._manifests[step.package]
        name = manifest["name"]
        # The version stands where people write it: after the name.
        others = {key: manifest[key] for key in manifest if key not in {"name", "version"}}
        self._manifests[step.package] = {"name": name, "version": step.version, **others}
        log = f"{self._paths[step.package]}/CHANGES.md"
        paths = self._write({log: self._files.get(log, "") + f"\n## {step.version}\n\n"})
        # Releases by hand came first, with subjects of their own.
        automatic = step.who == "bot"
        subject = f"{name} {step.version}"
        if automatic:
            subject = f"chore(release): {name}@{step.version}"
        self._commit(step.who, subject, [*paths, self._write_manifest(step.package)])
        tag = MEMBERS[step.package].tag.format(name=name, version=step.version)
        if tag and automatic:
            self._annotate(tag, step.who)
        elif tag:
            self._reference(f"refs/tags/{tag}", self._tips[self._branch])

    def _move(self, step: Move) -> None:
        old, new = self._paths[step.package], step.to
        self._paths[step.package] = new
        moved = [path for path in self._files if path.startswith(f"{old}/")]
        texts = {path.replace(old, new, 1): self._files.pop(path) for path in moved}
        self._commit(step.who, step.subject, self._write(texts), removed=[old])

    def _merge(self, step: Merge) -> None:
        self._tips[step.name] = self._tips["main"]
        self._branch, self._changed = step.name, set()
        for inner in step.branch:
            self._take(inner)
        theirs = self._changed
        self._branch, self._changed = "main", set()
        for inner in step.meanwhile:
            self._take(inner)
        if theirs & self._changed:
            raise ValueError(f"both sides of {step.name} change {sorted(theirs & self._changed)}")
        merged = self._tips[step.name]
        self._commit(step.who, f"Merge branch '{step.name}'", sorted(theirs), merged=merged)

    def _write(self, texts: Mapping[str, str]) -> list[str]:
        self._files.update(texts)
        return list(texts)

    def _write_manifest(self, package: str) -> str:
        path = f"{self._paths[package]}/package.json"
        text = json.dumps(self._manifests[package], indent=2, ensure_ascii=False)
        self._files[path] = f"{text}\n"
        return path

    def _commit(
        self,
        who: str,
        subject: str,
        written: Iterable[str] = (),
        *,
        removed: Iterable[str] = (),
        merged: int | None = None,
    ) -> None:
        parent = self._tips.get(self._branch)
        # The first commit brings what stands at the root.
        paths = [*written] if parent else [*_ROOT, *written]
        self._changed.update(paths)
        self._commits += 1
        self._emit(f"commit refs/heads/{self._branch}\nmark :{self._commits}\n")
        signature = self._signature(who)
        self._emit(f"author {signature}\ncommitter {signature}\n")
        self._emit_data(f"{subject}\n")
        if parent:
            self._emit(f"from :{parent}\n")
        if merged:
            self._emit(f"merge :{merged}\n")
        for path in removed:
            self._emit(f"D {path}\n")
        for path in paths:
            self._emit(f"M 100644 inline {path}\n")
            self._emit_data(self._files[path])
        self._tips[self._branch] = self._commits

    def _signature(self, who: str) -> str:
        name, mail, zone = PEOPLE[who]
        return f"{name} <{mail}> {self._moment()} {zone}"

    def _moment(self) -> int:
        """Choose a time for the commit: after the one before it, at some hour of the day."""
        scatter = self._commits * _SPREAD % 2**32
        moment = _BEGIN + self._commits * self._interval + scatter % (self._interval * 4 // 5)
        moment = moment // _DAY * _DAY + 7 * 3600 + scatter // 7 % (11 * 3600)
        self._time = max(self._time + 600, moment)
        return self._time

    def _annotate(self, tag: str, who: str) -> None:
        self._emit(f"tag {tag}\nfrom :{self._tips[self._branch]}\n")
        name, mail, zone = PEOPLE[who]
        self._emit(f"tagger {name} <{mail}> {self._time} {zone}\n")
        self._emit_data(f"{tag}\n")

    def _reference(self, name: str, mark: int) -> None:
        self._emit(f"reset {name}\nfrom :{mark}\n\n")

    def _emit(self, text: str) -> None:
        self._stream += text.encode()

    def _emit_data(self, text: str) -> None:
        data = text.encode()
        self._stream += b"data %d\n%s\n" % (len(data), data)


def _commits_of(step: Step) -> int:
    if isinstance(step, Merge):
        return 1 + sum(_commits_of(inner) for inner in (*step.branch, *step.meanwhile))
    return 1
