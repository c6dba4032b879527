"""Which directories are packages: exactly the members that the workspace's own tool lists."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from registry.rules.globs import (
    Glob,
    State,
    accepts,
    accepts_everything,
    enter,
    names_to_enter,
    start_walk,
    without_globstars,
)
from registry.workspace.documents import read_json_object
from registry.workspace.layout import MANIFEST, Layout, Tool, packages_of, read_patterns
from registry.workspace.patterns import Links, ToolRules, rules_of, select
from registry.workspace.problems import Problem, ProblemCode, note, warning
from registry.workspace.text import is_storable
from registry.workspace.tree import ROOT, Entry, FileStat, Kind, Tree, Unreadable, join_path

_NOTHING: State = frozenset()
_MATCHED: State = frozenset({()})
_ENTERED = frozenset({Kind.DIRECTORY, Kind.LINK})
OTHER_MANIFESTS = ("package.yaml", "package.json5")


class MemberFile(NamedTuple):
    """A package's directory, and its manifest's size in bytes and time in nanoseconds.

    Both are None in a commit, and where the manifest is a link that cannot be followed.
    """

    path: str
    size: int | None
    mtime_ns: int | None


def find_members(tree: Tree, layout: Layout) -> tuple[list[MemberFile], list[Problem]]:
    """Find the workspace's packages, ordered by path, without the root.

    A layout that declares nothing but the root has the root as its one package. Directories named
    node_modules are never entered. A directory that is found by a symbolic link too is listed
    once, under its own path if that is a member, else under the first link's. Problems come
    ordered by path too, each once, so that the same files give the same answer.
    """
    finder = _Finder(tree, layout)
    members = finder.find()
    order = attrgetter("path", "code", "message")
    return members, sorted(dict.fromkeys(finder.problems), key=order)


class _Place(NamedTuple):
    """A directory on the walk: what can still match below it, and what is hidden there."""

    path: str
    state: State
    hidden: State
    linked: bool


class _Finder:
    def __init__(self, tree: Tree, layout: Layout) -> None:
        self._tree = tree
        self._layout = layout
        self.problems: list[Problem] = []
        self._found: dict[str, MemberFile] = {}
        self._found_by_link: set[str] = set()
        self._walked_links: set[tuple[str, State, State]] = set()

    def find(self) -> list[MemberFile]:
        if all(pattern.strip("./") == "" for pattern in self._layout.patterns):
            self._add(ROOT)
        else:
            self._find_matching(rules_of(self._layout))
            self._drop_doubles()
        if not self._found:
            self.problems.append(
                warning(
                    ProblemCode.PACKAGES_MISSING,
                    ROOT,
                    "The workspace holds no package: declare workspaces that match some, or put a "
                    "package.json at its root.",
                )
            )
        return sorted(self._found.values())

    def _find_matching(self, rules: ToolRules) -> None:
        waiting: list[tuple[str, Sequence[str], str]] = [
            (ROOT, self._layout.patterns, self._layout.declared_in)
        ]
        while waiting:
            base, patterns, source = waiting.pop()
            selection, problems = select(patterns, rules, source)
            self.problems += problems
            for globs, hidden in ((selection.included, selection.hidden), (selection.certain, ())):
                for place in self._walk(base, globs, hidden, rules):
                    if place.path == base or not self._add(place.path, rules):
                        continue
                    if place.linked:
                        self._found_by_link.add(place.path)
                    if rules.nested:
                        waiting += self._nested(place.path)

    def _walk(
        self, base: str, globs: Sequence[Glob], hidden: Sequence[Glob], rules: ToolRules
    ) -> Iterator[_Place]:
        """Give the directories that match, but for those that turned out to hold no manifest."""
        places = [_Place(base, start_walk(globs), start_walk(hidden), linked=False)]
        while places:
            place = places.pop()
            matched = accepts(place.state) and not accepts(place.hidden)
            names = names_to_enter(place.state)
            children = self._list(place.path) if names is None else self._pick(place.path, names)
            if matched and (names is not None or _holds_manifest(children)):
                yield place
            for name, kind in children:
                if name not in rules.never_entered and kind in _ENTERED:
                    child = self._enter(place, name, kind, rules)
                    if child.state:
                        places.append(child)

    def _list(self, path: str) -> list[Entry]:
        try:
            return self._tree.entries(path)
        except Unreadable as unreadable:
            self.problems.append(unreadable.problem)
            return []

    def _pick(self, path: str, names: Iterable[str]) -> list[Entry]:
        """Look for these names in a directory, without listing it."""
        picked = []
        for name in names:
            try:
                kind = self._tree.kind(join_path(path, name))
            except Unreadable as unreadable:
                self.problems.append(unreadable.problem)
                continue
            if kind is not None:
                picked.append(Entry(name, kind))
        return picked

    def _enter(self, place: _Place, name: str, kind: Kind, rules: ToolRules) -> _Place:
        """Go down into a directory; the place has nothing left to match if there is nothing."""
        path = join_path(place.path, name)
        state = enter(place.state, name)
        hidden = enter(place.hidden, name, dots=True)
        if accepts_everything(hidden):
            state = _NOTHING
        if state and kind is Kind.LINK:
            state = self._follow(path, state, hidden, rules.links)
        return _Place(path, state, hidden, place.linked or kind is Kind.LINK)

    def _follow(self, path: str, state: State, hidden: State, links: Links) -> State:
        """Tell what of a state is left behind a symbolic link."""
        if links is Links.IGNORED:
            return _NOTHING
        try:
            real = self._tree.resolve(path)
            if self._tree.kind(real) is not Kind.DIRECTORY:
                return _NOTHING
        except Unreadable as unreadable:
            # Most links are no packages: one in whose place a package could be is worth a word.
            if accepts(state):
                found = unreadable.problem
                self.problems.append(warning(found.code, found.path, found.message))
            return _NOTHING
        if links is Links.MATCHED:
            return without_globstars(state)
        # Links may lead to each other in circles: each is walked once with the same expectation.
        visit = (real, state, hidden)
        if visit in self._walked_links:
            return state & _MATCHED
        self._walked_links.add(visit)
        return state

    def _add(self, path: str, rules: ToolRules | None = None) -> bool:
        """Take a directory in, if it holds a manifest and is not yet there."""
        if path in self._found:
            return False
        try:
            found = self._tree.stat(join_path(path, MANIFEST))
        except Unreadable as unreadable:
            if unreadable.problem.code is ProblemCode.NOT_A_FILE:
                self.problems.append(unreadable.problem)
                return False
            # It is a package, whose manifest will be told to be unreadable when it is read.
            found = FileStat(None, None)
        if found is None:
            self._look_for_other_manifest(path)
            return False
        if not is_storable(path):
            self.problems.append(
                warning(
                    ProblemCode.PATH_NOT_UTF8,
                    path,
                    "The package's path is not UTF-8, so it is left out: rename the directory.",
                )
            )
            return False
        if rules and rules.needs_name_and_version and not self._has_name_and_version(path):
            self.problems.append(
                note(
                    ProblemCode.MEMBER_NOT_LISTED,
                    join_path(path, MANIFEST),
                    "Yarn 1 leaves this package out, for it has no name or no version: give it "
                    "both.",
                )
            )
            return False
        self._found[path] = MemberFile(path, *found)
        return True

    def _look_for_other_manifest(self, path: str) -> None:
        """Tell of a package that pnpm would list, but whose manifest is in another language."""
        if self._layout.tool is not Tool.PNPM:
            return
        for name in OTHER_MANIFESTS:
            if self._tree.kind(join_path(path, name)) is Kind.FILE:
                self.problems.append(
                    warning(
                        ProblemCode.MANIFEST_UNSUPPORTED,
                        join_path(path, name),
                        "Only package.json is read, so this package is left out: write its "
                        "manifest as package.json.",
                    )
                )

    def _nested(self, path: str) -> list[tuple[str, Sequence[str], str]]:
        """Give the patterns of a member that declares workspaces of its own."""
        source = join_path(path, MANIFEST)
        manifest = self._read(source, b"workspaces")
        patterns, problems = read_patterns(
            packages_of(manifest.get("workspaces")), source, "workspaces"
        )
        self.problems += problems
        return [(path, patterns, source)] if patterns else []

    def _has_name_and_version(self, path: str) -> bool:
        manifest = self._read(join_path(path, MANIFEST), b"name")
        return all(isinstance(manifest.get(key), str) for key in ("name", "version"))

    def _read(self, path: str, key: bytes) -> dict[str, Any]:
        """Read a manifest that may hold a key; what is wrong with it is told when it is read."""
        try:
            data = self._tree.read(path) or b""
        except Unreadable:
            return {}
        # Nearly none holds the key, and not parsing them is most of the time. An escape can
        # spell it too.
        if key not in data and b"\\u" not in data:
            return {}
        return read_json_object(data, path)[0] or {}

    def _drop_doubles(self) -> None:
        """Keep one path of each directory that links give several."""
        taken = {ROOT, *self._found.keys() - self._found_by_link}
        for path in sorted(self._found_by_link):
            real = self._tree.resolve(path)
            if real in taken:
                del self._found[path]
            taken.add(real)


def _holds_manifest(entries: Iterable[Entry]) -> bool:
    return any(name == MANIFEST or name in OTHER_MANIFESTS for name, _ in entries)
