"""The lock files name what a deployment installs: all of it, in versions that fit, by hashes."""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WANTED = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["s3"],
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)$")


def locked(name: str) -> dict[str, Version]:
    """Read the versions of a lock file, each of whose lines must have hashes."""
    text = (ROOT / name).read_text("utf-8").replace(" \\\n", "")
    lines = [re.sub(" +", " ", line) for line in text.splitlines() if line and line[0] != "#"]
    found = [PINNED.match(line) for line in lines]
    assert None not in found, [line for line, each in zip(lines, found, strict=True) if not each]
    return {each[1]: Version(each[2]) for each in found if each}


@pytest.mark.parametrize("name", WANTED)
def test_every_dependency_is_locked_in_a_version_that_fits(name: str) -> None:
    versions = locked(name)

    for text in WANTED[name]:
        wanted = Requirement(text)
        version = versions.get(canonicalize_name(wanted.name))
        assert version is not None, f"{name} lacks {wanted.name}: run `make lock`"
        assert wanted.specifier.contains(version), f"{wanted} is not {version}: run `make lock`"


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_file_names_no_place_to_install_from(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")

    assert [word for word in ("://", "--index", "--find", "file:") if word in text] == []


def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


GOOD = {"name": "good", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}
BAD = {
    "name": "bad",
    "version": "2.0",
    "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"], "aliases": [], "description": ""}],
}


@pytest.mark.parametrize(
    ("packages", "passes", "words"),
    [
        ((GOOD,), True, "no known vulnerability in 1 packages"),
        ((GOOD, UNKNOWN), True, "does not know 1 others"),
        ((UNKNOWN,), True, "NOT AUDITED"),
        ((GOOD, UNKNOWN, BAD), False, "bad 2.0 has CVE-1, which 2.1 mends"),
    ],
)
def test_a_known_vulnerability_fails_and_silence_is_told(
    packages: tuple[dict[str, Any], ...], passes: bool, words: str
) -> None:
    verdict = audit().judge(report(*packages))

    assert verdict[0] is passes
    assert words in verdict[1]


def test_who_could_not_ask_is_told_how_to() -> None:
    known, unknown = (audit().judge(report(package))[1] for package in (GOOD, UNKNOWN))

    assert audit().advise([known, known]) == ""
    assert "Run `make audit` where" in audit().advise([known, unknown])
