"""Checks of the service: where requests are counted, who may write, where it listens."""

import http.client
import json
from collections.abc import Iterator

from limits import parse_many
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from registry.doctor.check import Check, fail, ok, warn
from registry.doctor.configuration import mask
from registry.errors import Unavailable
from registry.server import Address
from registry.settings import Settings

_TIMEOUT = 2


def check_rate_limits(settings: Settings) -> Iterator[Check]:
    """Look at the limits, and at where requests are counted."""
    for name in ("ratelimit_account", "ratelimit_default"):
        text = getattr(settings, name)
        try:
            parse_many(text or "1 per second")
        except ValueError:
            variable = f"REGISTRY_{name.upper()}"
            yield fail("limits", f"{variable} is {text!r}", "Write e.g. `5 per 3 seconds`.")
    yield _check_storage(settings.ratelimit_storage_uri)


def _check_storage(uri: str) -> Check:
    if uri.startswith("memory://"):
        return ok("limits", "counted in memory, which is right for one worker")
    options = {"socket_timeout": _TIMEOUT, "socket_connect_timeout": _TIMEOUT}
    mend = "Start it, or correct REGISTRY_RATELIMIT_STORAGE_URI (redis://host:6379)."
    try:
        reachable = storage_from_string(uri, **options).check()
    except (ConfigurationError, ValueError) as error:
        return fail("limits", f"{mask(uri)} is no store that can be used: {error}", mend)
    if not reachable:
        return fail("limits", f"{mask(uri)} does not answer", mend)
    return ok("limits", f"counted in {mask(uri)}")


def check_writes(settings: Settings, address: Address) -> Check:
    """Look at who may change the workspace."""
    if not settings.open_writes:
        return ok("writes", "need a token with ManageWorkspace")
    mend = "Unset REGISTRY_OPEN_WRITES and give out tokens."
    if address.is_loopback:
        return warn("writes", "open to everyone on this machine", mend)
    return fail("writes", f"open to everyone who reaches {address.host}", mend)


def check_port(address: Address) -> Check:
    """Look at the port: it is free, or this service answers there."""
    try:
        address.check_free()
    except Unavailable as error:
        name = _ask_who_answers(address)
        if name is None:
            return warn("port", f"{address.url} cannot be had", error.detail)
        return ok("port", f"{name} answers on {address.url}")
    return ok("port", f"{address.url} is free")


def _ask_who_answers(address: Address) -> str | None:
    """Ask what listens at the address; None for anything but this service."""
    connection = http.client.HTTPConnection(address.reachable_host, address.port, timeout=_TIMEOUT)
    try:
        connection.request("GET", "/")
        answer = json.loads(connection.getresponse().read(65_536))
        return f"{answer['name']} {answer['version']}" if answer["name"] == "Registry" else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
