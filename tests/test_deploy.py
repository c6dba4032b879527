"""What is given for deployment fits the product: commands, settings, hardening, files."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from registry.cli import COMMANDS, main
from registry.server import DRAIN_SECONDS
from registry.settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
# Of ten; `systemd-analyze security` calls what is below 2 OK, and a service without any care 9.6.
MOST_EXPOSED = 2.0


def directives(unit: Path) -> list[tuple[str, str]]:
    """Read what a unit says, in its order."""
    lines = [line for line in unit.read_text("utf-8").splitlines() if "=" in line]
    parts = [line.split("=", 1) for line in lines if not line.startswith(("#", ";"))]
    return [(name, value) for name, value in parts]


def calls() -> Iterator[tuple[str, list[str]]]:
    """Find every call of the command, each by where it is made."""
    for unit in UNITS:
        for name, value in directives(unit):
            if name.startswith("Exec") and "bin/registry" in value:
                yield f"{unit.name} {name}", value.split()[1:]
    (served,) = re.findall(r"^CMD \[(.*)\]$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    yield "Dockerfile", re.findall(r'"([^"]*)"', served)


@pytest.mark.parametrize(("where", "arguments"), list(calls()), ids=lambda value: str(value)[:40])
def test_every_call_is_one_that_the_command_takes(where: str, arguments: list[str]) -> None:
    name, *options = [each for each in arguments if each != "--quiet"]
    command = main.get_command(click.Context(main), name)

    assert name in COMMANDS
    assert command is not None
    # Raises what is wrong with them.
    command.make_context(name, options)


@pytest.mark.parametrize("file", [*UNITS, DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_every_setting_that_is_named_is_one(file: Path) -> None:
    named = set(re.findall(r"REGISTRY_([A-Z0-9_]+)", file.read_text("utf-8")))

    assert {name.lower() for name in named} <= set(Settings.model_fields)
    assert named, "the directory at least"


def test_the_worker_is_as_hardened_as_the_server() -> None:
    own = {"Description", "After", "ExecStartPre", "ExecStart", "ExecReload", "Documentation"}
    own |= {"TimeoutStopSec"}
    server, worker = (
        [each for each in directives(DEPLOY / name) if each[0] not in own]
        for name in ("registry.service", "registry-worker@.service")
    )

    assert worker == server


def test_a_service_is_given_the_time_to_drain() -> None:
    (seconds,) = [v for n, v in directives(DEPLOY / "registry.service") if n == "TimeoutStopSec"]

    assert int(seconds) > 2 * DRAIN_SECONDS


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_little_exposed(unit: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze here")
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    if found is None:
        pytest.skip(f"this systemd-analyze cannot tell: {done.stderr.strip()[:80]}")

    assert float(found[1]) < MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze here")
    copy = tmp_path / unit.name.replace("@", "@1")
    # It looks for the programs, too.
    copy.write_text(unit.read_text("utf-8").replace("/opt/registry/bin/registry", "/bin/sh"))
    done = subprocess.run(
        [analyze, "verify", str(copy)], capture_output=True, text=True, check=False
    )

    # An older systemd does not know every key, and is told so as well.
    told = [line for line in done.stderr.splitlines() if copy.name in line]
    assert [line for line in told if "Unknown key" not in line] == []


def test_git_trusts_what_is_mounted_into_the_image() -> None:
    image = (DEPLOY / "Dockerfile").read_text("utf-8")
    (mounted,) = re.findall(r"-v \S+:(\S+):ro", (ROOT / "docs/operations.md").read_text("utf-8"))

    assert "GIT_CONFIG_COUNT=1" in image
    assert "GIT_CONFIG_KEY_0=safe.directory" in image
    assert re.findall(r"GIT_CONFIG_VALUE_0=(\S+)", image) == [mounted]


def test_the_image_is_made_of_what_is_locked_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    installs = re.findall(r"pip install (.*)$", text, re.MULTILINE)
    last = text[text.rindex("\nFROM ") :]

    assert installs == [
        "--require-hashes --requirement requirements.lock",
        "--require-hashes --requirement requirements-build.lock",
        "dist/*.whl \\",
    ]
    assert "PIP_NO_DEPS=1" in text
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", last, re.MULTILINE)
    assert "curl" not in text
    assert "/healthz" in last


def test_the_image_is_given_all_that_it_copies_and_no_more() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    given = {line[1:] for line in ignored if line.startswith("!")}

    assert "*" in ignored
    assert given == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
