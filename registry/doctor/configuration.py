"""Checks of the settings: what is in force, what is wrong, what is no setting at all."""

import difflib
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from registry.doctor.check import Check, fail, ok, warn
from registry.logs import take_secrets_out
from registry.settings import Settings

_PREFIX = Settings.model_config.get("env_prefix", "")


def check_variables(environment: Mapping[str, str]) -> Check:
    """Look for variables that look like settings and are none; a misspelt one would be silent."""
    known = {_variable(field) for field in Settings.model_fields}
    unknown = [name for name in environment if name.upper().startswith(_PREFIX)]
    unknown = sorted(name for name in unknown if name.upper() not in known)
    if not unknown:
        return ok("variables", f"every {_PREFIX}* variable is a setting")
    near = [difflib.get_close_matches(name.upper(), known, n=1) for name in unknown]
    meant = [match[0] for match in near if match]
    mend = f"Perhaps {', '.join(meant)} was meant." if meant else "Unset it."
    return warn("variables", f"there is no setting {', '.join(unknown)}", mend)


def check_invalid(error: ValidationError) -> Iterator[Check]:
    """Tell which variables hold what their settings cannot."""
    for wrong in error.errors(include_url=False, include_input=False):
        name = _variable(str(wrong["loc"][0]))
        yield fail(
            "settings", f"{name}: {wrong['msg']}", "docs/configuration.md says what it takes."
        )


def check_settings(settings: Settings) -> Check:
    """Tell which settings are in force other than by default."""
    given = [
        f"{_variable(field)}={mask(str(getattr(settings, field)))}"
        for field in Settings.model_fields
        if field in settings.model_fields_set
    ]
    return ok("settings", ", ".join(given) or "all have their defaults")


def mask(address: str) -> str:
    """Hide the password in an address, or among its parameters, if there is one."""
    try:
        password = urlsplit(address).password
    except ValueError:
        # It cannot be told apart, so nothing of it is shown.
        return "***"
    hidden = address.replace(f":{password}@", ":***@") if password else address
    return take_secrets_out(hidden)


def _variable(field: str) -> str:
    return f"{_PREFIX}{field.upper()}"
