"""The files that GraphiQL is made of: which, from which npm packages, and where they are kept.

The versions are the ones that Strawberry's own page brings together. Needs the standard library
only: the wheel is built with it.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha384
from pathlib import Path

# Not in the repository; `fetch` fills it, and the wheel includes it.
VENDOR = Path(__file__).parent / "vendor"

_CDN = "https://unpkg.com"


@dataclass(frozen=True)
class Asset:
    """One file of an npm package, pinned by its digest."""

    package: str
    version: str
    path: str
    # As the browser checks it (Subresource Integrity, https://www.w3.org/TR/SRI/).
    integrity: str

    @property
    def spec(self) -> str:
        """The package as npm takes it: `name@version`."""
        return f"{self.package}@{self.version}"

    @property
    def name(self) -> str:
        """The file's name among all of them; another version has another name."""
        return f"{self.spec}/{self.path}"

    @property
    def cdn_url(self) -> str:
        """Where to get it when it was not built in."""
        return f"{_CDN}/{self.name}"

    @property
    def is_style(self) -> bool:
        """Whether it is a style sheet; else it is a script."""
        return self.path.endswith(".css")

    def file(self, vendor: Path) -> Path:
        """Where it is once fetched."""
        return vendor / self.name


# In the order in which a page loads them.
ASSETS = (
    Asset(
        "graphiql",
        "3.8.3",
        "graphiql.min.css",
        "sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    ),
    Asset(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "dist/style.css",
        "sha384-5DFJlDPW2tSATRbM8kzoP1j194jexLswuNmClWoRr2Q0x7R68JIQzPHZ02Faktwi",
    ),
    Asset(
        "react",
        "18.2.0",
        "umd/react.production.min.js",
        "sha384-tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8",
    ),
    Asset(
        "react-dom",
        "18.2.0",
        "umd/react-dom.production.min.js",
        "sha384-bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh",
    ),
    Asset(
        "graphiql",
        "3.8.3",
        "graphiql.min.js",
        "sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    ),
    Asset(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "dist/index.umd.js",
        "sha384-2oonKe47vfHIZnmB6ZZ10vl7T0Y+qrHQF2cmNTaFDuPshpKqpUMGMc9jgj9MLDZ9",
    ),
)


def are_built_in(vendor: Path) -> bool:
    """Tell whether every file is in the folder, to be served."""
    return all(asset.file(vendor).is_file() for asset in ASSETS)


def integrity_of(content: bytes) -> str:
    """Compute a file's digest as Subresource Integrity writes it."""
    return f"sha384-{b64encode(sha384(content).digest()).decode()}"
