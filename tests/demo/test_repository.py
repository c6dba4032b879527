"""The demo workspace is real, the same everywhere, and holds what it promises to show."""

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from registry.demo import make_workspace
from registry.errors import Conflict, Unavailable


def git(workspace: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(workspace), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )
    return run.stdout.strip()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("demo") / "workspace")


def manifests(workspace: Path) -> dict[str, dict[str, object]]:
    found = {}
    for file in workspace.rglob("package.json"):
        try:
            found[str(file.parent.relative_to(workspace))] = json.loads(file.read_text("utf-8"))
        except ValueError:
            continue
    return found


def test_it_is_a_sound_repository_with_a_clean_work_tree(workspace: Path) -> None:
    assert git(workspace, "fsck", "--strict") == ""
    assert git(workspace, "status", "--porcelain") == ""
    assert git(workspace, "branch", "--show-current") == "main"


def test_neither_the_time_nor_anybody_s_configuration_changes_it(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (tmp_path / ".gitconfig").write_text(
        "[init]\n\tdefaultBranch = trunk\n\tdefaultObjectFormat = sha256\n"
        f"\ttemplateDir = {template.parent}\n"
        "[core]\n\tautocrlf = true\n[user]\n\tname = Somebody\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    again = make_workspace(tmp_path / "again")
    monkeypatch.delenv("GIT_DIR")

    assert git(again, "for-each-ref") == git(workspace, "for-each-ref")
    assert not (again / ".git" / "hooks").exists()
    manifest = "libs/units/package.json"
    assert (again / manifest).read_bytes() == (workspace / manifest).read_bytes()


def test_it_has_the_size_of_something_real(workspace: Path) -> None:
    assert 200 <= int(git(workspace, "rev-list", "--count", "HEAD")) <= 400
    assert len(manifests(workspace)) >= 20


def test_dates_rise_over_years_and_lie_in_the_past(workspace: Path) -> None:
    dates = [int(date) for date in git(workspace, "log", "--reverse", "--format=%ct").split()]

    assert all(earlier < later for earlier, later in pairwise(dates))
    assert dates[-1] - dates[0] > 3 * 365 * 86_400


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("merges", ["--merges"]),
        ("a commit on many packages", ["--grep=publish ES modules only"]),
        ("a `|` in an author's name", ["--author=Zoë | Platform"]),
        ("a name beyond Latin", ["--author=田中 芽衣"]),
        ("a `|` in a subject", ["--grep=RMK | SLP013"]),
        ("a breaking change", ["--grep=^feat(ui)!:"]),
        ("a subject without a type", ["--grep=^typo$"]),
        ("a moved package", ["--grep=move from scripts", "--", "scripts/navdata"]),
        ("a removed package", ["--grep=remove the gateway", "--", "services/gateway"]),
    ],
)
def test_its_history_shows(workspace: Path, what: str, arguments: list[str]) -> None:
    assert git(workspace, "log", "--format=%h", *arguments)


def test_a_commit_has_no_file(workspace: Path) -> None:
    trees = git(workspace, "log", "--no-merges", "--format=%T").split()

    assert len(trees) > len(set(trees))


def test_releases_are_tagged_in_several_styles(workspace: Path) -> None:
    tags = set(git(workspace, "tag").split())
    kinds = set(git(workspace, "for-each-ref", "--format=%(objecttype)", "refs/tags").split())

    assert {"@acme/ui@2.0.0", "xplane-connect-v1.0.0", "hangar-cli/v1.0.0"} <= tags
    assert kinds == {"tag", "commit"}
    # Services have versions, but nobody tags them.
    assert not {tag for tag in tags if tag.startswith("@acme/tiles")}


def test_its_ranges_are_of_every_kind(workspace: Path) -> None:
    ranges = {
        str(value)
        for manifest in manifests(workspace).values()
        for section in ("dependencies", "devDependencies", "peerDependencies")
        for value in (manifest.get(section) or {}).values()  # type: ignore[attr-defined]
    }
    for kind in ("workspace:", "catalog:", "npm:", "file:", "link:", "git+", ">=", "^", "5.x"):
        assert any(text.startswith(kind) for text in ranges), kind


def test_a_name_stands_in_two_sections(workspace: Path) -> None:
    manifest = manifests(workspace)["libs/ui"]

    assert "react" in manifest["devDependencies"]  # type: ignore[operator]
    assert "react" in manifest["peerDependencies"]  # type: ignore[operator]


@pytest.mark.parametrize("key", ["author", "repository", "license", "bin"])
def test_a_key_has_both_of_its_forms(workspace: Path, key: str) -> None:
    forms = {type(manifest[key]) for manifest in manifests(workspace).values() if key in manifest}

    assert forms == {str, dict}


def test_some_manifests_are_wrong(workspace: Path) -> None:
    names = [manifest["name"] for manifest in manifests(workspace).values()]

    with pytest.raises(ValueError, match="Expecting"):
        json.loads((workspace / "libs/simbrief/package.json").read_text())
    assert names.count("@acme/ui") == 2


def test_its_globs_reach_deep_and_leave_out(workspace: Path) -> None:
    declared = yaml.safe_load((workspace / "pnpm-workspace.yaml").read_text())["packages"]

    assert "libs/**" in declared
    assert "!**/fixtures/**" in declared
    assert (workspace / "libs/charts/fixtures/tile/package.json").exists()
    assert (workspace / "libs/charts/react/package.json").exists()


def test_what_was_changed_in_it_stays(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    manifest = workspace / "libs/units/package.json"
    manifest.write_text("{}")

    make_workspace(workspace)

    assert manifest.read_text() == "{}"


def test_something_else_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("nearly done")

    with pytest.raises(Conflict, match="something other than the demo workspace"):
        make_workspace(tmp_path)

    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    assert make_workspace(tmp_path) == tmp_path
    assert git(tmp_path, "rev-parse", "HEAD")


def test_without_git_it_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unavailable, match="install git"):
        make_workspace(tmp_path / "demo" / "workspace")

    assert list((tmp_path / "demo").iterdir()) == []
