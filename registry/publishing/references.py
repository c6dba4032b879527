"""References to packages and versions, as `resolve` is asked with them on both doors."""

from collections.abc import Iterable

from registry.catalogue.version_index import Relation
from registry.errors import InvalidInput
from registry.publishing.fields import read_selection, read_version
from registry.rules.identifiers import FullIdentifier, InvalidIdentifier, parse_either
from registry.rules.versions import RegistryVersion

MAX_REFERENCES = 128


def read_wanted(pairs: Iterable[tuple[str, str]], repository: str) -> list[Relation]:
    """Read wanted packages of this registry, each with the versions of it that will do.

    Raises:
        InvalidInput: there are more than 128; `invalid_id_or_repo`: one is no identifier, or of
            another registry; `invalid_or_empty_str`, `bad_sel_len`, `invalid_selection`.
    """
    wanted = []
    for package, selection in _bounded(pairs, "wanted"):
        identifier = _read_identifier(package, repository, "wanted")
        if identifier.repository != repository:
            raise InvalidInput.of(
                "wanted", f"{identifier} is of another registry", code="invalid_id_or_repo"
            )
        wanted.append(Relation(str(identifier), read_selection(selection, "wanted")))
    return wanted


def read_installed(pairs: Iterable[tuple[str, str]], repository: str) -> dict[str, RegistryVersion]:
    """Read installed packages, of any registry, with their versions; by full identifier.

    Raises:
        InvalidInput: there are more than 128, or one is named twice; `invalid_id_or_repo`,
            `invalid_or_empty_str`, `bad_version_len`, `invalid_version`.
    """
    installed: dict[str, RegistryVersion] = {}
    for package, version in _bounded(pairs, "installed"):
        identifier = str(_read_identifier(package, repository, "installed"))
        if identifier in installed:
            raise InvalidInput.of("installed", f"{identifier} is named twice")
        installed[identifier] = read_version(version, "installed")
    return installed


def _bounded(pairs: Iterable[tuple[str, str]], field: str) -> list[tuple[str, str]]:
    bounded = list(pairs)
    if len(bounded) > MAX_REFERENCES:
        raise InvalidInput.of(field, f"must name at most {MAX_REFERENCES} packages")
    return bounded


def _read_identifier(text: str, repository: str, field: str) -> FullIdentifier:
    try:
        return parse_either(text.strip(), repository)
    except InvalidIdentifier as error:
        raise InvalidInput.of(field, str(error), code="invalid_id_or_repo") from None
