"""Which changes of a manifest a client may ask for (contract, section 2: update-config)."""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.errors import FieldError, InvalidInput
from registry.rules.semver import is_semver
from registry.workspace.manifest import LONGEST_NAME, LONGEST_VERSION
from registry.workspace.text import is_storable, storable

_DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies")
ALLOWED_KEYS = ("version", "description", "license", "repository", "scripts", *_DEPENDENCIES)
REPOSITORY_KEYS = ("type", "url", "directory")

# A field's name quotes what the client sent, and every wrong field is named.
_LONGEST_FIELD = 200
_MOST_ERRORS = 100


def validate_changes(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check a `config` that replaces keys of a package.json, and give it back as a dict.

    Raises:
        InvalidInput: a key may not be changed, or a value has not its key's shape; `errors` names
            every field that is wrong, e.g. `config.dependencies.vue`.
    """
    if not isinstance(config, Mapping):
        raise InvalidInput.of("config", "it must be an object of manifest keys")
    errors = [error for key, value in config.items() for error in _check(key, value)]
    if errors:
        fields = ", ".join(error.field for error in errors[:3])
        more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""  # noqa: PLR2004 -- as above
        raise InvalidInput(
            f"The configuration cannot be applied, nothing was written: see {fields}{more}.",
            errors=errors[:_MOST_ERRORS],
        )
    return dict(config)


def _check(key: str, value: object) -> Iterator[FieldError]:
    field = f"config.{key}"
    if key == "name":
        yield _error(field, "a package cannot be renamed here; remove this key")
    elif key not in ALLOWED_KEYS:
        yield _error(field, f"this key cannot be changed here; those that can: {_listed()}")
    elif key == "version":
        yield from _check_version(field, value)
    elif key == "repository":
        yield from _check_repository(field, value)
    elif key in {"description", "license"}:
        yield from _check_text(field, value)
    else:
        yield from _check_map(field, value, longest=None if key == "scripts" else LONGEST_NAME)


def _check_version(field: str, value: object) -> Iterator[FieldError]:
    if not isinstance(value, str) or len(value) > LONGEST_VERSION or not is_semver(value):
        yield _error(field, "it must be a semantic version such as 1.2.3 or 2.0.0-beta.1")


def _check_repository(field: str, value: object) -> Iterator[FieldError]:
    if isinstance(value, str):
        yield from _check_text(field, value)
        return
    yield from _check_map(field, value, longest=None)
    if isinstance(value, Mapping):
        for key in value:
            if key not in REPOSITORY_KEYS:
                yield _error(
                    f"{field}.{key}", f"a repository has only {', '.join(REPOSITORY_KEYS)}"
                )


def _check_map(field: str, value: object, *, longest: int | None) -> Iterator[FieldError]:
    if not isinstance(value, Mapping):
        yield _error(field, "it must be an object of texts")
        return
    for name, text in value.items():
        if not name or (longest and len(name) > longest) or not is_storable(name):
            limit = f", at most {longest} characters" if longest else ""
            yield _error(f"{field}.{name}", f"its name must be a text without NUL{limit}")
        yield from _check_text(f"{field}.{name}", text)


def _check_text(field: str, value: object) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield _error(field, "it must be a text")
    elif not is_storable(value):
        yield _error(field, "it must not hold NUL or half a surrogate pair")


def _error(field: str, message: str) -> FieldError:
    return FieldError(storable(field[:_LONGEST_FIELD]), message)


def _listed() -> str:
    return ", ".join(ALLOWED_KEYS)
