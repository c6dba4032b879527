"""`python -m registry.rest.openapi > openapi.json` writes the document that is committed."""

import sys

from registry.rest.openapi.document import document_text

sys.stdout.write(document_text())
