"""`registry publish`."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from registry.commands.kept_upload import UploadMemory
from registry.commands.registry_client import Refused, RegistryClient, Unreachable
from registry.commands.terminal import is_quiet, print_json, print_result, say, suggest
from registry.commands.upload_in_pieces import FileInPieces, NotInPieces, Patience, hash_file

_PLATFORMS = {"macos": "supportsMacOS", "windows": "supportsWindows", "linux": "supportsLinux"}
# Seconds between two looks, so that they stay within the account API's limit.
_LOOK_EVERY = 1
# Seconds between two lines on how far it is, where there is no terminal.
_LINE_EVERY = 10
_FORBIDDEN = 403
# Refusals that no repetition changes.
_OVER = (400, 404)
_RETRIABLE = ("failed_", "aborted")

# What a retry says of the version.
_NAMES = ("packageId", "packageVersion")

_Pair = tuple[str, str]


@click.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--package", required=True, help="The package's identifier.")
@click.option("--version", required=True, help="The version.")
@click.option("--works-with", default="*", show_default=True, help="Selection of the platform.")
@click.option("--private", is_flag=True, help="Only for those who have its private key.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    type=click.Choice(list(_PLATFORMS)),
    help="One that it is for; may be given again. All, if none is given.",
)
@click.option(
    "--depends",
    nargs=2,
    multiple=True,
    metavar="ID SELECTION",
    help="What it needs; again for more.",
)
@click.option(
    "--conflicts",
    nargs=2,
    multiple=True,
    metavar="ID SELECTION",
    help="What it cannot be together with; again for more.",
)
@click.option("--commit", default="", help="The full hash of the commit that it was built from.")
@click.option("--server", default="http://127.0.0.1:5000", show_default=True, help="The registry.")
@click.option(
    "--token",
    required=True,
    envvar="PUBLISH_TOKEN",
    help="The author's token; better in the variable PUBLISH_TOKEN, where nobody sees it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def command(
    *,
    file: Path,
    package: str,
    version: str,
    works_with: str,
    private: bool,
    platforms: tuple[str, ...],
    depends: tuple[_Pair, ...],
    conflicts: tuple[_Pair, ...],
    commit: str,
    server: str,
    token: str,
    as_json: bool,
) -> None:
    """Upload FILE, a zip archive, as a version of a package, and wait until it is processed.

    An upload that broke off goes on where it stopped when the same command is given again. A
    version that failed before takes the file again. Prints the artifact's hash and address; the
    private key of a version that has one is told this once.
    """
    fields = {
        "packageId": package,
        "packageVersion": version,
        "xplaneSelection": works_with,
        "isPublic": _write(not private),
        "isPrivate": _write(private),
        "isStored": _write(True),
        "dependencies": json.dumps(depends),
        "incompatibilities": json.dumps(conflicts),
        **{field: _write(not platforms or name in platforms) for name, field in _PLATFORMS.items()},
    }
    if commit:
        fields["commit"] = commit
    client = RegistryClient(server, token)
    version_path = f"/account/packages/{package.rpartition('/')[2]}/{version}"
    memory = UploadMemory(server, package, version)
    try:
        private_key = _upload(client, fields, file, version_path, memory)
        outcome = _await_outcome(client, version_path)
    except Refused as refused:
        if refused.status in _OVER:
            memory.forget()
        raise click.ClickException(refused.detail) from refused
    except (Unreachable, KeyboardInterrupt):
        if memory.load() is not None:
            suggest("give the same command again; it goes on where it stopped.")
        raise
    memory.forget()
    if private_key:
        outcome["privateKey"] = private_key
    if outcome["status"].startswith(_RETRIABLE):
        reason = outcome.get("failureReason", "The registry does not say why.")
        raise click.ClickException(f"{package} {version} is {outcome['status']}: {reason}")
    if as_json:
        print_json(outcome)
        return
    for key in ("status", "hash", "loc", "privateKey"):
        if key in outcome:
            print_result(f"{key} {outcome[key]}")


def _upload(
    client: RegistryClient,
    fields: dict[str, str],
    file: Path,
    version_path: str,
    memory: UploadMemory,
) -> str:
    """Send the file, again where the version failed before; gives the private key, if there is one.

    Raises:
        Refused: the registry does not take it.
        Unreachable: it cannot be reached, or was lost and did not come back.
    """
    with _show_progress(file) as progress:
        pieces = FileInPieces(client, file, memory, progress)
        announced = {**fields, "fileHash": hash_file(file)}
        named = {name: announced[name] for name in (*_NAMES, "fileHash")}
        try:
            upload = pieces.find(announced) or pieces.find(named)
            if upload is None:
                try:
                    upload = pieces.begin("/packages/uploads", announced)
                except Refused as refused:
                    if refused.code != "version_exists" or not _has_failed(client, version_path):
                        raise
                    say("This version failed before; sending the file again.")
                    upload = pieces.begin("/packages/uploads/retry", named)
            pieces.send(upload)
        except NotInPieces:
            memory.forget()
            return _upload_whole(client, fields, file, version_path, progress)
        return upload.private_key


def _upload_whole(
    client: RegistryClient,
    fields: dict[str, str],
    file: Path,
    version_path: str,
    progress: Callable[[int], None],
) -> str:
    """Send the file in one request, where it cannot be sent in pieces; the rest as `_upload`."""
    say("The registry cannot take this file in pieces; sending it whole.")
    try:
        headers = client.send_file("/packages/upload", fields, file, progress)
    except Refused as refused:
        if refused.code != "version_exists" or not _has_failed(client, version_path):
            raise
    else:
        return headers.get("X-Private-Key", "")
    say("This version failed before; sending the file again.")
    client.send_file("/packages/retry", {name: fields[name] for name in _NAMES}, file, progress)
    return ""


def _has_failed(client: RegistryClient, path: str) -> bool:
    status: str = client.get(path)["versionData"]["status"]
    return status.startswith(_RETRIABLE)


def _await_outcome(client: RegistryClient, path: str) -> dict[str, Any]:
    """Wait until the version is processed; a token that may not look does not wait."""
    say("Uploaded; waiting until it is processed (Ctrl-C does not stop that).")
    patience = Patience()
    while True:
        try:
            answer = patience.insist(lambda: client.get(path))
        except Refused as refused:
            if refused.status != _FORBIDDEN:
                raise
            say("The token may not look how far it is: it lacks ViewPackages.")
            return {"status": "processing"}
        version: dict[str, Any] = answer["versionData"]
        if version["status"] != "processing":
            return version
        time.sleep(_LOOK_EVERY)


@contextmanager
def _show_progress(file: Path) -> Iterator[Callable[[int], None]]:
    """Lend a function that shows on standard error how many bytes are there."""
    size = file.stat().st_size
    if is_quiet():
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield _Lines(size).show
        return
    # A tenth of a second to import, and not needed where nobody watches.
    from rich.console import Console  # noqa: PLC0415 -- see above
    from rich.progress import (  # noqa: PLC0415 -- as above
        BarColumn,
        DownloadColumn,
        Progress,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Uploading", total=size)
        yield lambda sent: bar.update(task, completed=sent)


class _Lines:
    """Writes a line every so often, where there is no terminal."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._next = time.monotonic() + _LINE_EVERY

    def show(self, sent: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY
            say(f"{sent:,} of {self._size:,} bytes are sent …")


def _write(value: bool) -> str:
    return str(value).lower()
