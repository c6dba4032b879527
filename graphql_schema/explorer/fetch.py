"""Gets the explorer's files with npm: `python -m graphql_schema.explorer.fetch`.

Run by `make explorer`, and when a wheel is built. Only npm's `pack` is called, which downloads and
runs nothing of a package; a file is taken when its digest is the pinned one. Needs the standard
library only.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from graphql_schema.explorer.assets import ASSETS, VENDOR, Asset, are_built_in, integrity_of

# For one package, in seconds.
_PATIENCE = 60


class FetchError(Exception):
    """The files cannot be had; says why and how to mend it."""


class NpmUnavailable(FetchError):
    """There is no npm, or it reaches no registry: a matter of the machine."""


def fetch_assets(vendor: Path, assets: Sequence[Asset] = ASSETS) -> None:
    """Fill the folder with the explorer's files, their licences beside them; all of them, or none.

    Raises:
        NpmUnavailable: npm is not there, or could not get a package.
        FetchError: a package lacks a file, or holds another one than the pinned one.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NpmUnavailable(
            "The explorer's files come by npm, and there is none: install Node.js."
        )
    with tempfile.TemporaryDirectory(prefix="registry-explorer-") as directory:
        staged = Path(directory) / "vendor"
        for spec in sorted({asset.spec for asset in assets}):
            archive = _pack(npm, spec, Path(tempfile.mkdtemp(dir=directory)))
            _extract(archive, [asset for asset in assets if asset.spec == spec], staged)
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(staged, vendor)


def _pack(npm: str, spec: str, directory: Path) -> Path:
    # In the empty directory, so that no project's npm configuration has a say; and without npm's
    # minutes of trying again where there is no network.
    try:
        packed = subprocess.run(
            [npm, "pack", "--ignore-scripts", "--fetch-retries=0", spec],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NpmUnavailable(f"npm did not get {spec} in {_PATIENCE} seconds.") from None
    if packed.returncode:
        raise NpmUnavailable(f"npm could not get {spec}:\n{packed.stderr.strip()}")
    (archive,) = directory.glob("*.tgz")
    return archive


def _extract(archive: Path, assets: list[Asset], vendor: Path) -> None:
    with tarfile.open(archive) as package:
        for asset in assets:
            content = _read(package, asset.path)
            if content is None:
                raise FetchError(f"The package {asset.spec} has no file {asset.path}.")
            if integrity_of(content) != asset.integrity:
                raise FetchError(f"The file {asset.name} is not the one that is pinned.")
            file = asset.file(vendor)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        licence = _read(package, "LICENSE")
        if licence is not None:
            (vendor / assets[0].spec / "LICENSE").write_bytes(licence)


def _read(package: tarfile.TarFile, path: str) -> bytes | None:
    try:
        file = package.extractfile(f"package/{path}")
    except KeyError:
        return None
    return file.read() if file else None


def main() -> None:
    """Fetch what is not there yet, or say why not."""
    if are_built_in(VENDOR):
        return
    try:
        fetch_assets(VENDOR)
    except FetchError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
