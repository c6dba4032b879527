"""What the demo's authors have listed and published.

`example.package1` and `example.package2` are the account document's own samples, to the letter.
The others show what else there is: each status of a version, private versions, and packages of the
demo workspace whose published versions are the ones that git knows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from registry.rules.enumerations import PackageType, VersionStatus

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Published:
    """A version that an author has uploaded."""

    version: str
    status: VersionStatus
    upload_date: datetime
    is_public: bool = True
    is_stored: bool = True
    installs: int = 0
    # The document's own, of an artifact that nobody has: bytes, SHA-256 and address. Without them,
    # a version that is processed has an artifact of its own.
    size: int = 0
    installed_size: int = 0
    hash: str = ""
    loc: str = ""
    dependencies: Pairs = ()
    incompatibilities: Pairs = ()
    xp_selection: str = "*"


@dataclass(frozen=True)
class Listed:
    """A package that an author has listed."""

    identifier: str
    name: str
    package_type: PackageType
    description: str
    versions: tuple[Published, ...] = ()
    # The name of the workspace package that it is; empty: it is in no workspace.
    workspace_package: str = ""


@dataclass(frozen=True)
class Publisher:
    """An author and what is listed under the name."""

    author_id: str
    name: str
    listings: tuple[Listed, ...]


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, 30, tzinfo=UTC)


def _processed(
    version: str,
    upload_date: datetime,
    *,
    installs: int = 0,
    is_public: bool = True,
    dependencies: Pairs = (),
    xp_selection: str = "*",
) -> Published:
    """Describe a version that was processed: it has an artifact, which tells hash and sizes."""
    return Published(
        version=version,
        status=VersionStatus.PROCESSED,
        upload_date=upload_date,
        is_public=is_public,
        installs=installs,
        dependencies=dependencies,
        xp_selection=xp_selection,
    )


def _failed(version: str, status: VersionStatus, upload_date: datetime) -> Published:
    return Published(version, status, upload_date, is_stored=False)


# The document's samples disagree on the type (`other` twice, `aircraft` once) and on the installed
# size of 1.4.3 (3428 twice, 584 once); here it is what two of three say.
_SAMPLES = (
    Listed(
        identifier="example.package1",
        name="Example Package 1",
        package_type=PackageType.OTHER,
        description="A cool package\n\nJust for an example though",
        versions=(
            Published(
                version="1.3.0",
                status=VersionStatus.FAILED_SERVER,
                upload_date=datetime(2023, 7, 16, 5, 53, 38, 506_000, UTC),
                dependencies=(("example.package2", "1.2-"),),
                incompatibilities=(
                    ("xpkg/example.package3", "*"),
                    ("xpkg/example.package4", "1.0.0a1-5.999.999"),
                ),
            ),
            Published(
                version="1.4.3",
                status=VersionStatus.PROCESSED,
                upload_date=datetime(2023, 8, 24, 21, 15, 44, 117_000, UTC),
                size=1249,
                installed_size=3428,
                hash="54ecb365c57979f886a126e5ed87d8c0865298e6ce30f0abcde96e66fcef6fdd",
                loc="https://cdn.xpkg.net/"
                "3snWkGSFswC2NBmIgXLWGfsosnVujpj4yCxQH8wVlt7t_43m1n8Cywg0qUKo4Za6",
                dependencies=(("xpkg/example.package4", "*"),),
                incompatibilities=(
                    ("xpkg/example.package5", "*"),
                    ("xpkg/example.package3", "41b3-222.3.0"),
                    ("xpkg/example.package6", "27-30.999a41"),
                ),
            ),
        ),
    ),
    Listed(
        identifier="example.package2",
        name="Example Package 2",
        package_type=PackageType.OTHER,
        description="Example package 2",
    ),
)

_METAR = "hangar.metar"
_CONNECT = "hangar.xplane-connect"
_WORKSPACE_PACKAGES = (
    Listed(
        identifier=_METAR,
        name="METAR decoder",
        package_type=PackageType.OTHER,
        description="Decodes METAR weather reports, the odd ones included.",
        workspace_package="@acme/metar",
        versions=(
            _processed("1.0.0", _day(2023, 9, 9), installs=9_804),
            _processed("1.1.0", _day(2024, 4, 23), installs=12_377),
            _processed("1.2.0", _day(2024, 9, 8), installs=20_156),
            _processed("1.3.0", _day(2025, 6, 27), installs=4_890),
            Published("2.0.0", VersionStatus.PROCESSING, _day(2026, 6, 29)),
        ),
    ),
    Listed(
        identifier=_CONNECT,
        name="X-Plane Connect",
        package_type=PackageType.PLUGIN,
        description="Lets programs on your network talk to the simulator.",
        workspace_package="xplane-connect",
        versions=(
            Published("1.0.0", VersionStatus.REMOVED, _day(2024, 8, 30), is_stored=False),
            _processed("1.1.0", _day(2025, 8, 8), installs=3_311, xp_selection="12"),
            # Published from a branch: git's history knows nothing of it.
            _processed("1.2.0b1", _day(2026, 1, 12), is_public=False),
            _processed(
                "1.2.0",
                _day(2026, 3, 25),
                installs=1_702,
                dependencies=(("xpkg/hangar.metar", "1.2-1"),),
                xp_selection="12.1-",
            ),
        ),
    ),
)

_SKYLANE = "skylane.c182"
_AIRCRAFT = Listed(
    identifier=_SKYLANE,
    name="Skylane 182",
    package_type=PackageType.AIRCRAFT,
    description="The four-seater, with steam gauges and a two-axis autopilot.",
    versions=(
        _failed("0.8.0a1", VersionStatus.FAILED_MACOSX, _day(2025, 1, 7)),
        _failed("0.8.0a2", VersionStatus.FAILED_NO_FILE_DIR, _day(2025, 1, 8)),
        _failed("0.8.0b1", VersionStatus.FAILED_MANIFEST_EXISTS, _day(2025, 1, 20)),
        _failed("0.8.0b2", VersionStatus.FAILED_INVALID_FILE_TYPES, _day(2025, 1, 21)),
        _failed("0.9.0b1", VersionStatus.FAILED_FILE_TOO_LARGE, _day(2025, 2, 3)),
        _failed("0.9.0b2", VersionStatus.FAILED_NOT_ENOUGH_SPACE, _day(2025, 2, 4)),
        _failed("0.9.0r1", VersionStatus.FAILED_SERVER, _day(2025, 2, 10)),
        _processed(
            "1.0.0",
            _day(2025, 3, 3),
            installs=861,
            dependencies=((f"xpkg/{_CONNECT}", "1.1-"),),
            xp_selection="12",
        ),
        Published("1.0.1", VersionStatus.REMOVED, _day(2025, 3, 5), is_stored=False, installs=12),
        Published("1.1.0a1", VersionStatus.ABORTED, _day(2026, 8, 30), is_stored=False),
        Published("1.1.0", VersionStatus.PROCESSING, _day(2026, 9, 14)),
    ),
)

_ALPS = "nord.alps"
_OTHER_AUTHOR = (
    Listed(
        identifier=_ALPS,
        name="Alpine airfields",
        package_type=PackageType.SCENERY,
        description="Forty mountain strips, none of them level.",
        versions=(
            _processed("2.0.0", _day(2025, 5, 19), installs=2_440),
            _processed("2.1.0b1", _day(2026, 9, 1), is_public=False),
        ),
    ),
    Listed(
        identifier="nord.rescue-livery",
        name="Mountain rescue",
        package_type=PackageType.LIVERY,
        description="Red and white, for the Skylane. Not yet for everyone.",
        versions=(
            _processed(
                "0.1.0",
                _day(2026, 9, 20),
                is_public=False,
                dependencies=((f"xpkg/{_SKYLANE}", "1"),),
            ),
        ),
    ),
)

# The document's author, whom the demo's token belongs to.
DEMO_AUTHOR = Publisher(
    author_id="GPew5C4M1688712972",
    name="Arkin Solomon",
    listings=(*_SAMPLES, *_WORKSPACE_PACKAGES, _AIRCRAFT),
)
PUBLISHERS = (
    DEMO_AUTHOR,
    Publisher(author_id="kR7tN2bQ1695027311", name="Mirela Ștefănescu", listings=_OTHER_AUTHOR),
)
