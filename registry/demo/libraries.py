"""The libraries of the demo workspace, as their manifests first stood."""

from collections.abc import Mapping

from registry.demo.member import BUILD, HOME, TYPESCRIPT, Member, repository_at

LIBRARIES: Mapping[str, Member] = {
    "units": Member(
        "libs/units",
        {
            "name": "@acme/units",
            "description": "Aviation's units, converted without surprises.",
            "license": "MIT",
            "author": "Ada Okafor <ada.okafor@example.com>",
            "repository": repository_at("libs/units"),
            "scripts": BUILD,
            "devDependencies": {**TYPESCRIPT, "fast-check": "^4.1.1"},
        },
    ),
    "geodesy": Member(
        "libs/geodesy",
        {
            "name": "@acme/geodesy",
            "description": "Great circles, rhumb lines and magnetic variation on WGS 84.",
            "license": "MIT",
            "author": {"name": "Søren Østergård", "email": "soren@example.com"},
            "repository": repository_at("libs/geodesy"),
            "scripts": {**BUILD, "wmm": "node scripts/fetch-wmm.js"},
            "dependencies": {
                "@acme/units": "workspace:^",
                "wmm-coefficients": "git+https://git.example.com/geo/wmm.git#semver:^2025.0.0",
            },
            "devDependencies": TYPESCRIPT,
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
            "repository": repository_at("libs/weather/metar"),
            "scripts": BUILD,
            "dependencies": {"@acme/units": "workspace:^"},
            "devDependencies": {**TYPESCRIPT, "@acme/test-kit": "workspace:*"},
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
            "scripts": {**BUILD, "storybook": "storybook dev -p 6006"},
            "dependencies": {"clsx": "^2.1.1"},
            # The same name in two sections: what it is built with, what it works with.
            "devDependencies": {**TYPESCRIPT, "react": "catalog:react19", "vite": "catalog:"},
            "peerDependencies": {"react": ">=18"},
        },
    ),
    "flight-plan": Member(
        "libs/flight-plan",
        {
            "name": "@acme/flight-plan",
            "description": "Reads and writes flight plans: FMS 1100, GPX and Garmin FPL.",
            "license": "MIT",
            "author": {"name": "José Núñez", "url": "https://jose.example.com"},
            "repository": {"type": "git", "url": HOME},
            "scripts": BUILD,
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                "@acme/units": "workspace:^",
                "fast-xml-parser": "^5.2.1",
            },
            "devDependencies": TYPESCRIPT,
        },
    ),
    "charts": Member(
        "libs/charts",
        {
            "name": "@acme/charts",
            "description": "Airspace and airport charts, drawn on a canvas.",
            "license": "MIT",
            "repository": repository_at("libs/charts"),
            "scripts": BUILD,
            "dependencies": {
                "@acme/geodesy": "workspace:^",
                # An alias: this name is another package.
                "earcut": "npm:@mapping/earcut@^3.0.1",
            },
            "optionalDependencies": {"canvas": "^3.1.0"},
            "devDependencies": TYPESCRIPT,
        },
        files={"fixtures/tile/package.json": '{"name": "not-a-package"}\n'},
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
    "xplane": Member(
        "libs/xplane-connect",
        {
            "name": "xplane-connect",
            "description": "Talks to X-Plane: datarefs, commands and positions.",
            "license": "Apache-2.0",
            "author": "José Núñez <jose@example.com>",
            "contributors": ["Søren Østergård"],
            "keywords": ["x-plane", "udp", "simulator"],
            "repository": repository_at("libs/xplane-connect"),
            "scripts": BUILD,
            "dependencies": {"ws": "^8.18.1"},
            "devDependencies": {**TYPESCRIPT, "@acme/test-kit": "workspace:*"},
        },
        tag="{name}-v{version}",
    ),
    "taf": Member(
        "libs/weather/taf",
        {
            "name": "@acme/taf",
            "description": "Decodes terminal aerodrome forecasts.",
            "license": "MIT",
            "repository": repository_at("libs/weather/taf"),
            "scripts": BUILD,
            "dependencies": {"@acme/units": "workspace:^"},
            "devDependencies": TYPESCRIPT,
        },
    ),
    "test-kit": Member(
        "libs/test-kit",
        {
            "name": "@acme/test-kit",
            "private": True,
            "description": "Recorded weather, recorded tiles and a pretended simulator.",
            "scripts": {"record": "node record.js"},
            "dependencies": {"recordings": "file:./recordings"},
            "devDependencies": TYPESCRIPT,
        },
        files={"recordings/README.md": "Answers of real servers, one file each.\n"},
    ),
    "charts-react": Member(
        "libs/charts/react",
        {
            "name": "@acme/charts-react",
            "description": "The charts as a React component.",
            "license": "MIT",
            "repository": repository_at("libs/charts/react"),
            "scripts": BUILD,
            "dependencies": {"@acme/charts": "workspace:^"},
            "devDependencies": {**TYPESCRIPT, "react": "catalog:react19"},
            "peerDependencies": {"react": "^18.2.0 || ^19.0.0"},
        },
    ),
}
