"""package.json, in all the shapes that people write: what can be read is read."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.rules.enumerations import PackageKind
from registry.rules.identifiers import InvalidIdentifier, parse_partial
from registry.rules.package_kind import package_kind
from registry.rules.people import read_person
from registry.rules.semver import is_semver
from registry.workspace.documents import read_json_object
from registry.workspace.layout import MANIFEST
from registry.workspace.problems import Problem, ProblemCode, error, note, warning
from registry.workspace.repository_field import read_repository
from registry.workspace.text import is_storable, quote, storable
from registry.workspace.tree import ROOT, Tree, Unreadable, join_path

# What npm takes; what is longer would not fit into a database's index either. Characters.
LONGEST_NAME = 214
LONGEST_VERSION = 256

# What npm takes for a new package (`validate-npm-package-name`).
_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*")
_RESERVED_NAMES = frozenset({"node_modules", "favicon.ico"})
# Whatever makes a package importable.
_ENTRIES = ("main", "module", "browser", "exports", "types")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a package.json says; what it does not say is empty."""

    name: str
    # False: the name is the directory's, as npm has it for a package without a name.
    name_given: bool
    version: str = ""
    description: str = ""
    license: str = ""
    private: bool = False
    # In npm's person form, `Name <mail> (url)`; the author is not taken for a maintainer.
    maintainers: tuple[str, ...] = ()
    author: str = ""
    # `type`, `url` and `directory`; empty where there is no repository.
    repository: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    dev_dependencies: Mapping[str, str] = field(default_factory=dict)
    peer_dependencies: Mapping[str, str] = field(default_factory=dict)
    optional_dependencies: Mapping[str, str] = field(default_factory=dict)
    # Commands, and the files that they run.
    bin: Mapping[str, str] = field(default_factory=dict)
    # The documented `type`; package.json's own `type` is about modules.
    type: PackageKind = PackageKind.LIB
    # The listing that the package is published under: `"registry": {"packageId": …}`.
    package_id: str = ""


@dataclass(frozen=True)
class ReadManifest:
    """A package's manifest as it was read."""

    # The package's directory.
    path: str
    manifest: Manifest
    # SHA-256 of the file's bytes, in hex; empty where it could not be read.
    hash: str = ""
    problems: Sequence[Problem] = ()
    # False: nothing of the file could be understood, and the manifest is but a name.
    readable: bool = True


def read_manifest(tree: Tree, path: str) -> ReadManifest:
    """Read the manifest of the package in a directory; whatever is wrong with it is a problem."""
    file = join_path(path, MANIFEST)
    try:
        data = tree.read(file)
    except Unreadable as unreadable:
        problem = unreadable.problem
    else:
        if data is not None:
            return parse_manifest(data, path, root_name=tree.name)
        problem = error(
            ProblemCode.FILE_UNREADABLE, file, "The file is gone since it was listed: refresh."
        )
    nameless = Manifest(name=name_of_directory(path, tree.name), name_given=False)
    return ReadManifest(path, nameless, problems=[problem], readable=False)


def parse_manifest(data: bytes, path: str, *, root_name: str) -> ReadManifest:
    """Understand a manifest's bytes.

    Args:
        data: the file, whole.
        path: the package's directory from the workspace's root; `.` is the root.
        root_name: the root directory's own name.
    """
    digest = hashlib.sha256(data).hexdigest()
    content, problems = read_json_object(data, join_path(path, MANIFEST))
    reader = _ManifestReader(content or {}, path, root_name)
    if content is None:
        nameless = Manifest(name=name_of_directory(path, root_name), name_given=False)
        return ReadManifest(path, nameless, digest, problems, readable=False)
    manifest = reader.read()
    return ReadManifest(path, manifest, digest, [*problems, *reader.problems])


def name_of_directory(path: str, root_name: str) -> str:
    """Name a package after its directory, and a scope above it, as npm does."""
    if path == ROOT:
        return storable(root_name)
    parent, _, name = path.rpartition("/")
    scope = parent.rpartition("/")[2]
    return storable(f"{scope}/{name}" if scope.startswith("@") else name)


