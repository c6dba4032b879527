"""What a repository's own configuration, or a surrounding git, cannot do to us."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import WorkspaceUnavailable
from registry.history.log import read_log
from registry.history.manifests import MISSING, read_versions
from registry.history.repository import Repository
from registry.rules.territories import Territories
from tests.history.histories import Change, Imported, Planned, git
from tests.repositories import WorkTree

History = Callable[..., Imported]


def read_everything(path: Path) -> tuple[object, ...]:
    """Ask all that a refresh asks."""
    repository = Repository.open(path)
    head = repository.head()
    log = list(read_log(repository, [head.commit], Territories(["packages/a"])))
    blobs = [blob for commit in log for _, blob in commit.manifests]
    return (
        head,
        repository.tags(),
        repository.shallow_digest(),
        repository.has_commit("1" * 40),
        list(repository.list_commits(head.commit)),
        log,
        list(read_versions(repository, blobs)),
    )


@pytest.fixture
def made(history: History) -> Imported:
    made = history(
        Planned((Change("packages/a/package.json", b'{"version": "1.0.0"}'),)),
        Planned((Change("packages/a/sub", b"1" * 40, "160000"),)),
        Planned((Change("packages/a/sub", b"2" * 40, "160000"), Change("a.txt", b"x"))),
        Planned((Change("a.txt", None), Change("b.txt", b"x"))),
        name="work",
        bare=False,
    )
    git(made.path, "reset", "--hard", "--quiet")
    git(made.path, "tag", "v1.0.0")
    return made


# Every one of them runs a program, or changes what a plain `git log` in this repository prints.
EXECUTING = (
    "core.fsmonitor",
    "core.pager",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.editor",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "gpg.program",
    "pager.log",
    "remote.origin.uploadpack",
    "uploadpack.packObjectsHook",
)
MISLEADING = {
    "color.ui": "always",
    "core.abbrev": "4",
    "core.commitGraph": "false",
    "diff.ignoreSubmodules": "all",
    "diff.orderFile": "no/such/file",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.submodule": "log",
    "format.pretty": "oneline",
    "i18n.logOutputEncoding": "utf-16",
    "log.date": "relative",
    "log.decorate": "full",
    "log.diffMerges": "separate",
    "log.follow": "true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "submodule.packages/a/sub.ignore": "all",
}


def test_the_repository_s_configuration_runs_and_changes_nothing(
    made: Imported, tmp_path: Path
) -> None:
    expected = read_everything(made.path)
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch '{sprung}'\nexit 1\n")
    trap.chmod(0o755)
    hooks = made.path / ".git" / "hooks"
    for hook in (
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    (made.path / ".git" / "info" / "attributes").write_text("* diff=evil filter=evil\n")
    for key in EXECUTING:
        git(made.path, "config", key, str(trap))
    for key, value in MISLEADING.items():
        git(made.path, "config", key, value)

    assert read_everything(made.path) == expected
    assert not sprung.exists()


@pytest.mark.parametrize("url", ["ext::{trap} %S", "{trap}", "ssh://host/x", "file://{origin}"])
@pytest.mark.parametrize("helper", [False, True])
def test_a_partial_clone_fetches_nothing(
    made: Imported, tmp_path: Path, url: str, *, helper: bool
) -> None:
    git(made.path, "config", "uploadpack.allowFilter", "true")
    clone = ("clone", "--quiet", "--bare", "--filter=blob:none", made.path.as_uri(), "partial")
    git(tmp_path, *clone)
    partial = tmp_path / "partial"
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch '{sprung}'\nexit 1\n")
    trap.chmod(0o755)
    settings = {
        "protocol.allow": "always",
        "core.sshCommand": str(trap),
        "remote.origin.uploadpack": str(trap),
        "remote.origin.url": url.format(trap=trap, origin=made.path),
        "fetch.bundleURI": made.path.as_uri(),
        **({"remote.origin.vcs": f"../../../..{trap}"} if helper else {}),
    }
    for key, value in settings.items():
        git(partial, "config", key, value)
    objects = sorted((partial / "objects").rglob("*"))

    *_, versions = read_everything(partial)

    assert [version for _, version in versions] == [MISSING]  # type: ignore[attr-defined]
    assert not sprung.exists()
    assert sorted((partial / "objects").rglob("*")) == objects


@pytest.mark.parametrize(
    "variable",
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_COMMON_DIR",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_LITERAL_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_EXTERNAL_DIFF",
        "GIT_CONFIG_PARAMETERS",
    ],
)
def test_a_surrounding_git_changes_nothing(
    made: Imported, history: History, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """As in a hook of another repository that runs a refresh of this one."""
    other = history(Planned((Change("other"),)), name="other").path
    git(made.path, "replace", made.hashes[1], made.hashes[0])
    expected = read_everything(made.path)
    values = {
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NAMESPACE": "x",
        "GIT_REPLACE_REF_BASE": "refs/none/",
        "GIT_CONFIG_PARAMETERS": "'core.usereplacerefs'='false'",
    }

    monkeypatch.setenv(variable, values.get(variable, str(other)))

    assert read_everything(made.path) == expected


def test_the_user_s_own_configuration_changes_nothing(
    made: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_everything(made.path)
    configuration = tmp_path / "gitconfig"
    for key, value in MISLEADING.items():
        git(tmp_path, "config", "--file", str(configuration), key, value)
    git(tmp_path, "config", "--file", str(configuration), "safe.bareRepository", "explicit")
    bare = git(tmp_path, "clone", "--quiet", "--bare", str(made.path), "bare")
    assert bare == b""

    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))

    assert read_everything(made.path) == expected
    assert read_everything(tmp_path / "bare") == expected

    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "log.showRoot")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "false")
    assert read_everything(made.path) == expected


def test_the_repository_is_not_written_to(made: Imported) -> None:
    def state() -> list[tuple[Path, int]]:
        return sorted((path, path.lstat().st_mtime_ns) for path in made.path.rglob("*"))

    before = state()

    assert len(read_everything(made.path)) > 1
    assert state() == before


@pytest.mark.parametrize(
    "name",
    [
        "HEAD",
        "commondir",
        "config",
        "config.worktree",
        "info/grafts",
        "objects/info/alternates",
        "packed-refs",
        "refs/heads/main",
        f"refs/replace/{'a' * 40}",
        "refs/tags/v1",
        "shallow",
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "endless", "huge"])
def test_no_file_of_git_s_holds_a_refresh_up(tmp_path: Path, name: str, kind: str) -> None:
    tree = WorkTree(tmp_path / "workspace")
    tree.commit("first")
    file = tree.path / ".git" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "endless":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as sparse:
            sparse.truncate(1 << 40)

    with pytest.raises(WorkspaceUnavailable, match=f"“{file.name}” is no plain file"):
        Repository.open(tree.path)


def test_a_linked_worktree_is_looked_at_too(tmp_path: Path) -> None:
    tree = WorkTree(tmp_path / "workspace")
    tree.commit("first")
    tree.git("worktree", "add", "--quiet", "../linked")
    assert Repository.open(tmp_path / "linked").head().branch == "linked"
    os.mkfifo(tree.path / ".git/worktrees/linked/config.worktree")

    with pytest.raises(WorkspaceUnavailable, match="no plain file"):
        Repository.open(tmp_path / "linked")
