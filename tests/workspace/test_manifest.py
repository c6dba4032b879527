import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.enumerations import PackageKind, Severity
from registry.workspace.manifest import (
    Manifest,
    ReadManifest,
    name_of_directory,
    parse_manifest,
    read_manifest,
)
from registry.workspace.problems import ProblemCode
from registry.workspace.tree import LARGEST_FILE
from tests.workspace.trees import Opener

GOOD = {"name": "one", "version": "1.0.0"}


def read(content: object, path: str = "packages/one") -> ReadManifest:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_manifest(data, path, root_name="workspace")


def manifest_of(**fields: Any) -> Manifest:
    """Read a manifest that has nothing wrong with it."""
    found = read({**GOOD, **fields})
    assert found.problems == []
    return found.manifest


def codes(found: ReadManifest) -> list[ProblemCode]:
    return [problem.code for problem in found.problems]


def test_reads_the_documents_own_example() -> None:
    content: dict[str, Any] = {
        "name": "package-name",
        "version": "1.0.3",
        "description": "my package description",
        "license": "MIT",
        "maintainers": [],
        "dependencies": {"@org/package2": "workspace:*", "vue": "^3.5.21"},
        "devDependencies": {"vite": "^4.4.5"},
        "peerDependencies": {},
        "optionalDependencies": {"fsevents": "*"},
        "scripts": {"dev": "vite", "build:check": "vue-tsc && vite build"},
        "repository": {
            "type": "git",
            "url": "http://github.com/reponame.git",
            "directory": "package/",
        },
        "author": "Ada Lovelace <ada@example.org>",
        "bin": {"one": "./one.js"},
        "private": True,
        "registry": {"packageId": "example.package1"},
    }

    found = read(content)

    assert found.problems == []
    assert found.readable
    assert found.hash == hashlib.sha256(json.dumps(content).encode()).hexdigest()
    assert found.manifest == Manifest(
        name="package-name",
        name_given=True,
        version="1.0.3",
        description="my package description",
        license="MIT",
        private=True,
        maintainers=(),
        author="Ada Lovelace <ada@example.org>",
        repository=content["repository"],
        scripts={"dev": "vite", "build:check": "vue-tsc && vite build"},
        dependencies={"@org/package2": "workspace:*", "vue": "^3.5.21"},
        dev_dependencies={"vite": "^4.4.5"},
        peer_dependencies={},
        optional_dependencies={"fsevents": "*"},
        bin={"one": "./one.js"},
        type=PackageKind.TOOL,
        package_id="example.package1",
    )


def assert_storable(found: ReadManifest) -> None:
    """Make sure that no text holds NUL or half a surrogate pair."""
    # orjson refuses lone surrogates.
    assert b"\\u0000" not in orjson.dumps(asdict(found))


def test_keeps_the_order_of_maps() -> None:
    scripts = {"z": "1", "a": "2", "m": "3"}

    assert list(manifest_of(scripts=scripts).scripts) == ["z", "a", "m"]


