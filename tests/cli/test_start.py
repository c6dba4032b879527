"""What a server starts with: what most requests never need is not loaded for the first ones."""

import json
import subprocess
import sys

# What takes long to load, each with those who need it.
ABSENT = {
    "alembic": "who migrates",
    "anybadge": "who asks for a badge",
    "boto3": "a store in a bucket",
    "flask_limiter": "a route with a limit",
    "git": "who refreshes",
    "graphql": "GraphQL",
    "huey": "who leaves work behind",
    "limits": "a route with a limit",
    "prometheus_client": "where figures are on",
    "psycopg": "PostgreSQL",
    "pygraphviz": "who asks for a picture of the graph",
    "registry.dependencies.affected": "who asks what is affected",
    "registry.health.scores": "who writes measurements",
    "registry.history": "who asks git",
    "registry.publishing.archive": "a worker",
    "registry.refresh": "who refreshes",
    "registry.reports": "who sends a report",
    "registry.workspace.discovery": "who refreshes",
    "resolvelib": "who asks which versions go together",
    "rich": "commands that take long",
    "sqlalchemy.dialects.postgresql": "PostgreSQL",
    "strawberry": "GraphQL",
    "urllib3": "who asks other servers",
    "yaml": "who refreshes",
}

# Of these, what answering GraphQL loads.
LOADED_BY_GRAPHQL = {"graphql", "strawberry"}

PROGRAM = """
import json, sys
from registry.commands import serve
from registry.commands.environment import open_database, require_migrated
from registry.models import Base
from registry.settings import Settings
settings = Settings()
with open_database(settings) as engine:
    require_migrated(engine)
    serve.welcome(engine, settings, serve.Address("127.0.0.1", 5000))
    serve.find_awaited(engine, settings)
client = serve.create_app().test_client()
assert client.get("/healthz").status_code == 200
assert not any(mapper.configured for mapper in Base.registry.mappers)
for path in ("/", "/healthz", "/api/packages", "/api/packages?limit=2", "/api/packages/none",
             "/api/health/packages", "/api/packages/search?q=a"):
    assert client.get(path).status_code in {200, 404}, path
read = sorted(sys.modules)
query = {"query": "{ packages(first: 1) { nodes { name } } }"}
assert "errors" not in client.post("/graphql", json=query).json
print(json.dumps({"read": read, "asked": sorted(sys.modules)}))
"""


def test_reads_load_nothing_that_they_do_not_need(migrated: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    loaded = json.loads(run.stdout.splitlines()[-1])
    assert {"flask", "sqlalchemy"} < set(loaded["read"])
    assert {name: who for name, who in ABSENT.items() if name in loaded["read"]} == {}
    assert {name for name in ABSENT if name in loaded["asked"]} == LOADED_BY_GRAPHQL
