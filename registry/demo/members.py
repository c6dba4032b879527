"""The packages of the demo workspace, as their manifests first stood.

Between them they use what real monorepos use: scoped and plain names, nested packages, every form
of `repository`, `author`, `license` and `bin`, and every kind of range that a manifest can hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_HOME = "https://git.example.com/acme/hangar"
_TYPESCRIPT = {"typescript": "catalog:", "vitest": "^3.1.2"}
_BUILD = {"build": "tsc -b", "test": "vitest run", "lint": "eslint ."}
_APP = {"dev": "vite", "build": "vite build", "test": "vitest run", "lint": "eslint ."}
_SERVICE = {"start": "node dist/main.js", "build": "tsc -b", "test": "vitest run"}


@dataclass(frozen=True)
class Member:
    """A package as it entered the workspace: where, and with which manifest."""

    path: str
    manifest: Mapping[str, Any]
    # The text of further files, by their path in the package.
    files: Mapping[str, str] = field(default_factory=dict)
    # How its releases are tagged; empty: not at all.
    tag: str = "{name}@{version}"


def _repository(directory: str) -> dict[str, str]:
    return {"type": "git", "url": f"git+{_HOME}.git", "directory": directory}


MEMBERS: Mapping[str, Member] = {
    "eslint-config": Member(
        "tools/eslint-config",
        {
            "name": "@acme/eslint-config",
            "description": "The lint rules that all of Hangar keeps.",
            "license": "MIT",
            "type": "module",
            "main": "index.js",
            "dependencies": {"eslint-plugin-import-x": "^4.11.0"},
            "peerDependencies": {"eslint": ">=9"},
        },
    ),
    "tsconfig": Member(
        "tools/tsconfig",
        {
            "name": "@acme/tsconfig",
            "description": "TypeScript settings: strict, and the same everywhere.",
            "license": "MIT",
            "files": ["base.json", "react.json"],
        },
    ),
    "units": Member(
        "libs/units",
        {
            "name": "@acme/units",
            "description": "Aviation's units, converted without surprises.",
            "license": "MIT",
            "author": "Ada Okafor <ada.okafor@example.com>",
            "repository": _repository("libs/units"),
            "scripts": _BUILD,
            "devDependencies": {**_TYPESCRIPT, "fast-check": "^4.1.1"},
        },
    ),
    "geodesy": Member(
        "libs/geodesy",
        {
            "name": "@acme/geodesy",
            "description": "Great circles, rhumb lines and magnetic variation on WGS 84.",
            "license": "MIT",
            "author": {"name": "Søren Østergård", "email": "soren@example.com"},
            "repository": _repository("libs/geodesy"),
            "scripts": {**_BUILD, "wmm": "node scripts/fetch-wmm.js"},
            "dependencies": {
                "@acme/units": "workspace:^",
                "wmm-coefficients": "git+https://git.example.com/geo/wmm.git#semver:^2025.0.0",
            },
            "devDependencies": _TYPESCRIPT,
        },
    ),
    "metar": Member(
        "libs/weather/metar",
        {
            "name": "@acme/metar",
            "description": "Decodes METAR weather reports, the odd ones included.",
            "license": "MIT",
            "author": "Mei Tanaka (田中 芽衣) <mei@example.com> (https://mei.example.com)",
            "maintainers": [
                "Mei Tanaka <mei@example.com>",
                {"name": "José Núñez", "email": "jose@example.com"},
            ],
            "keywords": ["aviation", "metar", "weather"],
            "repository": _repository("libs/weather/metar"),
            "scripts": _BUILD,
            "dependencies": {"@acme/units": "workspace:^"},
            "devDependencies": {**_TYPESCRIPT, "@acme/test-kit": "workspace:*"},
        },
    ),
    "ui": Member(
        "libs/ui",
        {
            "name": "@acme/ui",
            "description": "Hangar's interface components, for cockpits and desks.",
            "license": "MIT",
            "author": "Priya Raman <priya@example.com>",
            "maintainers": "Priya Raman <priya@example.com>",
            "repository": "https://git.example.com/acme/hangar",
            "scripts": {**_BUILD, "storybook": "storybook dev -p 6006"},
            "dependencies": {"clsx": "^2.1.1"},
            # The same name in two sections: what it is built with, what it works with.
            "devDependencies": {**_TYPESCRIPT, "react": "catalog:react19", "vite": "catalog:"},
            "peerDependencies": {"react": ">=18"},
        },
    ),
    "planner": Member(
        "apps/planner",
        {
            "name": "@acme/planner",
            "private": True,
            "description": "The flight planner: route, fuel and weather on one map.",
            "license": "UNLICENSED",
            "scripts": {**_APP, "preview": "vite preview"},
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                "@acme/ui": "workspace:*",
                "@acme/units": "workspace:*",
                "react": "catalog:react19",
                "react-dom": "catalog:react19",
                "zustand": "^5.0.3",
            },
            "devDependencies": {
                **_TYPESCRIPT,
                "@acme/eslint-config": "workspace:*",
                "@acme/tsconfig": "workspace:*",
                "vite": "catalog:",
            },
        },
    ),
    "flight-plan": Member(
        "libs/flight-plan",
        {
            "name": "@acme/flight-plan",
            "description": "Reads and writes flight plans: FMS 1100, GPX and Garmin FPL.",
            "license": "MIT",
            "author": {"name": "José Núñez", "url": "https://jose.example.com"},
            "repository": {"type": "git", "url": _HOME},
            "scripts": _BUILD,
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                "@acme/units": "workspace:^",
                "fast-xml-parser": "^5.2.1",
            },
            "devDependencies": _TYPESCRIPT,
        },
    ),
    "charts": Member(
        "libs/charts",
        {
            "name": "@acme/charts",
            "description": "Airspace and airport charts, drawn on a canvas.",
            "license": "MIT",
            "repository": _repository("libs/charts"),
            "scripts": _BUILD,
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                # An alias: this name is another package.
                "earcut": "npm:@mapping/earcut@^3.0.1",
            },
            "optionalDependencies": {"canvas": "^3.1.0"},
            "devDependencies": _TYPESCRIPT,
        },
        files={"fixtures/tile/package.json": '{"name": "not-a-package"}\n'},
    ),
    "docs": Member(
        "apps/docs",
        {
            "name": "@acme/docs",
            "private": True,
            "description": "Hangar's documentation site.",
            "scripts": {"dev": "vitepress dev", "build": "vitepress build"},
            "dependencies": {"vitepress": "^1.6.3", "@acme/ui": "workspace:*"},
        },
    ),
    "icons": Member(
        "libs/ui/icons",
        {
            "name": "@acme/ui-icons",
            "description": "Icons of airports, aircraft and weather.",
            "license": {"type": "CC-BY-4.0", "url": "https://license.example.com/by/4.0"},
            "repository": "gitlab:acme/hangar",
            "scripts": {"build": "node build.js"},
            "devDependencies": {"svgo": "^3.3.2"},
        },
    ),
    "weather": Member(
        "services/weather",
        {
            "name": "@acme/weather-service",
            "private": True,
            "description": "Serves METAR, TAF and winds aloft as JSON.",
            "scripts": _SERVICE,
            "dependencies": {"@acme/metar": "workspace:*", "fastify": "^5.3.2", "undici": "^7.8.0"},
            "devDependencies": {**_TYPESCRIPT, "@acme/test-kit": "workspace:*"},
        },
        tag="",
    ),
    "xplane": Member(
        "libs/xplane-connect",
        {
            "name": "xplane-connect",
            "description": "Talks to X-Plane: datarefs, commands and positions.",
            "license": "Apache-2.0",
            "author": "José Núñez <jose@example.com>",
            "contributors": ["Søren Østergård"],
            "keywords": ["x-plane", "udp", "simulator"],
            "repository": _repository("libs/xplane-connect"),
            "scripts": _BUILD,
            "dependencies": {"ws": "^8.18.1"},
            "devDependencies": {**_TYPESCRIPT, "@acme/test-kit": "workspace:*"},
        },
        tag="{name}-v{version}",
    ),
    "cli": Member(
        "tools/cli",
        {
            "name": "hangar-cli",
            "description": "Weather, routes and the simulator from a terminal.",
            "license": "MIT",
            "bin": {"hangar": "./bin/hangar.js"},
            "scripts": _BUILD,
            "dependencies": {
                "@acme/flight-plan": "workspace:^",
                "@acme/metar": "workspace:^",
                "commander": "^13.1.0",
                "xplane-connect": "workspace:^",
            },
            "devDependencies": _TYPESCRIPT,
        },
        tag="{name}/v{version}",
    ),
    "taf": Member(
        "libs/weather/taf",
        {
            "name": "@acme/taf",
            "description": "Decodes terminal aerodrome forecasts.",
            "license": "MIT",
            "repository": _repository("libs/weather/taf"),
            "scripts": _BUILD,
            "dependencies": {"@acme/units": "workspace:^"},
            "devDependencies": _TYPESCRIPT,
        },
    ),
    "gateway": Member(
        "services/gateway",
        {
            "name": "@acme/gateway",
            "private": True,
            "description": "One address for all services.",
            "scripts": _SERVICE,
            "dependencies": {"fastify": "^4.28.1"},
        },
        tag="",
    ),
    "logbook": Member(
        "apps/logbook",
        {
            "name": "@acme/logbook",
            "private": True,
            "description": "A pilot's logbook with totals and currency reminders.",
            "license": "UNLICENSED",
            "scripts": _APP,
            "dependencies": {
                "@acme/ui": "workspace:*",
                "@acme/units": "workspace:*",
                "pdf-lib": "^1.17.1",
                "react": "catalog:react19",
            },
            "devDependencies": {**_TYPESCRIPT, "vite": "catalog:"},
        },
    ),
    "navdata": Member(
        # It moved from here to `tools/navdata`.
        "scripts/navdata",
        {
            "name": "@acme/navdata",
            "description": "Compiles navigation data from the simulator's own files.",
            "license": "MIT",
            "bin": "./navdata.js",
            "scripts": {"build": "node navdata.js", "test": "vitest run"},
            "dependencies": {"@acme/geodesy": "workspace:*"},
            "devDependencies": {"vitest": "^3.1.2"},
        },
    ),
    "accounts": Member(
        "services/accounts",
        {
            "name": "@acme/accounts",
            "private": True,
            "description": "Signs people in and keeps their sessions.",
            "scripts": _SERVICE,
            "dependencies": {"fastify": "^5.3.2", "postgres": "^3.4.5"},
            "devDependencies": _TYPESCRIPT,
        },
        tag="",
    ),
    "test-kit": Member(
        "libs/test-kit",
        {
            "name": "@acme/test-kit",
            "private": True,
            "description": "Recorded weather, recorded tiles and a pretended simulator.",
            "scripts": {"record": "node record.js"},
            "dependencies": {"recordings": "file:./recordings"},
            "devDependencies": _TYPESCRIPT,
        },
        files={"recordings/README.md": "Answers of real servers, one file each.\n"},
    ),
    "tiles": Member(
        "services/tiles",
        {
            "name": "@acme/tiles",
            "private": True,
            "description": "Serves charts and terrain as vector tiles.",
            "scripts": _SERVICE,
            "dependencies": {
                "@acme/charts": "workspace:~",
                "@acme/navdata": "link:../../tools/navdata",
                "better-sqlite3": "^11.9.1",
                "fastify": "^5.3.2",
            },
            "devDependencies": _TYPESCRIPT,
        },
        tag="",
    ),
    "charts-react": Member(
        "libs/charts/react",
        {
            "name": "@acme/charts-react",
            "description": "The charts as a React component.",
            "license": "MIT",
            "repository": _repository("libs/charts/react"),
            "scripts": _BUILD,
            "dependencies": {"@acme/charts": "workspace:^"},
            "devDependencies": {**_TYPESCRIPT, "react": "catalog:react19"},
            "peerDependencies": {"react": "^18.2.0 || ^19.0.0"},
        },
    ),
    "kneeboard": Member(
        "apps/kneeboard",
        {
            "name": "@acme/kneeboard",
            "private": True,
            "description": "Charts, checklists and the active route on a tablet, offline.",
            "license": "UNLICENSED",
            "scripts": _APP,
            "dependencies": {
                "@acme/charts-react": "workspace:*",
                "@acme/flight-plan": "workspace:*",
                "@acme/ui": "workspace:*",
                "react": "catalog:react19",
                "xplane-connect": "workspace:*",
            },
            "devDependencies": {**_TYPESCRIPT, "vite": "catalog:"},
        },
    ),
    "sync": Member(
        "services/sync",
        {
            "name": "@acme/sync",
            "private": True,
            "description": "Keeps a pilot's devices in step, offline first.",
            "scripts": _SERVICE,
            "dependencies": {"@acme/accounts": "workspace:*", "ws": "^8.18.1"},
            "devDependencies": {**_TYPESCRIPT, "fast-check": "^4.1.1"},
        },
        tag="",
    ),
    "starter": Member(
        "examples/starter",
        {
            "name": "@acme/starter",
            "private": True,
            "version": "0.0.0",
            "description": "A template for a plugin of your own, with npm workspaces inside.",
            "workspaces": ["packages/*"],
            "dependencies": {"@acme/metar": "^1.3.0", "xplane-connect": "^1.0.0"},
        },
        # It belongs to the template's workspace, which is not this one.
        files={"packages/plugin/package.json": '{"name": "my-plugin", "version": "0.0.0"}\n'},
    ),
}

# Two that are wrong, so that issues are seen: no JSON, and a name that is taken.
BROKEN_MANIFEST = '{\n  "name": "@acme/simbrief",\n  "version": "0.1.0",,\n}\n'
COPIED_MANIFEST = (
    '{\n  "name": "@acme/ui",\n  "version": "3.0.0-next.0",\n'
    '  "description": "The next ui, still under its old name."\n}\n'
)