class TestName:
    @pytest.mark.parametrize("name", ["one", "@scope/one", "a.b_c~d-e", "@s-1/x.y", "1", "a" * 214])
    def test_is_taken(self, name: str) -> None:
        found = read({"name": name, "version": "1.0.0"})

        assert (found.manifest.name, found.manifest.name_given) == (name, True)
        assert found.problems == []

    @pytest.mark.parametrize(
        "name",
        ["My Package", "UPPER", ".hidden", "_x", "a/b", "@s/", "node_modules", "é", "a!", "-a"],
    )
    def test_is_kept_even_if_npm_would_refuse_it(self, name: str) -> None:
        found = read({"name": name, "version": "1.0.0"})

        assert (found.manifest.name, found.manifest.name_given) == (name, True)
        assert codes(found) == [ProblemCode.NAME_INVALID]

    @pytest.mark.parametrize("name", [5, True, [], {}, "  ", "a" * 215])
    def test_that_is_none_gives_way_to_the_directorys(self, name: object) -> None:
        found = read({"name": name, "version": "1.0.0"})

        assert (found.manifest.name, found.manifest.name_given) == ("one", False)
        assert codes(found) == [ProblemCode.NAME_INVALID]

    @pytest.mark.parametrize("content", [{}, {"name": None}, {"name": ""}])
    def test_that_is_missing_is_the_directorys(self, content: dict[str, Any]) -> None:
        found = read({"version": "1.0.0", **content})

        assert (found.manifest.name, found.manifest.name_given) == ("one", False)
        assert codes(found) == [ProblemCode.NAME_MISSING]

    def test_is_trimmed(self) -> None:
        assert manifest_of(name="  one ").name == "one"

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            (".", "workspace"),
            ("one", "one"),
            ("packages/one", "one"),
            ("packages/@scope/one", "@scope/one"),
            ("@scope/one", "@scope/one"),
            ("@scope", "@scope"),
            ("caf\udce9", "caf\ufffd"),
        ],
    )
    def test_of_a_directory(self, path: str, name: str) -> None:
        assert name_of_directory(path, "workspace") == name


class TestVersion:
    @pytest.mark.parametrize("version", ["1.2.3", "0.0.0-dev.1+build.5"])
    def test_is_taken(self, version: str) -> None:
        assert manifest_of(version=version).version == version

    @pytest.mark.parametrize("version", ["1.0", "v1.0.0", "next", " 1.0.0", "workspace:*"])
    def test_is_kept_even_if_it_is_no_semver(self, version: str) -> None:
        found = read({"name": "one", "version": version})

        assert found.manifest.version == version
        assert codes(found) == [ProblemCode.VERSION_INVALID]

    @pytest.mark.parametrize("version", [1, 1e400, ["1.0.0"], "1.0.0-" + "a" * 300])
    def test_that_is_none_is_unknown(self, version: object) -> None:
        found = read({"name": "one", "version": version} if version != 1e400 else
                     b'{"name": "one", "version": 1e400}')  # fmt: skip

        assert found.manifest.version == ""
        assert ProblemCode.VERSION_INVALID in codes(found)

    @pytest.mark.parametrize("content", [{}, {"version": None}, {"version": ""}])
    def test_may_be_missing(self, content: dict[str, Any]) -> None:
        found = read({"name": "one", **content})

        assert found.manifest.version == ""
        assert codes(found) == [ProblemCode.VERSION_MISSING]
        assert found.problems[0].severity is Severity.INFO


@pytest.mark.parametrize(
    ("fields", "license_text"),
    [
        ({}, ""),
        ({"license": "MIT"}, "MIT"),
        ({"licence": "MIT"}, "MIT"),
        ({"license": {"type": "MIT", "url": "https://example.org"}}, "MIT"),
        ({"licenses": [{"type": "MIT"}, {"type": "ISC"}]}, "(MIT OR ISC)"),
        ({"licenses": ["MIT"]}, "MIT"),
        ({"license": "MIT", "licenses": ["ISC"]}, "MIT"),
    ],
)
def test_reads_a_license_in_new_and_old_forms(fields: dict[str, Any], license_text: str) -> None:
    assert manifest_of(**fields).license == license_text


@pytest.mark.parametrize(
    ("maintainers", "people"),
    [
        ("bob", ("bob",)),
        ("Bob <b@example.org>", ("Bob <b@example.org>",)),
        ({"name": "Bob", "email": "b@example.org"}, ("Bob <b@example.org>",)),
        (["bob", {"name": "Ada", "url": "https://x.org"}], ("bob", "Ada (https://x.org)")),
        ([], ()),
        (None, ()),
        ("", ()),
    ],
)
def test_reads_maintainers_in_any_form(maintainers: object, people: tuple[str, ...]) -> None:
    assert manifest_of(maintainers=maintainers).maintainers == people


