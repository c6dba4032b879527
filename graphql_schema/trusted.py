"""Trusted documents: where a list of them is kept, nothing else runs.

The list is a JSON object of documents by id, as code generators write it. A client sends the id
(`documentId`, or Apollo's `extensions.persistedQuery.sha256Hash`), or one of the documents itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from registry.errors import NotFound


class TrustedDocuments:
    """The documents that may run."""

    def __init__(self, path: Path) -> None:
        """Raise ValueError where the file is no JSON object of texts, OSError where it is none."""
        try:
            documents = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError:
            documents = None
        if not isinstance(documents, dict) or not all(
            isinstance(text, str) for text in documents.values()
        ):
            raise ValueError(f"{path} is not a JSON object of GraphQL documents by id")
        self._by_id: dict[str, str] = documents
        self._texts = frozenset(documents.values())

    def find(self, parameters: Mapping[str, Any]) -> str:
        """Find the document that a request asks for.

        Raises:
            DocumentNotTrusted: it is none of them.
        """
        document_id = _document_id(parameters)
        text = self._by_id.get(document_id) if document_id else parameters.get("query")
        if text is None or text not in self._texts:
            raise DocumentNotTrusted("Only documents that this server knows are run here.")
        return str(text)


class DocumentNotTrusted(NotFound):
    """A document is none of those that may run."""

    code = "document_not_trusted"
    status = 400
    title = "Document not trusted"


def _document_id(parameters: Mapping[str, Any]) -> str | None:
    given = parameters.get("documentId")
    if given is None:
        extensions = parameters.get("extensions")
        persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
        given = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return given if isinstance(given, str) else None
