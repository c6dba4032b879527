"""Makes monorepos of any size, the same for the same seed, by `git fast-import`.

The packages are `packages/GROUP/NAME`, as npm's workspaces; each commit changes a file of one
package or of two, and every so often a package's version. Each package has some files of its own,
so that git's work for a commit is that of a real one.
"""

import json
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_START = 1_500_000_000
_GROUPS = 20
_FILES = 12
_AUTHORS = [f"Dev {number} <dev{number}@example.com>" for number in range(40)]
_TYPES = ("feat", "fix", "chore", "docs", "refactor", "test")


@dataclass(frozen=True)
class MonorepoSize:
    """How large a monorepo is."""

    packages: int
    commits: int
    # How many commits change a package's version, over all packages.
    versions: int


def make_monorepo(path: Path, size: MonorepoSize, *, seed: int, bare: bool = False) -> Path:
    """Make a repository with a work tree, or a bare one, and give its path."""
    kind = ["--bare"] if bare else []
    _git(path.parent, "init", "--quiet", "--initial-branch=main", *kind, str(path))
    with subprocess.Popen(
        ["git", "-C", str(path), "fast-import", "--quiet", "--done"], stdin=subprocess.PIPE
    ) as importer:
        assert importer.stdin is not None
        for part in _stream(size, random.Random(seed)):  # noqa: S311 -- repeatable, no secret
            importer.stdin.write(part)
        importer.stdin.close()
    if importer.returncode:
        raise SystemExit("git fast-import failed")
    if not bare:
        _git(path, "reset", "--quiet", "--hard")
    return path


def add_commit(path: Path, package: str, number: int) -> None:
    """Add a commit to the branch that HEAD names, which changes one file of a package."""
    branch = _git(path, "symbolic-ref", "HEAD").strip()
    head = _git(path, "log", "-1", "--format=%H %ct").split()
    when = int(head[1]) + 60
    content = f"export default {number}\n".encode()
    stream = (
        _commit(branch, when, _AUTHORS[0], f"feat: one more, {number}", parent=head[0])
        + _file(f"{package}/added.js", content)
        + b"done\n"
    )
    subprocess.run(
        ["git", "-C", str(path), "fast-import", "--quiet", "--done", "--force"],
        input=stream,
        check=True,
    )


def _stream(size: MonorepoSize, chance: random.Random) -> Iterator[bytes]:
    paths = [f"packages/group-{n % _GROUPS}/package-{n}" for n in range(size.packages)]
    versions = [(1, 0, 0)] * size.packages
    releases = set(chance.sample(range(size.commits), min(size.versions, size.commits)))
    yield _commit("refs/heads/main", _START, _AUTHORS[0], "feat: begin")
    yield _file(
        "package.json", _json({"name": "root", "private": True, "workspaces": ["packages/*/*"]})
    )
    for number, path in enumerate(paths):
        yield _file(f"{path}/package.json", _manifest(number, size.packages, versions[number]))
        for file in range(_FILES):
            yield _file(f"{path}/src/file-{file}.js", f"export default {file}\n".encode())
    for number in range(1, size.commits):
        # Some packages change far more often than others.
        changed = int(size.packages * chance.random() ** 2)
        subject = f"{chance.choice(_TYPES)}(package-{changed}): change {number}"
        when = _START + number * 300
        yield _commit("refs/heads/main", when, chance.choice(_AUTHORS), subject)
        content = f"export default {number}\n".encode()
        yield _file(f"{paths[changed]}/src/file-{chance.randrange(_FILES)}.js", content)
        if number % 4 == 0:
            other = chance.randrange(size.packages)
            yield _file(f"{paths[other]}/src/file-{chance.randrange(_FILES)}.js", content)
        if number in releases:
            major, minor, patch = versions[changed]
            versions[changed] = (major, minor + patch // 9, (patch + 1) % 10)
            yield _file(
                f"{paths[changed]}/package.json",
                _manifest(changed, size.packages, versions[changed]),
            )
    yield b"done\n"


def _commit(branch: str, when: int, author: str, subject: str, *, parent: str = "") -> bytes:
    message = subject.encode()
    lines = [
        f"commit {branch}",
        f"author {author} {when} +0000",
        f"committer {author} {when} +0000",
        f"data {len(message)}",
        subject,
    ]
    if parent:
        lines.append(f"from {parent}")
    return "\n".join([*lines, ""]).encode()


def _file(path: str, content: bytes) -> bytes:
    return f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"


def _manifest(number: int, packages: int, version: tuple[int, int, int]) -> bytes:
    scope = ("", "@acme/", "@Org/")[number % 3]
    others = {(number * 7 + step * 13) % packages for step in range(1, 6)} - {number}
    return _json(
        {
            "name": f"{scope}package-{number}",
            "version": ".".join(map(str, version)),
            "description": f"Package {number} of a generated monorepo, for measurements only",
            "license": "MIT",
            "repository": {
                "type": "git",
                "url": "https://example.com/acme.git",
                "directory": f"packages/package-{number}",
            },
            "maintainers": [
                {"name": f"Dev {number % 40}", "email": f"dev{number % 40}@example.com"}
            ],
            "scripts": {"build": "tsc -p .", "test": "vitest run", "lint": "eslint src"},
            "dependencies": {
                f"{('', '@acme/', '@Org/')[other % 3]}package-{other}": "workspace:*"
                for other in sorted(others)
            },
            "devDependencies": {"typescript": "^5.6.0", "vitest": "^3.0.0"},
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"


def _git(directory: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(directory), *arguments], check=True, capture_output=True, text=True
    ).stdout