def test_the_author_is_no_maintainer() -> None:
    manifest = manifest_of(author={"name": "Ada", "email": "ada@example.org"})

    assert manifest.author == "Ada <ada@example.org>"
    assert manifest.maintainers == ()


GIT = "git+https://"


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("https://example.org/x.git", "https://example.org/x.git"),
        ("git@github.com:user/repo.git", "git@github.com:user/repo.git"),
        ("user/repo", f"{GIT}github.com/user/repo.git"),
        ("github:user/repo", f"{GIT}github.com/user/repo.git"),
        ("github:user/repo#main", f"{GIT}github.com/user/repo.git#main"),
        ("gitlab:group/sub/project", f"{GIT}gitlab.com/group/sub/project.git"),
        ("bitbucket:user/repo", f"{GIT}bitbucket.org/user/repo.git"),
        ("gist:11081aaa281", f"{GIT}gist.github.com/11081aaa281.git"),
        ("sourcehut:~user/repo", f"{GIT}git.sr.ht/~user/repo"),
        ("./local/repo", "./local/repo"),
        ("./repo", "./repo"),
        ("../repo", "../repo"),
        ("a/b/c", "a/b/c"),
        ("word", "word"),
        (" user/repo ", f"{GIT}github.com/user/repo.git"),
    ],
)
def test_reads_a_repository_as_text(repository: str, url: str) -> None:
    expected = {"type": "git", "url": url, "directory": ""}

    assert manifest_of(repository=repository).repository == expected
    assert manifest_of(repository={"url": repository}).repository == expected


@pytest.mark.parametrize("repository", [None, "", {}])
def test_no_repository_is_an_empty_map(repository: object) -> None:
    assert manifest_of(repository=repository).repository == {}


def test_reads_a_repository_as_an_object() -> None:
    repository = {"directory": "packages/one", "type": "svn", "url": "https://example.org"}

    assert manifest_of(repository=repository).repository == repository


@pytest.mark.parametrize(
    ("fields", "commands"),
    [
        ({"bin": "./cli.js"}, {"one": "./cli.js"}),
        ({"bin": "./cli.js", "name": "@scope/tool"}, {"tool": "./cli.js"}),
        ({"bin": {"a": "./a.js", "b": "./b.js"}}, {"a": "./a.js", "b": "./b.js"}),
        ({"bin": ""}, {}),
        ({}, {}),
    ],
)
def test_reads_commands(fields: dict[str, Any], commands: dict[str, str]) -> None:
    assert manifest_of(**fields).bin == commands


@pytest.mark.parametrize(
    ("path", "fields", "kind"),
    [
        ("apps/one", {}, PackageKind.APP),
        ("packages/one", {"bin": "x"}, PackageKind.TOOL),
        ("packages/one", {"bin": "x", "exports": {".": "./x.js"}}, PackageKind.LIB),
        ("packages/one", {"bin": "x", "main": "x.js"}, PackageKind.LIB),
        ("other/one", {"private": True}, PackageKind.APP),
        ("other/one", {"private": True, "type": "module", "module": "x"}, PackageKind.LIB),
    ],
)
def test_tells_the_kind_from_path_and_fields(
    path: str, fields: dict[str, Any], kind: PackageKind
) -> None:
    assert read({**GOOD, **fields}, path).manifest.type is kind


