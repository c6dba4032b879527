"""How a refresh grows with the history, and a plot of it (SVG, both axes logarithmic)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.monorepo import MonorepoSize, add_commit, make_monorepo
from benchmarks.refreshes import MakeDatabase, bare_git_pass, refresh_apart, timed
from benchmarks.table import Line
from registry.database import make_engine
from registry.refresh import refresh_workspace

# Few packages: what is to grow is the history.
_PACKAGES = 50
_ROUNDS = 5
_WIDTH, _HEIGHT, _MARGIN = 720, 440, 64
_COLOURS = ("#6b7280", "#2563eb", "#059669", "#d97706")


@dataclass(frozen=True)
class Point:
    """What one length of history costs, in seconds and MB."""

    commits: int
    bare: float
    first: float
    unchanged: float
    one_more: float
    resident_mb: float


def measure_growth_of_history(
    largest: int, make_database: MakeDatabase, *, seed: int
) -> Iterator[Point]:
    """Refresh histories of a thousand commits, ten thousand, and so on up to the largest."""
    commits = 1_000
    while commits <= largest:
        with TemporaryDirectory() as directory:
            size = MonorepoSize(_PACKAGES, commits, commits // 10)
            repository = make_monorepo(Path(directory) / "grown", size, seed=seed, bare=True)
            yield _measure(repository, commits, make_database())
        commits *= 10


def _measure(repository: Path, commits: int, url: str) -> Point:
    bare_git_pass(repository)
    bare = bare_git_pass(repository)
    first = refresh_apart(repository, url)
    # As in a server, which has refreshed before.
    engine = make_engine(url)
    unchanged, newer = [], []
    for number in range(_ROUNDS):
        unchanged.append(timed(lambda: refresh_workspace(engine, repository)))
        add_commit(repository, "packages/group-0/package-0", number)
        newer.append(timed(lambda: refresh_workspace(engine, repository)))
    engine.dispose()
    return Point(
        commits,
        bare.seconds,
        first["seconds"],
        median(unchanged),
        median(newer),
        first["resident_mb"],
    )


def line_of(point: Point) -> Line:
    """Make a line of the table of a point."""
    return Line(
        f"first refresh of {point.commits:,} commits",
        "`git log --raw --no-renames`",
        f"{point.first / point.bare:.3g}",
        times=f"{point.first:.2f} : {point.bare:.2f} s; unchanged {1000 * point.unchanged:.0f} ms, "
        f"one more commit {1000 * point.one_more:.0f} ms",
        memory=f"{point.resident_mb:.0f} MB",
    )


def draw(points: Sequence[Point]) -> str:
    """Draw the points as an SVG: seconds by commits."""
    series = {
        "git log --raw --no-renames": [(p.commits, p.bare) for p in points],
        "first refresh": [(p.commits, p.first) for p in points],
        "refresh after one more commit": [(p.commits, p.one_more) for p in points],
        "unchanged refresh": [(p.commits, p.unchanged) for p in points],
    }
    values = [seconds for line in series.values() for _, seconds in line]
    scale = _Scale(
        (log10(points[0].commits), log10(points[-1].commits)),
        (floor(log10(min(values))), ceil(log10(max(values)))),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        *scale.grid(points),
    ]
    for (name, line), colour in zip(series.items(), _COLOURS, strict=True):
        places = [scale.place(commits, seconds) for commits, seconds in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        row = 20 + 16 * list(series).index(name)
        parts.append(f'<text x="{_MARGIN + 12}" y="{row}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True)
class _Scale:
    """Turns commits and seconds into places; bounds are powers of ten."""

    across: tuple[float, float]
    up: tuple[int, int]

    def place(self, commits: float, seconds: float) -> tuple[float, float]:
        left, right = self.across
        low, high = self.up
        x = (log10(commits) - left) / max(right - left, 1)
        y = (log10(seconds) - low) / (high - low)
        return (
            _MARGIN + x * (_WIDTH - 2 * _MARGIN),
            _HEIGHT - _MARGIN - y * (_HEIGHT - 2 * _MARGIN - 40),
        )

    def grid(self, points: Sequence[Point]) -> Iterator[str]:
        low, high = self.up
        for power in range(low, high + 1):
            x, y = self.place(points[0].commits, 10**power)
            yield (
                f'<line x1="{_MARGIN}" x2="{_WIDTH - _MARGIN}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="#e5e7eb"/>'
            )
            label = f"{10**power:g} s"
            yield f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for point in points:
            x, y = self.place(point.commits, 10**low)
            yield (
                f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">'
                f"{point.commits:,} commits</text>"
            )
