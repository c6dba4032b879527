"""Members are what the tools themselves list.

`tool_listings.json` holds what each tool, in the version named there, listed for a list of
patterns in one and the same tree (`npm query .workspace` by its library, `yarn workspaces list`,
`yarn workspaces info`, `pnpm ls -r`, `lerna ls --all`, `bun install --lockfile-only`), the root
left out. A tool that refused a list is not named for it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.workspace.discovery import find_members
from registry.workspace.layout import Layout, Tool
from registry.workspace.tree import Tree, WorkTree
from tests.repositories import WorkTree as Author
from tests.workspace.trees import commit_tree

RECORDED: dict[str, Any] = json.loads(
    Path(__file__).with_name("tool_listings.json").read_text(encoding="utf-8")
)

# Where we do not list what the tool listed, and why: patterns, then the tools.
NEVER_ENTERED = "node_modules is never entered, whatever a pattern says"
BY_NX = "lerna hands its patterns to Nx, which makes nothing of slashes and dots in them"
ODDITY = "an oddity of one release of a glob library, which nobody relies on"
DEVIATIONS = {
    NEVER_ENTERED: {
        "packages/**/*": "yarn-classic",
        "packages/**/n": "yarn-classic",
        "packages/a/node_modules/n2": "yarn yarn-classic bun",
        "packages/node_modules/*": "yarn yarn-classic",
        "packages/node_modules/n": "yarn yarn-classic bun",
    },
    BY_NX: {
        "!!packages/foo": "lerna",
        "!bang": "lerna",
        "!packages/foo": "lerna",
        "\\!bang": "lerna",
        "packages/* !!packages/foo": "lerna",
        "packages/* !./packages/foo": "lerna",
        "packages/**/": "lerna",
        "packages/*/": "lerna",
        "packages/*/../b": "lerna",
        "packages/../apps/*": "lerna",
        "packages/./*": "lerna",
        "packages/.hidden !packages/*": "lerna",
        "packages/.hidden packages/a !packages/**": "lerna",
        "packages/{foo,bar,nope}/": "lerna",
        "tools/\\(y\\)": "lerna",
        "tools/\\[x\\]": "lerna",
    },
    ODDITY: {
        "**/!(foo)": "yarn",
        "\\!bang": "bun",
        "packages/!(foo)*": "npm",
        "packages/* !!packages/foo": "yarn pnpm",
        "packages/* !(packages)/foo": "pnpm",
        "packages/**/.hidden": "npm pnpm",
        "packages/*/../b": "yarn",
        "packages/./*": "npm",
        "packages/pkg-[[:digit:]]": "yarn-classic bun",
        "packages/pkg-{01..10}": "pnpm",
        "packages/{a}": "bun",
        "tools/[x]": "yarn pnpm",
        "tools/\\[x\\]": "yarn",
        "tools/{z}": "bun",
    },
}
DEVIATING = {
    (tool, patterns)
    for known in DEVIATIONS.values()
    for patterns, tools in known.items()
    for tool in tools.split()
}


@pytest.fixture(scope="module", params=["work tree", "commit"])
def tree(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tree]:
    author = Author(tmp_path_factory.mktemp("recorded") / "workspace")
    for path in RECORDED["packages"]:
        author.package(path, name=f"of {path}", version="1.0.0")
    author.write("packages/nomanifest/src/index.js", "")
    author.package(".", name="root", private=True)
    with WorkTree(author.path) if request.param == "work tree" else commit_tree(author) as opened:
        yield opened


@pytest.mark.parametrize(
    "recorded", RECORDED["listings"], ids=lambda recorded: " ".join(recorded["patterns"])
)
def test_lists_what_the_tools_list(tree: Tree, recorded: dict[str, Any]) -> None:
    for tool, listed in answers(recorded):
        layout = Layout(
            Tool(tool.removesuffix("-classic")),
            tuple(recorded["patterns"]),
            classic=tool.endswith("-classic"),
        )

        members, _ = find_members(tree, layout)

        same = [member.path for member in members if member.path != "."] == sorted(listed)
        deviates = (tool, " ".join(recorded["patterns"])) in DEVIATING
        assert same is not deviates, f"{tool} lists {listed}, we list {members}"


def test_every_deviation_was_recorded() -> None:
    recorded = {
        (tool, " ".join(listing["patterns"]))
        for listing in RECORDED["listings"]
        for tool, _ in answers(listing)
    }

    assert recorded >= DEVIATING


def answers(recorded: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for tools, listed in recorded["listed"].items():
        for tool in tools.split():
            yield tool, listed
