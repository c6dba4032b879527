"""What a workspace package is: an app, a lib, a tool or a service (contract, section 2).

Manifests do not say it. The directory that a team puts a package in does, mostly:

| the first directory of its path            | then                                      | kind    |
| ------------------------------------------ | ----------------------------------------- | ------- |
| apps, examples, playground, docs, sites …  |                                           | app     |
| services, servers, workers, functions …    |                                           | service |
| tools, scripts, cli, codemods …            |                                           | tool    |
| any other, or none (the root itself)       | has commands, and nothing to import       | tool    |
| any other but packages, libs, modules …    | is private, and has nothing to import     | app     |
| any                                        | else                                      | lib     |

A package has commands when its manifest has `bin`; it has something to import when it has `main`,
`module`, `browser`, `exports` or `types`.
"""

from registry.rules.enumerations import PackageKind

_KINDS = {
    PackageKind.APP: (
        *("app", "apps", "demo", "demos", "docs", "example", "examples", "frontend", "playground"),
        *("playgrounds", "sample", "samples", "site", "sites", "web", "website", "websites"),
    ),
    PackageKind.SERVICE: (
        *("api", "apis", "backend", "functions", "lambdas", "server", "servers", "service"),
        *("services", "worker", "workers"),
    ),
    PackageKind.TOOL: (
        *("benchmark", "benchmarks", "build", "cli", "codemods", "config", "configs", "scripts"),
        *("tool", "tooling", "tools"),
    ),
}
_KIND_OF_DIRECTORY = {name: kind for kind, names in _KINDS.items() for name in names}
# Where packages of all kinds lie, but not the odd private directory that is no package's home.
_HOMES = frozenset({"lib", "libs", "libraries", "modules", "packages", "plugins", "workspaces"})


def package_kind(path: str, *, has_commands: bool, has_entry: bool, private: bool) -> PackageKind:
    """Tell a package's kind by the table above.

    Args:
        path: its directory from the workspace's root; `.` is the root.
        has_commands: whether the manifest has `bin`.
        has_entry: whether there is something to import.
        private: whether the manifest says so.
    """
    directory = path.partition("/")[0].lower()
    if directory in _KIND_OF_DIRECTORY:
        return _KIND_OF_DIRECTORY[directory]
    if has_commands and not has_entry:
        return PackageKind.TOOL
    if private and not has_entry and directory not in _HOMES:
        return PackageKind.APP
    return PackageKind.LIB
