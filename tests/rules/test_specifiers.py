import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.specifiers import Protocol, Specifier, parse_specifier

REGISTRY, TAG, NPM, JSR = Protocol.REGISTRY, Protocol.TAG, Protocol.NPM, Protocol.JSR
FILE, LINK, PORTAL = Protocol.FILE, Protocol.LINK, Protocol.PORTAL
GIT, URL = Protocol.GIT, Protocol.URL


@pytest.mark.parametrize(
    ("text", "protocol", "wanted"),
    [
        ("", REGISTRY, "*"),
        ("  ", REGISTRY, "*"),
        ("*", REGISTRY, "*"),
        ("1.2.3", REGISTRY, "1.2.3"),
        ("^3.5.21", REGISTRY, "^3.5.21"),
        (" ^3.5.21 ", REGISTRY, "^3.5.21"),
        (">=1 <2 || 3.x", REGISTRY, ">=1 <2 || 3.x"),
        ("1.2 - 3", REGISTRY, "1.2 - 3"),
        ("latest", TAG, "latest"),
        ("next", TAG, "next"),
        ("beta-1", TAG, "beta-1"),
        ("11.10.", TAG, "11.10."),
    ],
)
def test_without_a_protocol_it_is_a_range_or_a_tag(
    text: str, protocol: Protocol, wanted: str
) -> None:
    field = "range" if protocol is REGISTRY else "tag"
    assert parse_specifier("vue", text) == Specifier(protocol, "vue", **{field: wanted})


@pytest.mark.parametrize(
    ("text", "name", "wanted", "path"),
    [
        ("workspace:*", "@org/a", "*", ""),
        ("workspace:^", "@org/a", "*", ""),
        ("workspace:~", "@org/a", "*", ""),
        ("workspace:", "@org/a", "*", ""),
        ("workspace: *", "@org/a", "*", ""),
        ("workspace:^1.6.0", "@org/a", "^1.6.0", ""),
        ("workspace:1.x || 2", "@org/a", "1.x || 2", ""),
        ("workspace:other@*", "other", "*", ""),
        ("workspace:other@^", "other", "^", ""),
        ("workspace:@org/other@~1.2", "@org/other", "~1.2", ""),
        ("workspace:../b", "@org/a", "", "../b"),
        ("workspace:./b@1", "@org/a", "", "./b@1"),
        ("workspace:.", "@org/a", "", "."),
        ("workspace:packages/b", "@org/a", "", "packages/b"),
        ("workspace:@org/b", "@org/a", "", "@org/b"),
    ],
)
def test_a_workspace_member_has_a_range_an_alias_or_a_path(
    text: str, name: str, wanted: str, path: str
) -> None:
    wanted = "*" if wanted in ("^", "~") else wanted
    expected = Specifier(Protocol.WORKSPACE, name, range=wanted, path=path)
    assert parse_specifier("@org/a", text) == expected


@pytest.mark.parametrize(
    ("text", "catalog"),
    [
        ("catalog:", "default"),
        ("catalog:default", "default"),
        ("catalog:react18", "react18"),
        ("catalog: react18 ", "react18"),
    ],
)
def test_a_catalog_has_a_name(text: str, catalog: str) -> None:
    assert parse_specifier("vue", text) == Specifier(Protocol.CATALOG, "vue", catalog=catalog)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("npm:other@^1", Specifier(NPM, "other", range="^1")),
        ("NPM:other@^1", Specifier(NPM, "other", range="^1")),
        ("npm:@scope/x@1", Specifier(NPM, "@scope/x", range="1")),
        ("npm:@scope/x", Specifier(NPM, "@scope/x", range="*")),
        ("npm:other", Specifier(NPM, "other", range="*")),
        ("npm:other@", Specifier(NPM, "other", range="*")),
        ("npm:other@latest", Specifier(NPM, "other", tag="latest")),
        ("npm:other@no tag", Specifier(NPM, "other")),
        ("npm:^1.2", Specifier(NPM, "vue", range="^1.2")),
        ("npm:", Specifier(NPM, "vue", range="*")),
        ("jsr:^1", Specifier(JSR, "vue", range="^1")),
        ("jsr:@std/fs@1", Specifier(JSR, "@std/fs", range="1")),
    ],
)
def test_an_alias_names_another_package(text: str, expected: Specifier) -> None:
    assert parse_specifier("vue", text) == expected


