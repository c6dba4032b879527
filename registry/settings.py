"""Every setting: its name, its default, its meaning.

Read once from environment variables with the prefix `REGISTRY_` (Twelve-Factor, III). A test
holds the table in `docs/configuration.md` to this one.
"""

from pathlib import Path
from urllib.parse import urlsplit

from registry.configured import Configured, Secret, setting
from registry.rules.enumerations import ReportKind
from registry.workspace.report_files import DEFAULT_LARGEST, DEFAULT_PATTERNS, ReportFiles


def _name_the_driver(address: str) -> str:
    # The address that hosting platforms hand out names no driver.
    for prefix in ("postgres://", "postgresql://"):
        if address.startswith(prefix):
            return "postgresql+psycopg://" + address.removeprefix(prefix)
    return address


def _check_npm_registry(address: str) -> str:
    if not address:
        return address
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be an address that begins with https:// or http://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must be an address without a user, a query or a fragment")
    return address


def _stay_below_the_package(patterns: str) -> str:
    ReportFiles({ReportKind.TESTS: patterns}, largest=1)
    return patterns


class Settings(Configured):
    """The service's settings, frozen once read.

    Raises:
        InvalidSettings: a variable holds what its setting cannot.
    """

    prefix = "REGISTRY_"

    database_url: str = setting(
        default="",
        description="Where the catalogue is kept: `sqlite:///path` or `postgresql+psycopg://…`. "
        "Empty: `registry.db` in the instance directory.",
        check=_name_the_driver,
    )
    instance_path: Path = setting(
        default=Path("instance"),
        description="Directory of what the service itself writes: the SQLite database, locks.",
    )
    workspace: Path | None = setting(
        default=None,
        description="Path of the git repository to catalogue: a work tree or a bare clone. "
        "Empty: the one that the database remembers.",
    )
    open_writes: bool = setting(
        default=False,
        description="Whether the documented workspace writes work without a token. "
        "Only for a server that listens on loopback.",
    )
    cors_origins: tuple[str, ...] = setting(
        default=(),
        description="Origins that browsers may call from, separated by commas; `*` for all.",
    )
    ratelimit_storage_uri: str = setting(
        default="memory://",
        description="Where requests are counted: `memory://` for one process, `redis://…` for "
        "more.",
    )
    ratelimit_default: str = setting(
        default="",
        description="Limit of the routes that document none, e.g. `100 per minute`; empty: none.",
    )
    ratelimit_account: str = setting(
        default="5 per 3 seconds",
        description="Limit of the account API, counted per author.",
    )
    ratelimit_account_data: str = setting(
        default="8 per 5 seconds", description="Limit of `GET /account/data`, per author."
    )
    ratelimit_auth_issue: str = setting(
        default="3 per 3 seconds", description="Limit of `POST /auth/issue`, per author."
    )
    ratelimit_packages: str = setting(
        default="4 per 4 seconds", description="Limit of `GET /packages`."
    )
    ratelimit_package_info: str = setting(
        default="10 per 2 seconds", description="Limit of `GET /packages/info/…`."
    )
    ratelimit_package_new: str = setting(
        default="3 per 5 seconds", description="Limit of `POST /packages/new`, per author."
    )
    ratelimit_package_upload: str = setting(
        default="3 per 8 seconds", description="Limit of `POST /packages/upload`, per author."
    )
    ratelimit_package_retry: str = setting(
        default="3 per 8 seconds", description="Limit of `POST /packages/retry`, per author."
    )
    ratelimit_package_description: str = setting(
        default="3 per 4 seconds", description="Limit of `PATCH /packages/description`, per author."
    )
    ratelimit_package_incompatibilities: str = setting(
        default="3 per 4 seconds",
        description="Limit of `PATCH /packages/incompatibilities`, per author.",
    )
    ratelimit_package_xpselection: str = setting(
        default="3 per 4 seconds", description="Limit of `PATCH /packages/xpselection`, per author."
    )
    ratelimit_analytics: str = setting(
        default="6 per 4 seconds", description="Limit of `GET /analytics/…`."
    )
    ratelimit_meta: str = setting(default="4 per 10 seconds", description="Limit of `GET /meta`.")
    ratelimit_resolve: str = setting(
        default="10 per 2 seconds", description="Limit of `GET /packages/resolve`."
    )
    ratelimit_address: str = setting(
        default="",
        description="Limit of all requests of one address together, e.g. `30 per 10 seconds`; "
        "empty: none.",
    )
    ratelimit_address_shut_out: int = setting(
        default=30,
        ge=1,
        description="Seconds for which an address that went over its limit is refused.",
    )
    ratelimit_graphql: str = setting(
        default="",
        description="Most rows that GraphQL operations may ask for, counted per author or address, "
        "e.g. `1000000 per minute`; empty: no limit.",
    )
    read_timeout_ms: int = setting(
        default=10_000,
        ge=0,
        description="Longest time that a statement which only reads may run, in milliseconds; 0: "
        "any.",
    )
    rest_cache_bytes: int = setting(
        default=16_777_216,
        ge=0,
        description="Room for REST answers that are kept until the data change, in bytes for each "
        "process; 0: none are kept.",
    )
    max_body_bytes: int = setting(
        default=1_048_576,
        ge=1,
        description="Largest request body in bytes; a larger one is refused with 413.",
    )
    storage_uri: str = setting(
        default="",
        description="Where artifacts are kept: `s3://bucket/prefix`. Empty: `storage` in the "
        "instance directory.",
    )
    s3_endpoint_url: str = setting(
        default="",
        description="Address of the S3-compatible service, e.g. `https://s3.example.com`; "
        "empty: Amazon's.",
    )
    s3_region: str = setting(default="us-east-1", description="Region of the bucket.")
    public_url: str = setting(
        default="http://127.0.0.1:5000",
        pattern="https?://[^/?#]+(/[^?#]*)?",
        description="Address under which clients reach this service; artifacts' `loc` begins "
        "with it.",
    )
    max_upload_bytes: int = setting(
        default=2_147_483_648,
        ge=1,
        # A single PUT, as the S3 store makes, takes 5 GiB.
        le=5_368_709_120,
        description="Largest file of an upload in bytes, 5 GiB at most; a larger one is refused "
        "with 413.",
    )
    max_open_uploads: int = setting(
        default=16,
        ge=1,
        description="Most uploads in pieces that one author may have open at a time.",
    )
    upload_lifetime: int = setting(
        default=86_400,
        ge=1,
        description="Seconds after which an upload in pieces must be finished.",
    )
    max_unpacked_bytes: int = setting(
        default=17_179_869_184,
        ge=1,
        description="Most bytes that an uploaded archive may unpack to.",
    )
    max_archive_files: int = setting(
        default=50_000,
        ge=1,
        le=500_000,
        description="Most files and directories in an uploaded archive.",
    )
    author_quota_bytes: int = setting(
        default=10_737_418_240,
        ge=0,
        description="Most bytes that the artifacts of one author may take up.",
    )
    min_free_bytes: int = setting(
        default=1_073_741_824,
        ge=0,
        description="Bytes of the disk that uploads and processing leave free.",
    )
    processing_timeout: int = setting(
        default=10_800,
        ge=1,
        description="Seconds after which a version that is still processing is `aborted`.",
    )
    refresh_timeout: int = setting(
        default=7_200,
        ge=1,
        description="Seconds after which a refresh by a worker is given up.",
    )
    job_timeout: int = setting(
        default=3_600,
        ge=1,
        description="Seconds after which a job of any other kind is given up.",
    )
    max_report_bytes: int = setting(
        default=DEFAULT_LARGEST,
        ge=1,
        description="Largest report in bytes, uploaded or in the workspace; a larger one is not "
        "read. Reading one of JSON may take thirty times its size in memory, and of 10 MB a second "
        "or two.",
    )
    reports_coverage: str = setting(
        default=DEFAULT_PATTERNS[ReportKind.COVERAGE],
        description="Files that are coverage reports, from each package's directory, separated by "
        "commas; `*`, `?` and `[…]` stand for names or parts of them.",
        check=_stay_below_the_package,
    )
    reports_tests: str = setting(
        default=DEFAULT_PATTERNS[ReportKind.TESTS],
        description="Files that are reports of test runs, likewise.",
        check=_stay_below_the_package,
    )
    reports_lint: str = setting(
        default=DEFAULT_PATTERNS[ReportKind.LINT],
        description="Files that are reports of lint runs, likewise.",
        check=_stay_below_the_package,
    )
    reports_audit: str = setting(
        default=DEFAULT_PATTERNS[ReportKind.AUDIT],
        description="Files that are reports on known vulnerabilities, likewise.",
        check=_stay_below_the_package,
    )
    repository_name: str = setting(
        default="xpkg",
        pattern="[a-z]{3,8}",
        description="This registry's own name in full package identifiers (`xpkg/example.one`).",
    )
    repository_title: str = setting(
        default="Registry", description="What `GET /meta` calls this registry, for people."
    )
    repository_description: str = setting(
        default="Packages that authors publish.",
        description="What `GET /meta` says of this registry.",
    )
    refused_words: tuple[str, ...] = setting(
        default=(),
        description="Words that no package's name or description may hold, separated by commas.",
    )
    log_level: str = setting(
        default="INFO",
        pattern="DEBUG|INFO|WARNING|ERROR",
        description="The least severe log lines that are written.",
    )
    log_format: str = setting(
        default="text",
        pattern="text|json",
        description="How log lines are written: `text`, for people, or `json`, one object a line.",
    )
    metrics: str = setting(
        default="off",
        pattern="off|loopback|on",
        description="Who may read `GET /metrics`: nobody (`off`), callers on this machine that no "
        "proxy speaks for (`loopback`), or everyone (`on`).",
    )
    npm_registry_url: str = setting(
        default="",
        description="The npm registry that external dependencies are looked up in, `https://…` or "
        "`http://…`. Empty: they are not looked up.",
        check=_check_npm_registry,
    )
    npm_registry_private: bool = setting(
        default=False,
        description="Whether the npm registry may be at a private address although its name does "
        "not say so. `localhost`, names without a dot and private addresses may in any case.",
    )
    npm_registry_connections: int = setting(
        default=8,
        ge=1,
        le=64,
        description="Most questions to the npm registry at a time.",
    )
    npm_registry_max_age: int = setting(
        default=21_600,
        ge=0,
        description="Seconds for which what the npm registry said of a package is not asked again.",
    )
    queue_url: str = setting(
        default="",
        pattern="|(redis|rediss|unix|postgresql)://.*",
        description="What wakes workers: `redis://…`, `rediss://…`, `unix://…` (a Redis on a "
        "socket) or `postgresql://…`. Empty: `queue.db` in the instance directory.",
    )
    github_webhook_secret: Secret | None = setting(
        default=None,
        description="The secret of GitHub's webhook, which `/api/webhooks/github` then hears. "
        "Empty: it is closed.",
    )
    gitlab_webhook_token: Secret | None = setting(
        default=None,
        description="The secret token of GitLab's webhook, which `/api/webhooks/gitlab` then "
        "hears. Empty: it is closed.",
    )
    build_window_days: int = setting(
        default=90,
        ge=1,
        le=3_650,
        description="How many days' builds count for `successRate` and `averageDuration`, today "
        "included.",
    )
    graphql_max_cost: int = setting(
        default=100_000,
        ge=1,
        description="Most rows that one GraphQL operation may ask for, known before any is read.",
    )
    graphql_max_page_size: int = setting(
        default=1_000,
        ge=1,
        description="Most nodes that one GraphQL connection gives at once.",
    )
    graphql_max_depth: int = setting(
        default=15, ge=1, description="Most fields inside one another in a GraphQL operation."
    )
    graphql_max_aliases: int = setting(
        default=50, ge=0, description="Most aliases in a GraphQL operation, its fragments spread."
    )
    graphql_max_fields: int = setting(
        default=500, ge=1, description="Most fields in a GraphQL operation, its fragments spread."
    )
    graphql_max_tokens: int = setting(
        default=2_000, ge=1, description="Most tokens (words and signs) in a GraphQL document."
    )
    graphql_max_query_length: int = setting(
        default=20_000, ge=1, description="Most characters in a GraphQL document."
    )
    graphql_max_batch: int = setting(
        default=10, ge=1, description="Most GraphQL operations in one request, sent as a list."
    )
    graphql_cache_bytes: int = setting(
        default=33_554_432,
        ge=0,
        description="Room for GraphQL answers that are kept until the data change, in bytes for "
        "each process; 0: none are kept.",
    )
    graphql_trusted_documents: Path | None = setting(
        default=None,
        description="A JSON file of GraphQL documents by id: only these are run. Empty: any is.",
    )
    graphql_introspection: bool = setting(
        default=True, description="Whether clients may ask for the GraphQL schema by a query."
    )
    graphql_explorer: bool = setting(
        default=True, description="Whether browsers get the GraphiQL explorer at `/graphql`."
    )

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
