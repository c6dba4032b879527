"""How a repository declares its workspaces: which tool, and which patterns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from registry.rules.enumerations import Severity
from registry.workspace.documents import LARGEST_YAML, read_json_object, read_yaml_object
from registry.workspace.problems import Problem, ProblemCode, error, warning
from registry.workspace.text import quote, storable
from registry.workspace.tree import LARGEST_FILE, ROOT, Tree, Unreadable

MANIFEST = "package.json"
PNPM_FILE = "pnpm-workspace.yaml"
LERNA_FILE = "lerna.json"
YARN_SETTINGS = ".yarnrc.yml"
YARN_LOCK = "yarn.lock"
BUN_LOCKS = ("bun.lock", "bun.lockb")

# Far beyond any workspace; what is over it would only cost time and room.
MOST_PATTERNS = 1_000
MOST_CATALOG_ENTRIES = 10_000

_LERNA_DEFAULT = ["packages/*"]
_CLASSIC_MARK = b"# yarn lockfile v1"


class Tool(StrEnum):
    """Whose rules say what a member is."""

    NPM = "npm"
    YARN = "yarn"
    PNPM = "pnpm"
    LERNA = "lerna"
    BUN = "bun"
    NONE = "none"


@dataclass(frozen=True)
class Layout:
    """What a repository declares; without patterns, the root is its one package."""

    tool: Tool = Tool.NONE
    # As written and in their order, which some tools heed.
    patterns: tuple[str, ...] = ()
    # Whether it is Yarn 1, whose patterns know no negation.
    classic: bool = False
    # The version that lerna gives to all packages alike; empty where they have their own.
    shared_version: str = ""
    # The ranges that `catalog:NAME` stands for, by package; `default` is the nameless one.
    catalogs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def declared_in(self) -> str:
        """Name the file that holds the patterns."""
        return {Tool.PNPM: PNPM_FILE, Tool.LERNA: LERNA_FILE}.get(self.tool, MANIFEST)


def read_layout(tree: Tree) -> tuple[Layout, list[Problem]]:
    """Read what declares workspaces: pnpm-workspace.yaml, else `workspaces`, else lerna.json.

    What is wrong with these files is in the second value; a declaration that cannot be read counts
    as one without patterns.
    """
    reader = _LayoutReader(tree)
    layout = reader.read()
    if layout.patterns:
        return layout, reader.problems
    # The root is a package then, and told of the rest when its manifest is read as one.
    problems = [
        problem
        for problem in reader.problems
        if problem.path != MANIFEST or problem.code is ProblemCode.FIELD_INVALID
    ]
    return layout, problems


def read_patterns(listed: object, path: str, key: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Read a list of patterns, of which nothing is known but where it stands.

    Args:
        listed: what a file holds there; nothing, or an empty text, is an empty list.
        path: the file.
        key: the key in it.

    Returns:
        The patterns as written, and what is wrong with the list.
    """
    if listed is None or listed == "":
        return (), []
    if not isinstance(listed, list):
        message = f"`{key}` is no list of patterns, so no member is known: make it a list."
        return (), [error(ProblemCode.FIELD_INVALID, path, message)]
    patterns = tuple(pattern for pattern in listed if isinstance(pattern, str) and pattern)
    problems = []
    if len(patterns) != len(listed):
        message = f"`{key}` holds something that is no pattern; it is left out: remove it."
        problems.append(warning(ProblemCode.FIELD_INVALID, path, message))
    if len(patterns) > MOST_PATTERNS:
        message = (
            f"`{key}` holds more than {MOST_PATTERNS:,} patterns; the rest is left out: use "
            "wildcards."
        )
        problems.append(error(ProblemCode.PATTERN_INVALID, path, message))
    return patterns[:MOST_PATTERNS], problems


def packages_of(workspaces: object) -> object:
    """Give what package.json's `workspaces` lists: it is the list, or an object with `packages`."""
    return workspaces.get("packages") if isinstance(workspaces, dict) else workspaces


