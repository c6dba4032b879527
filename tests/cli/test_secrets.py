"""No command prints a password or a webhook's secret, whatever goes wrong."""

import pytest

from tests.cli.conftest import Run

SECRET = "hunter2-a"
OUT_OF_REACH = "127.0.0.1:1/registry?connect_timeout=1"


@pytest.mark.parametrize(
    "variables",
    [
        {"DATABASE_URL": f"postgresql+psycopg://me:{SECRET}@{OUT_OF_REACH}"},
        {"DATABASE_URL": f"postgresql://me:{SECRET}@{OUT_OF_REACH}"},
        {"DATABASE_URL": f"postgresql+psycopg://{OUT_OF_REACH}&user=me&password={SECRET}"},
        {"DATABASE_URL": f"mysql://me:{SECRET}@db.example.com/registry"},
        {"DATABASE_URL": f"://me:{SECRET}@db.example.com"},
        {"RATELIMIT_STORAGE_URI": f"redis://:{SECRET}@127.0.0.1:1"},
        {"RATELIMIT_STORAGE_URI": f"memcached://me:{SECRET}@127.0.0.1:1"},
        {"QUEUE_URL": f"redis://:{SECRET}@127.0.0.1:1/0"},
        {"QUEUE_URL": f"amqp://me:{SECRET}@127.0.0.1:1"},
        {"STORAGE_URI": f"s3://me:{SECRET}@bucket/prefix?x=1"},
        {"STORAGE_URI": f"ftp://me:{SECRET}@bucket"},
        {"NPM_REGISTRY_URL": f"https://me:{SECRET}@npm.example.com"},
        {"GITHUB_WEBHOOK_SECRET": SECRET, "GITLAB_WEBHOOK_TOKEN": SECRET},
    ],
    ids="-".join,
)
def test_no_command_prints_a_secret(run: Run, variables: dict[str, str]) -> None:
    environment = {f"REGISTRY_{name}": value for name, value in variables.items()}

    results = [
        run(*command, **environment)
        for command in (
            ("doctor",),
            ("doctor", "--json"),
            ("migrate",),
            ("token", "list"),
            ("backup", "backup.tar"),
        )
    ]

    said = "".join(f"{result.stdout}{result.stderr}{result.exception}" for result in results)
    assert said
    assert SECRET not in said