class _ManifestReader:
    """Reads field by field, and notes what is wrong with each."""

    def __init__(self, content: Mapping[str, Any], path: str, root_name: str) -> None:
        self._content = content
        self._path = path
        self._file = join_path(path, MANIFEST)
        self._root_name = root_name
        self._unstorable: str | None = None
        self.problems: list[Problem] = []

    def read(self) -> Manifest:
        name = self._name()
        commands = self._commands(name)
        private = self._private()
        has_entry = any(self._content.get(key) for key in _ENTRIES)
        manifest = Manifest(
            name=name or name_of_directory(self._path, self._root_name),
            name_given=bool(name),
            version=self._version(),
            description=self._text("description"),
            license=self._license(),
            private=private,
            maintainers=self._people("maintainers"),
            author=next(iter(self._people("author")), ""),
            repository=self._repository(),
            scripts=self._map("scripts"),
            dependencies=self._map("dependencies"),
            dev_dependencies=self._map("devDependencies"),
            peer_dependencies=self._map("peerDependencies"),
            optional_dependencies=self._map("optionalDependencies"),
            bin=commands,
            type=package_kind(
                self._path, has_commands=bool(commands), has_entry=has_entry, private=private
            ),
            package_id=self._package_id(),
        )
        if self._unstorable is not None:
            self.problems.append(
                warning(
                    ProblemCode.TEXT_NOT_STORABLE,
                    self._file,
                    f"`{self._unstorable}` holds a NUL or half a surrogate pair, shown as U+FFFD: "
                    "remove it.",
                )
            )
        return manifest

    def _name(self) -> str:
        name = self._content.get("name")
        if name is None or name == "":
            self.problems.append(
                note(
                    ProblemCode.NAME_MISSING,
                    self._file,
                    "The manifest has no name, so the package is called after its directory: add "
                    "`name`.",
                )
            )
            return ""
        usable = isinstance(name, str) and name.strip() and len(name) <= LONGEST_NAME
        name = self._clean(name.strip(), "name") if usable else ""
        if not _NAME.fullmatch(name) or name in _RESERVED_NAMES:
            instead = "" if name else ", so the package is called after its directory"
            self.problems.append(
                warning(
                    ProblemCode.NAME_INVALID,
                    self._file,
                    f"The name is none that npm takes{instead}: it is at most {LONGEST_NAME} "
                    "lower-case letters, digits and -._~, after a scope such as `@team/` if any.",
                )
            )
        return name

    def _version(self) -> str:
        version = self._content.get("version")
        if version is None or version == "":
            self.problems.append(
                note(
                    ProblemCode.VERSION_MISSING,
                    self._file,
                    "The manifest has no version: add `version`, if the package is to be released.",
                )
            )
            return ""
        usable = isinstance(version, str) and len(version) <= LONGEST_VERSION
        version = self._clean(version, "version") if usable else ""
        if not is_semver(version):
            self.problems.append(
                warning(
                    ProblemCode.VERSION_INVALID,
                    self._file,
                    "The version is no semantic version: write one such as 1.2.3 or 2.0.0-beta.1.",
                )
            )
        return version

    def _text(self, key: str) -> str:
        value = self._content.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return self._clean(value, key)
        self._wrong(key, "is no text, and is left out: write a text")
        return ""

    def _private(self) -> bool:
        value = self._content.get("private", False)
        if not isinstance(value, bool):
            self._wrong("private", "is neither true nor false: write one of them")
        # Anything but nothing means yes to npm, even the text "false".
        return bool(value)

    def _license(self) -> str:
        """Read an SPDX expression, or one of the two older forms, objects with a `type`."""
        value = self._content.get("license") or self._content.get("licence")
        listed = value or self._content.get("licenses")
        entries = listed if isinstance(listed, list) else [listed] if listed else []
        names = [entry.get("type") if isinstance(entry, dict) else entry for entry in entries]
        texts = [name for name in names if isinstance(name, str) and name.strip()]
        if len(texts) != len(names):
            self._wrong(
                "license" if value else "licenses",
                'holds something that is no license: write an SPDX expression such as "MIT"',
            )
        joined = texts[0] if len(texts) == 1 else f"({' OR '.join(texts)})" if texts else ""
        return self._clean(joined, "license")

    def _people(self, key: str) -> tuple[str, ...]:
        value = self._content.get(key)
        listed = value if isinstance(value, list) else [value] if value else []
        people = [read_person(entry) for entry in listed]
        if None in people:
            self._wrong(
                key,
                "holds something that names no one, and is left out: write "
                '"Name <mail@example.org> (https://example.org)"',
            )
        return tuple(self._clean(str(person), key) for person in people if person is not None)

    def _repository(self) -> dict[str, str]:
        value = self._content.get("repository")
        if value is None or value in ("", {}):
            return {}
        repository = read_repository(value)
        if repository is None:
            self._wrong(
                "repository",
                "is no repository, and is left out: write a URL, or an object with type, url and "
                "directory",
            )
            return {}
        return {key: self._clean(text, "repository") for key, text in repository.items()}

    def _map(self, key: str) -> dict[str, str]:
        """Read a map of texts to texts, in its order."""
        value = self._content.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(key, "is no object, and is left out: write an object of texts")
            return {}
        wrong = [
            name
            for name, text in value.items()
            if not isinstance(text, str) or (key != "scripts" and len(name) > LONGEST_NAME)
        ]
        if wrong:
            self._wrong(
                key,
                f"holds {len(wrong):,} that are no texts, or whose names are too long, and are "
                f"left out, first {quote(wrong[0])}: write a text for each",
            )
        left_out = frozenset(wrong)
        return {
            self._clean(name, key): self._clean(text, key)
            for name, text in value.items()
            if name not in left_out
        }

    def _commands(self, name: str) -> dict[str, str]:
        """Read `bin`: a map, or one file, whose command is the package's name without its scope."""
        value = self._content.get("bin")
        if isinstance(value, str) and value:
            command = name or name_of_directory(self._path, self._root_name)
            return {command.rpartition("/")[2]: self._clean(value, "bin")}
        return {} if value == "" else self._map("bin")

    def _package_id(self) -> str:
        settings = self._content.get("registry")
        value = settings.get("packageId") if isinstance(settings, dict) else None
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(
                "registry", "has a packageId that is no text: write the listing's packageId"
            )
            return ""
        try:
            return parse_partial(value.strip())
        except InvalidIdentifier as problem:
            self._wrong("registry", f"has a packageId that is none: {problem}")
            return ""

    def _clean(self, text: str, key: str) -> str:
        if is_storable(text):
            return text
        self._unstorable = self._unstorable or key
        return storable(text)

    def _wrong(self, key: str, what: str) -> None:
        self.problems.append(warning(ProblemCode.FIELD_INVALID, self._file, f"`{key}` {what}."))