class _LayoutReader:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.problems: list[Problem] = []
        self._names: frozenset[str] = frozenset()

    def read(self) -> Layout:
        try:
            self._names = frozenset(entry.name for entry in self._tree.entries(ROOT))
        except Unreadable as unreadable:
            self.problems.append(unreadable.problem)
        manifest = self._json(MANIFEST) or {}
        lerna = self._json(LERNA_FILE)
        version = lerna.get("version") if lerna else None
        shared = storable(version) if isinstance(version, str) and version != "independent" else ""
        if PNPM_FILE in self._names:
            settings = self._yaml(PNPM_FILE)
            patterns = self._patterns(settings.get("packages"), PNPM_FILE, "packages")
            catalogs = self._catalogs(settings, PNPM_FILE)
            return Layout(Tool.PNPM, patterns, shared_version=shared, catalogs=catalogs)
        workspaces = manifest.get("workspaces")
        if workspaces:
            return self._workspaces(manifest, workspaces, shared)
        if lerna is not None:
            listed = lerna.get("packages", _LERNA_DEFAULT)
            patterns = self._patterns(listed, LERNA_FILE, "packages")
            return Layout(Tool.LERNA, patterns, shared_version=shared)
        return Layout(shared_version=shared)

    def _workspaces(self, manifest: Mapping[str, Any], workspaces: object, shared: str) -> Layout:
        """Read package.json's `workspaces`, a list or an object with `packages`."""
        patterns = self._patterns(packages_of(workspaces), MANIFEST, "workspaces")
        tool, classic = self._tool_of_workspaces(manifest)
        catalogs: Mapping[str, Mapping[str, str]] = {}
        if tool is Tool.YARN and not classic and YARN_SETTINGS in self._names:
            catalogs = self._catalogs(self._yaml(YARN_SETTINGS), YARN_SETTINGS)
        elif tool is Tool.BUN:
            options = workspaces if isinstance(workspaces, dict) else {}
            catalogs = self._catalogs({**manifest, **options}, MANIFEST)
        return Layout(tool, patterns, classic, shared, catalogs)

    def _tool_of_workspaces(self, manifest: Mapping[str, Any]) -> tuple[Tool, bool]:
        """Tell npm, yarn and bun apart, and whether yarn is Yarn 1.

        `packageManager` (Node's corepack) says it outright; else the lock files do.
        """
        declared = manifest.get("packageManager")
        name, _, version = declared.partition("@") if isinstance(declared, str) else ("", "", "")
        if name == Tool.YARN:
            return Tool.YARN, version.startswith("1.")
        if name in {Tool.NPM, Tool.BUN}:
            return Tool(name), False
        if not self._names.isdisjoint(BUN_LOCKS):
            return Tool.BUN, False
        if YARN_LOCK in self._names:
            classic = YARN_SETTINGS not in self._names and self._has_classic_lock()
            return Tool.YARN, classic
        return Tool.NPM, False

    def _has_classic_lock(self) -> bool:
        try:
            return _CLASSIC_MARK in (self._tree.read(YARN_LOCK) or b"")[:200]
        except Unreadable:
            # Nothing else is read from a lock file; only the tool's generation is in doubt.
            return False

    def _patterns(self, listed: object, path: str, key: str) -> tuple[str, ...]:
        patterns, problems = read_patterns(listed, path, key)
        self.problems += problems
        return patterns

    def _catalogs(self, settings: Mapping[str, Any], path: str) -> dict[str, dict[str, str]]:
        """Read `catalog` and `catalogs`, which pnpm, yarn and bun have alike."""
        named = settings.get("catalogs") or {}
        found = {"default": settings.get("catalog") or {}}
        found |= named if isinstance(named, dict) else {"": named}
        catalogs: dict[str, dict[str, str]] = {}
        room = MOST_CATALOG_ENTRIES
        for name, entries in found.items():
            valid = isinstance(entries, dict) and len(entries) <= room
            if valid:
                room -= len(entries)
                catalogs[storable(name)] = {
                    storable(package): storable(text)
                    for package, text in entries.items()
                    if isinstance(text, str)
                }
            if not valid or len(catalogs[storable(name)]) < len(entries):
                self.problems.append(
                    warning(
                        ProblemCode.FIELD_INVALID,
                        path,
                        f"The catalog {quote(name)} is no map of packages to ranges, or holds too "
                        "many; what is not is left out: write a range for each package.",
                    )
                )
        return {name: entries for name, entries in catalogs.items() if entries}

    def _json(self, path: str) -> dict[str, Any] | None:
        data = self._read(path, LARGEST_FILE)
        if data is None:
            return None
        value, problems = read_json_object(data, path)
        # The rest is told where the root is read as a package.
        self.problems += [one for one in problems if one.severity is Severity.ERROR]
        return value

    def _yaml(self, path: str) -> dict[str, Any]:
        data = self._read(path, LARGEST_YAML)
        if data is None:
            return {}
        value, problems = read_yaml_object(data, path)
        self.problems += problems
        return value or {}

    def _read(self, path: str, limit: int) -> bytes | None:
        if path not in self._names:
            return None
        try:
            return self._tree.read(path, limit=limit)
        except Unreadable as unreadable:
            self.problems.append(unreadable.problem)
            return None
