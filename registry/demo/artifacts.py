"""The artifacts of the demo's versions: small, and with the same bytes everywhere.

Not by the code that processes uploads: its bytes depend on the release of zlib that packs them, and
the documents show the demo's hashes. Nothing is packed here.
"""

import hashlib
import zipfile
from typing import IO, cast

from registry.models import Publication
from registry.publishing.artifact import PackageFacts, write_manifest
from registry.publishing.processing import artifact_address
from registry.rules.package_files import MANIFEST
from registry.settings import Settings
from registry.storage import Storage, WorkFile

# That a zip can hold.
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644


def publish_artifact(
    publication: Publication, facts: PackageFacts, text: str, storage: Storage, settings: Settings
) -> None:
    """Put a version's artifact into the store, and name it; called while `naming_files` is open.

    Args:
        publication: the version's, not yet in the database.
        facts: what the manifest says.
        text: what else is in the artifact.
        storage: where it goes.
        settings: under which address it is fetched.

    Raises:
        OSError: the store cannot be written.
    """
    with storage.work_files.new() as work:
        publication.installed_size = _write(facts, text, work)
        storage.put(work)
        publication.hash, publication.size = work.sha256, work.size
    # Known to everyone who reads this; of a version that is not public, it opens nothing.
    key = hashlib.sha256(f"{facts.identifier}@{facts.version}".encode()).hexdigest()
    publication.download_key = key
    publication.loc = artifact_address(settings, key)


def _write(facts: PackageFacts, text: str, work: WorkFile) -> int:
    """Write an artifact, and tell how many bytes are in its files."""
    about = f"{facts.name} {facts.version}\n\n{text}\n".encode()
    files = {MANIFEST: write_manifest(facts), f"{facts.identifier}/README.txt": about}
    with zipfile.ZipFile(cast("IO[bytes]", work), "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _EARLIEST)
            # Else the machine that it is written on is told.
            info.create_system, info.external_attr = _UNIX, _MODE << 16
            archive.writestr(info, content)
    return sum(map(len, files.values()))
