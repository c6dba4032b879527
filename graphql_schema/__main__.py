"""`python -m graphql_schema > schema.graphql` writes the schema that is committed."""

import sys

from graphql_schema.schema import schema_text

sys.stdout.write(schema_text())
