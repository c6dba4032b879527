"""The packages of the demo workspace, as their manifests first stood.

Between them they use what real monorepos use: scoped and plain names, nested packages, every form
of `repository`, `author`, `license` and `bin`, and every kind of range that a manifest can hold.
"""

from collections.abc import Mapping

from registry.demo.libraries import LIBRARIES
from registry.demo.member import APP, BUILD, SERVICE, TYPESCRIPT, Member

MEMBERS: Mapping[str, Member] = {
    **LIBRARIES,
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
    "planner": Member(
        "apps/planner",
        {
            "name": "@acme/planner",
            "private": True,
            "description": "The flight planner: route, fuel and weather on one map.",
            "license": "UNLICENSED",
            "scripts": {**APP, "preview": "vite preview"},
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                "@acme/ui": "workspace:*",
                "@acme/units": "workspace:*",
                "react": "catalog:react19",
                "react-dom": "catalog:react19",
                "zustand": "^5.0.3",
            },
            "devDependencies": {
                **TYPESCRIPT,
                "@acme/eslint-config": "workspace:*",
                "@acme/tsconfig": "workspace:*",
                "vite": "catalog:",
            },
        },
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
    "weather": Member(
        "services/weather",
        {
            "name": "@acme/weather-service",
            "private": True,
            "description": "Serves METAR, TAF and winds aloft as JSON.",
            "scripts": SERVICE,
            "dependencies": {"@acme/metar": "workspace:*", "fastify": "^5.3.2", "undici": "^7.8.0"},
            "devDependencies": {**TYPESCRIPT, "@acme/test-kit": "workspace:*"},
        },
        tag="",
    ),
    "cli": Member(
        "tools/cli",
        {
            "name": "hangar-cli",
            "description": "Weather, routes and the simulator from a terminal.",
            "license": "MIT",
            "bin": {"hangar": "./bin/hangar.js"},
            "scripts": BUILD,
            "dependencies": {
                "@acme/flight-plan": "workspace:^",
                "@acme/metar": "workspace:^",
                "commander": "^13.1.0",
                "xplane-connect": "workspace:^",
            },
            "devDependencies": TYPESCRIPT,
        },
        tag="{name}/v{version}",
    ),
    "gateway": Member(
        "services/gateway",
        {
            "name": "@acme/gateway",
            "private": True,
            "description": "One address for all services.",
            "scripts": SERVICE,
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
            "scripts": APP,
            "dependencies": {
                "@acme/ui": "workspace:*",
                "@acme/units": "workspace:*",
                "pdf-lib": "^1.17.1",
                "react": "catalog:react19",
            },
            "devDependencies": {**TYPESCRIPT, "vite": "catalog:"},
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
            "scripts": SERVICE,
            "dependencies": {"fastify": "^5.3.2", "postgres": "^3.4.5"},
            "devDependencies": TYPESCRIPT,
        },
        tag="",
    ),
    "tiles": Member(
        "services/tiles",
        {
            "name": "@acme/tiles",
            "private": True,
            "description": "Serves charts and terrain as vector tiles.",
            "scripts": SERVICE,
            "dependencies": {
                "@acme/charts": "workspace:~",
                "@acme/navdata": "link:../../tools/navdata",
                "better-sqlite3": "^11.9.1",
                "fastify": "^5.3.2",
            },
            "devDependencies": TYPESCRIPT,
        },
        tag="",
    ),
    "kneeboard": Member(
        "apps/kneeboard",
        {
            "name": "@acme/kneeboard",
            "private": True,
            "description": "Charts, checklists and the active route on a tablet, offline.",
            "license": "UNLICENSED",
            "scripts": APP,
            "dependencies": {
                "@acme/charts-react": "workspace:*",
                "@acme/flight-plan": "workspace:*",
                "@acme/ui": "workspace:*",
                "react": "catalog:react19",
                "xplane-connect": "workspace:*",
            },
            "devDependencies": {**TYPESCRIPT, "vite": "catalog:"},
        },
    ),
    "sync": Member(
        "services/sync",
        {
            "name": "@acme/sync",
            "private": True,
            "description": "Keeps a pilot's devices in step, offline first.",
            "scripts": SERVICE,
            "dependencies": {"@acme/accounts": "workspace:*", "ws": "^8.18.1"},
            "devDependencies": {**TYPESCRIPT, "fast-check": "^4.1.1"},
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
