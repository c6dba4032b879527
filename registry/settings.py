"""Every setting: its name, its default, its meaning.

Read once from environment variables with the prefix `REGISTRY_` (Twelve-Factor, III). A test
holds the table in `docs/configuration.md` to this one.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from registry.rules.enumerations import ReportKind
from registry.workspace.report_files import DEFAULT_LARGEST, DEFAULT_PATTERNS, ReportFiles


class Settings(BaseSettings):
    """The service's settings, frozen once read.

    Raises:
        pydantic.ValidationError: a variable holds what its setting cannot.
    """

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", frozen=True, extra="ignore")

    database_url: str = Field(
        default="",
        description="Where the catalogue is kept: `sqlite:///path` or `postgresql+psycopg://…`. "
        "Empty: `registry.db` in the instance directory.",
    )
    instance_path: Path = Field(
        default=Path("instance"),
        description="Directory of what the service itself writes: the SQLite database, locks.",
    )
    workspace: Path | None = Field(
        default=None,
        description="Path of the git repository to catalogue: a work tree or a bare clone. "
        "Empty: the one that the database remembers.",
    )
    open_writes: bool = Field(
        default=False,
        description="Whether the documented workspace writes work without a token. "
        "Only for a server that listens on loopback.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins that browsers may call from, separated by commas; `*` for all.",
    )
    ratelimit_storage_uri: str = Field(
        default="memory://",
        description="Where requests are counted: `memory://` for one process, `redis://…` for "
        "more.",
    )
    ratelimit_default: str = Field(
        default="",
        description="Limit of the routes that document none, e.g. `100 per minute`; empty: none.",
    )
    ratelimit_account: str = Field(
        default="5 per 3 seconds",
        description="Limit of the account API, counted per author.",
    )
    ratelimit_account_data: str = Field(
        default="8 per 5 seconds", description="Limit of `GET /account/data`, per author."
    )
    ratelimit_auth_issue: str = Field(
        default="3 per 3 seconds", description="Limit of `POST /auth/issue`, per author."
    )
    ratelimit_packages: str = Field(
        default="4 per 4 seconds", description="Limit of `GET /packages`."
    )
    ratelimit_package_info: str = Field(
        default="10 per 2 seconds", description="Limit of `GET /packages/info/…`."
    )
    ratelimit_package_new: str = Field(
        default="3 per 5 seconds", description="Limit of `POST /packages/new`, per author."
    )
    ratelimit_package_upload: str = Field(
        default="3 per 8 seconds", description="Limit of `POST /packages/upload`, per author."
    )
    ratelimit_package_retry: str = Field(
        default="3 per 8 seconds", description="Limit of `POST /packages/retry`, per author."
    )
    ratelimit_package_description: str = Field(
        default="3 per 4 seconds", description="Limit of `PATCH /packages/description`, per author."
    )
    ratelimit_package_incompatibilities: str = Field(
        default="3 per 4 seconds",
        description="Limit of `PATCH /packages/incompatibilities`, per author.",
    )
    ratelimit_package_xpselection: str = Field(
        default="3 per 4 seconds", description="Limit of `PATCH /packages/xpselection`, per author."
    )
    ratelimit_analytics: str = Field(
        default="6 per 4 seconds", description="Limit of `GET /analytics/…`."
    )
    ratelimit_meta: str = Field(default="4 per 10 seconds", description="Limit of `GET /meta`.")
    ratelimit_resolve: str = Field(
        default="10 per 2 seconds", description="Limit of `GET /packages/resolve`."
    )
    ratelimit_address: str = Field(
        default="",
        description="Limit of all requests of one address together, e.g. `30 per 10 seconds`; "
        "empty: none.",
    )
    ratelimit_address_shut_out: int = Field(
        default=30,
        ge=1,
        description="Seconds for which an address that went over its limit is refused.",
    )
    ratelimit_graphql: str = Field(
        default="",
        description="Most rows that GraphQL operations may ask for, counted per author or address, "
        "e.g. `1000000 per minute`; empty: no limit.",
    )
    read_timeout_ms: int = Field(
        default=10_000,
        ge=0,
        description="Longest time that a statement which only reads may run, in milliseconds; 0: "
        "any.",
    )
    rest_cache_bytes: int = Field(
        default=16_777_216,
        ge=0,
        description="Room for REST answers that are kept until the data change, in bytes for each "
        "process; 0: none are kept.",
    )
    max_body_bytes: int = Field(
        default=1_048_576,
        ge=1,
        description="Largest request body in bytes; a larger one is refused with 413.",
    )
    storage_uri: str = Field(
        default="",
        description="Where artifacts are kept: `s3://bucket/prefix`. Empty: `storage` in the "
        "instance directory.",
    )
    s3_endpoint_url: str = Field(
        default="",
        description="Address of the S3-compatible service, e.g. `https://s3.example.com`; "
        "empty: Amazon's.",
    )
    s3_region: str = Field(default="us-east-1", description="Region of the bucket.")
    public_url: str = Field(
        default="http://127.0.0.1:5000",
        pattern="^https?://[^/?#]+(/[^?#]*)?$",
        description="Address under which clients reach this service; artifacts' `loc` begins "
        "with it.",
    )
    max_upload_bytes: int = Field(
        default=2_147_483_648,
        ge=1,
        # A single PUT, as the S3 store makes, takes 5 GiB.
        le=5_368_709_120,
        description="Largest file of an upload in bytes, 5 GiB at most; a larger one is refused "
        "with 413.",
    )
    max_open_uploads: int = Field(
        default=16,
        ge=1,
        description="Most uploads in pieces that one author may have open at a time.",
    )
    upload_lifetime: int = Field(
        default=86_400,
        ge=1,
        description="Seconds after which an upload in pieces must be finished.",
    )
    max_unpacked_bytes: int = Field(
        default=17_179_869_184,
        ge=1,
        description="Most bytes that an uploaded archive may unpack to.",
    )
    max_archive_files: int = Field(
        default=50_000,
        ge=1,
        le=500_000,
        description="Most files and directories in an uploaded archive.",
    )
    author_quota_bytes: int = Field(
        default=10_737_418_240,
        ge=0,
        description="Most bytes that the artifacts of one author may take up.",
    )
    min_free_bytes: int = Field(
        default=1_073_741_824,
        ge=0,
        description="Bytes of the disk that uploads and processing leave free.",
    )
    processing_timeout: int = Field(
        default=10_800,
        ge=1,
        description="Seconds after which a version that is still processing is `aborted`.",
    )
    refresh_timeout: int = Field(
        default=7_200,
        ge=1,
        description="Seconds after which a refresh by a worker is given up.",
    )
    job_timeout: int = Field(
        default=3_600,
        ge=1,
        description="Seconds after which a job of any other kind is given up.",
    )
    max_report_bytes: int = Field(
        default=DEFAULT_LARGEST,
        ge=1,
        description="Largest report in bytes, uploaded or in the workspace; a larger one is not "
        "read. Reading one of JSON may take thirty times its size in memory, and of 10 MB a second "
        "or two.",
    )
    reports_coverage: str = Field(
        default=DEFAULT_PATTERNS[ReportKind.COVERAGE],
        description="Files that are coverage reports, from each package's directory, separated by "
        "commas; `*`, `?` and `[…]` stand for names or parts of them.",
    )
    reports_tests: str = Field(
        default=DEFAULT_PATTERNS[ReportKind.TESTS],
        description="Files that are reports of test runs, likewise.",
    )
    reports_lint: str = Field(
        default=DEFAULT_PATTERNS[ReportKind.LINT],
        description="Files that are reports of lint runs, likewise.",
    )
    reports_audit: str = Field(
        default=DEFAULT_PATTERNS[ReportKind.AUDIT],
        description="Files that are reports on known vulnerabilities, likewise.",
    )
    repository_name: str = Field(
        default="xpkg",
        pattern="^[a-z]{3,8}$",
        description="This registry's own name in full package identifiers (`xpkg/example.one`).",
    )
    repository_title: str = Field(
        default="Registry", description="What `GET /meta` calls this registry, for people."
    )
    repository_description: str = Field(
        default="Packages that authors publish.",
        description="What `GET /meta` says of this registry.",
    )
    refused_words: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Words that no package's name or description may hold, separated by commas.",
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="The least severe log lines that are written.",
    )
    log_format: str = Field(
        default="text",
        pattern="^(text|json)$",
        description="How log lines are written: `text`, for people, or `json`, one object a line.",
    )
    metrics: str = Field(
        default="off",
        pattern="^(off|loopback|on)$",
        description="Who may read `GET /metrics`: nobody (`off`), callers on this machine that no "
        "proxy speaks for (`loopback`), or everyone (`on`).",
    )
    npm_registry_url: str = Field(
        default="",
        description="The npm registry that external dependencies are looked up in, `https://…` or "
        "`http://…`. Empty: they are not looked up.",
    )
    npm_registry_private: bool = Field(
        default=False,
        description="Whether the npm registry may be at a private address although its name does "
        "not say so. `localhost`, names without a dot and private addresses may in any case.",
    )
    npm_registry_connections: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Most questions to the npm registry at a time.",
    )
    npm_registry_max_age: int = Field(
        default=21_600,
        ge=0,
        description="Seconds for which what the npm registry said of a package is not asked again.",
    )
    queue_url: str = Field(
        default="",
        pattern="^$|^(redis|rediss|unix|postgresql)://",
        description="What wakes workers: `redis://…`, `rediss://…`, `unix://…` (a Redis on a "
        "socket) or `postgresql://…`. Empty: `queue.db` in the instance directory.",
    )
    github_webhook_secret: SecretStr | None = Field(
        default=None,
        description="The secret of GitHub's webhook, which `/api/webhooks/github` then hears. "
        "Empty: it is closed.",
    )
    gitlab_webhook_token: SecretStr | None = Field(
        default=None,
        description="The secret token of GitLab's webhook, which `/api/webhooks/gitlab` then "
        "hears. Empty: it is closed.",
    )
    build_window_days: int = Field(
        default=90,
        ge=1,
        le=3_650,
        description="How many days' builds count for `successRate` and `averageDuration`, today "
        "included.",
    )
    graphql_max_cost: int = Field(
        default=100_000,
        ge=1,
        description="Most rows that one GraphQL operation may ask for, known before any is read.",
    )
    graphql_max_page_size: int = Field(
        default=1_000,
        ge=1,
        description="Most nodes that one GraphQL connection gives at once.",
    )
    graphql_max_depth: int = Field(
        default=15, ge=1, description="Most fields inside one another in a GraphQL operation."
    )
    graphql_max_aliases: int = Field(
        default=50, ge=0, description="Most aliases in a GraphQL operation, its fragments spread."
    )
    graphql_max_fields: int = Field(
        default=500, ge=1, description="Most fields in a GraphQL operation, its fragments spread."
    )
    graphql_max_tokens: int = Field(
        default=2_000, ge=1, description="Most tokens (words and signs) in a GraphQL document."
    )
    graphql_max_query_length: int = Field(
        default=20_000, ge=1, description="Most characters in a GraphQL document."
    )
    graphql_max_batch: int = Field(
        default=10, ge=1, description="Most GraphQL operations in one request, sent as a list."
    )
    graphql_cache_bytes: int = Field(
        default=33_554_432,
        ge=0,
        description="Room for GraphQL answers that are kept until the data change, in bytes for "
        "each process; 0: none are kept.",
    )
    graphql_trusted_documents: Path | None = Field(
        default=None,
        description="A JSON file of GraphQL documents by id: only these are run. Empty: any is.",
    )
    graphql_introspection: bool = Field(
        default=True, description="Whether clients may ask for the GraphQL schema by a query."
    )
    graphql_explorer: bool = Field(
        default=True, description="Whether browsers get the GraphiQL explorer at `/graphql`."
    )

    @field_validator(
        "workspace",
        "graphql_trusted_documents",
        "github_webhook_secret",
        "gitlab_webhook_token",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("cors_origins", "refused_words", mode="before")
    @classmethod
    def _split_on_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("npm_registry_url")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be an address that begins with https:// or http://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("it must be an address without a user, a query or a fragment")
        return value

    @field_validator("reports_coverage", "reports_tests", "reports_lint", "reports_audit")
    @classmethod
    def _stay_below_the_package(cls, value: str) -> str:
        ReportFiles({ReportKind.TESTS: value}, largest=1)
        return value

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str) -> str:
        # The address that hosting platforms hand out names no driver.
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                return "postgresql+psycopg://" + value.removeprefix(prefix)
        return value

    def database_address(self) -> str:
        """Give the database's URL, the embedded default's included."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{self.instance_path.resolve() / 'registry.db'}"

    def report_files(self) -> ReportFiles:
        """Give which files of the workspace are reports."""
        patterns = {
            ReportKind.COVERAGE: self.reports_coverage,
            ReportKind.TESTS: self.reports_tests,
            ReportKind.LINT: self.reports_lint,
            ReportKind.AUDIT: self.reports_audit,
        }
        return ReportFiles(patterns, largest=self.max_report_bytes)