WRONG_FIELDS = [
    ({"description": 5}, {"description": ""}),
    ({"description": ["x"]}, {"description": ""}),
    ({"license": 5}, {"license": ""}),
    ({"licenses": [5, "MIT"]}, {"license": "MIT"}),
    ({"private": "true"}, {"private": True}),
    ({"private": "false"}, {"private": True}),
    ({"private": 0}, {"private": False}),
    ({"maintainers": ["bob", 5, {}]}, {"maintainers": ("bob",)}),
    ({"maintainers": 5}, {"maintainers": ()}),
    ({"author": 5}, {"author": ""}),
    ({"repository": 5}, {"repository": {}}),
    ({"repository": {"type": "git"}}, {"repository": {}}),
    ({"repository": {"url": 5}}, {"repository": {}}),
    ({"scripts": ["x"]}, {"scripts": {}}),
    ({"scripts": {"a": "b", "c": 1, "d": None}}, {"scripts": {"a": "b"}}),
    ({"dependencies": ["vue"]}, {"dependencies": {}}),
    ({"dependencies": {"vue": {"version": "1"}, "a": "1"}}, {"dependencies": {"a": "1"}}),
    ({"dependencies": {"a" * 215: "1", "b": "2"}}, {"dependencies": {"b": "2"}}),
    ({"devDependencies": {"a": True}}, {"dev_dependencies": {}}),
    ({"peerDependencies": "vue"}, {"peer_dependencies": {}}),
    ({"optionalDependencies": {"a": 1}}, {"optional_dependencies": {}}),
    ({"bin": ["x"]}, {"bin": {}}),
    ({"bin": {"a": 1, "b": "x"}}, {"bin": {"b": "x"}}),
    ({"registry": {"packageId": 5}}, {"package_id": ""}),
]


@pytest.mark.parametrize(("fields", "expected"), WRONG_FIELDS)
def test_a_wrong_field_is_left_out_and_the_rest_is_read(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = read({**GOOD, "homepage": 5, **fields})

    assert codes(found) == [ProblemCode.FIELD_INVALID]
    assert found.problems[0].path == "packages/one/package.json"
    assert f"`{next(iter(fields))}`" in found.problems[0].message
    assert found.readable
    assert (found.manifest.name, found.manifest.version) == ("one", "1.0.0")
    assert {key: getattr(found.manifest, key) for key in expected} == expected


@pytest.mark.parametrize("registry", [5, [], "x", {}, {"packageId": None}])
def test_anything_else_may_be_called_registry(registry: object) -> None:
    assert manifest_of(registry=registry).package_id == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ProblemCode.NOT_JSON),
        (b"{", ProblemCode.NOT_JSON),
        (b'{"name": "one",}', ProblemCode.NOT_JSON),
        (b'{"name": "one"} x', ProblemCode.NOT_JSON),
        (b'{"a": NaN}', ProblemCode.NOT_JSON),
        (b'{"a": -Infinity}', ProblemCode.NOT_JSON),
        (b"// a comment\n{}", ProblemCode.NOT_JSON),
        (b"[]", ProblemCode.NOT_AN_OBJECT),
        (b"null", ProblemCode.NOT_AN_OBJECT),
        (b'"text"', ProblemCode.NOT_AN_OBJECT),
        (b"5", ProblemCode.NOT_AN_OBJECT),
        (b'{"a":' * 100_000, ProblemCode.NESTED_TOO_DEEPLY),
    ],
)
def test_what_is_no_object_is_but_a_name(data: bytes, code: ProblemCode) -> None:
    found = read(data)

    assert not found.readable
    assert codes(found) == [code]
    assert found.problems[0].severity is Severity.ERROR
    assert found.manifest == Manifest(name="one", name_given=False)
    assert found.hash == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("data", "code", "expected"),
    [
        (b'\xef\xbb\xbf{"description": "x"}', ProblemCode.BYTE_ORDER_MARK, "x"),
        (b'{"description": "caf\xe9"}', ProblemCode.NOT_UTF8, "caf\ufffd"),
        (b'{"description": "y", "description": "x"}', ProblemCode.DUPLICATE_KEY, "x"),
        (b'{"description": "x", "a": {"b": 1, "b": 2}}', ProblemCode.DUPLICATE_KEY, "x"),
        (b'{"description": "x", "a": 1e400}', ProblemCode.NUMBER_OUT_OF_RANGE, "x"),
        (b'{"description": "x", "a": 1' + b"0" * 5000 + b"}", ProblemCode.NUMBER_OUT_OF_RANGE, "x"),
        (b'{"description": "a\\u0000b"}', ProblemCode.TEXT_NOT_STORABLE, "a\ufffdb"),
        (b'{"description": "a\\ud800b"}', ProblemCode.TEXT_NOT_STORABLE, "a\ufffdb"),
    ],
)
def test_what_other_readers_trip_over_is_told(
    data: bytes, code: ProblemCode, expected: str
) -> None:
    found = read(data)

    assert found.readable
    assert codes(found)[0] is code or codes(found)[-1] is code
    assert found.manifest.description == expected