@pytest.mark.parametrize(
    ("text", "protocol", "path"),
    [
        ("file:../x", FILE, "../x"),
        ("FILE:../x", FILE, "../x"),
        ("file:x.tgz", FILE, "x.tgz"),
        ("file:///abs", FILE, "/abs"),
        ("file://../x", FILE, "../x"),
        ("file:/../x", FILE, "../x"),
        ("file:~/x", FILE, "~/x"),
        ("file:", FILE, ""),
        ("./x", FILE, "./x"),
        ("../x", FILE, "../x"),
        (".", FILE, "."),
        ("/abs/x", FILE, "/abs/x"),
        ("~/x", FILE, "~/x"),
        ("a/b/c", FILE, "a/b/c"),
        ("@a/b", FILE, "@a/b"),
        ("x-1.2.3.tgz", FILE, "x-1.2.3.tgz"),
        ("x.tar.gz", FILE, "x.tar.gz"),
        ("C:\\x", FILE, "C:\\x"),
        ("link:../x", LINK, "../x"),
        ("link:.", LINK, "."),
        ("portal:../x", PORTAL, "../x"),
    ],
)
def test_a_path_is_kept_as_written(text: str, protocol: Protocol, path: str) -> None:
    assert parse_specifier("vue", text) == Specifier(protocol, "vue", path=path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("git+ssh://git@host.example/a/b.git", ""),
        ("git+ssh://git@host.example:a/b.git#semver:^1.0", "^1.0"),
        ("git+https://host.example/a/b.git#main", ""),
        ("git+file:///a/b", ""),
        ("git://host.example/a/b.git#v1.0", ""),
        ("ssh://git@host.example/a/b", ""),
        ("git@host.example:a/b.git", ""),
        ("git@host.example:a/b.git#semver:~1.2", "~1.2"),
        ("github:user/repo", ""),
        ("gitlab:user/repo#main", ""),
        ("bitbucket:user/repo", ""),
        ("gist:0123abc", ""),
        ("user/repo", ""),
        ("user/repo#branch", ""),
        ("user/repo#branch/with:slash", ""),
        ("user/repo#semver:^1", "^1"),
        ("user/repo#semver:%3E%3D1", ">=1"),
        ("user/repo#semver:^1::path:packages/a", "^1"),
        ("user/repo#path:/packages/a&semver:^1", "^1"),
        ("user/repo#semver=^1", "^1"),
        ("user/repo#semver:", "*"),
        ("user/repo#semver:nonsense", ""),
        ("https://host.example/a/b.git", ""),
        ("https://host.example/a/b.git#semver:1.x", "1.x"),
        ("https://github.com/user/repo", ""),
        ("https://github.com/user/repo#v1", ""),
        ("https://github.com/user/repo/tree/main", ""),
        ("https://token@gitlab.com/user/repo/", ""),
    ],
)
def test_a_repository_may_bear_a_range(text: str, wanted: str) -> None:
    assert parse_specifier("vue", text) == Specifier(GIT, "vue", range=wanted, url=text)


@pytest.mark.parametrize(
    "text",
    [
        "http://host.example/x.tgz",
        "https://host.example/-/x-1.0.0.tgz",
        "https://github.com/user/repo/archive/main.tar.gz",
        "https://host.example/a#b.git",
    ],
)
def test_any_other_address_is_an_archive_on_the_web(text: str) -> None:
    assert parse_specifier("vue", text) == Specifier(URL, "vue", url=text)


@pytest.mark.parametrize(
    ("text", "name", "wanted", "tag"),
    [
        ("patch:other@npm%3A^1.2#~/.yarn/patches/a.patch", "other", "^1.2", ""),
        ("patch:@scope/x@npm%3A1.0.0#./a.patch", "@scope/x", "1.0.0", ""),
        ("patch:other@^1#./a.patch", "other", "^1", ""),
        ("patch:other@latest#./a.patch", "other", "", "latest"),
        ("patch:typescript@npm%3A^5#optional!builtin<compat/typescript>", "typescript", "^5", ""),
        ("patch:other@patch%3Aother@npm%253A1%23a#b", "other", "", ""),
        ("patch:", "vue", "*", ""),
    ],
)
def test_a_patch_names_what_it_patches(text: str, name: str, wanted: str, tag: str) -> None:
    expected = Specifier(Protocol.PATCH, name, range=wanted, tag=tag)
    assert parse_specifier("vue", text) == expected


def test_a_script_that_makes_a_package_is_kept_apart() -> None:
    assert parse_specifier("vue", "exec:./make.js") == Specifier(Protocol.EXEC, "vue")


@pytest.mark.parametrize(
    "text", ["no tag", "foo:bar", "1.2.3:x", "é", "\ud800", "^^1", "a@b", ">=x.y", "host:3000"]
)
def test_an_unknown_shape_is_unknown(text: str) -> None:
    assert parse_specifier("vue", text) == Specifier(Protocol.UNKNOWN, "vue")


@pytest.mark.parametrize(
    "text",
    [
        "patch:a@" * 50_000,
        "patch:" + "%25" * 100_000,
        "workspace:" + "@" * 200_000,
        "a@" * 100_000,
        "#" + "semver:" * 50_000,
        "user/repo#" + "&" * 200_000,
        "https://" + "a@" * 100_000,
        "file:" + "/" * 200_000 + "x",
        "x" + ".tar" * 50_000 + "!",
        " " * 200_000 + "!",
    ],
)
def test_long_nonsense_is_read_without_getting_stuck(text: str) -> None:
    assert parse_specifier("vue", text).protocol in Protocol


PIECES = ["patch:", "npm:", "workspace:", "git@", "https://", "semver:", "%3A", "@", "/", "#", "."]


@given(st.text(), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join))
def test_nothing_is_ever_raised(name: str, text: str) -> None:
    assert parse_specifier(name, text).protocol in Protocol