def test_a_proper_surrogate_pair_is_one_character() -> None:
    assert read(b'{"description": "\\ud83d\\ude00"}').manifest.description == "\N{GRINNING FACE}"


def test_every_text_can_be_stored() -> None:
    odd = "a\0\ud800"
    found = read(
        {
            "name": odd,
            "version": odd,
            "description": odd,
            "license": odd,
            "maintainers": [odd],
            "author": {"name": odd},
            "repository": {"url": odd, "type": odd, "directory": odd},
            "scripts": {odd: odd},
            "dependencies": {odd: odd},
            "bin": {odd: odd},
            "registry": {"packageId": odd},
            odd: odd,
        }
    )

    assert_storable(found)
    assert codes(found).count(ProblemCode.TEXT_NOT_STORABLE) == 1


def test_a_problem_does_not_repeat_a_hostile_text() -> None:
    found = read({**GOOD, "scripts": {"x" * 100_000: 5}, "dependencies": {"y" * 100_000: "1"}})

    assert len(found.problems) == 2
    assert all(len(problem.message) < 400 for problem in found.problems)


class TestReadingFromATree:
    def test_reads_the_directorys_manifest(self, open_files: Opener) -> None:
        tree = open_files({"packages/one/package.json": GOOD, "package.json": {"version": "2.0.0"}})

        one, root = read_manifest(tree, "packages/one"), read_manifest(tree, ".")

        assert (one.path, one.manifest.name) == ("packages/one", "one")
        assert (root.path, root.manifest.name, root.manifest.version) == (".", "workspace", "2.0.0")
        assert [problem.path for problem in root.problems] == ["package.json"]

    def test_tells_why_it_could_not_be_read(self, open_files: Opener) -> None:
        tree = open_files({"large/package.json": " " * (LARGEST_FILE + 1)})

        for path, code in [
            ("large", ProblemCode.FILE_TOO_LARGE),
            ("gone", ProblemCode.FILE_UNREADABLE),
        ]:
            found = read_manifest(tree, path)
            assert codes(found) == [code]
            assert found.problems[0].path == f"{path}/package.json"
            assert found.manifest == Manifest(name=path, name_given=False)
            assert (found.hash, found.readable) == ("", False)

    def test_takes_ten_megabytes(self, open_on_disk: Opener, root: Path) -> None:
        content = json.dumps(GOOD).encode()
        (root / "package.json").write_bytes(content + b" " * (LARGEST_FILE - len(content)))

        assert read_manifest(open_on_disk({}), ".").manifest.name == "one"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("name", "version", "description", "license", "licenses", "private", "maintainers", "author"),
    *("repository", "scripts", "dependencies", "peerDependencies", "bin", "registry", "main"),
]


@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_whatever_a_field_holds_the_rest_is_read(content: dict[str, Any]) -> None:
    found = read(json.dumps({**content, "optionalDependencies": {"a": "1"}}).encode())

    if found.readable:
        assert found.manifest.optional_dependencies == {"a": "1"}
    assert found.manifest.name
    assert_storable(found)


@given(st.binary())
def test_any_bytes_give_a_manifest(data: bytes) -> None:
    assert read(data).manifest.name
