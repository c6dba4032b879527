"""Every setting: its name, its default, its meaning.

Read once from environment variables with the prefix `REGISTRY_` (Twelve-Factor, III). A test
holds the table in `docs/configuration.md` to this one.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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
    ratelimit_graphql: str = Field(
        default="",
        description="Most rows that GraphQL operations may ask for, counted per author or address, "
        "e.g. `1000000 per minute`; empty: no limit.",
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
    repository_name: str = Field(
        default="xpkg",
        pattern="^[a-z]{3,8}$",
        description="This registry's own name in full package identifiers (`xpkg/example.one`).",
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="The least severe log lines that are written.",
    )
    graphql_max_cost: int = Field(
        default=100_000,
        ge=1,
        description="Most rows that one GraphQL operation may ask for, known before any is read.",
    )
    graphql_max_page_size: int = Field(
    queue_url: str = Field(
        default="",
        pattern="^$|^(redis|rediss|unix|postgresql)://",
        description="What wakes workers: `redis://…`, `rediss://…`, `unix://…` (a Redis on a "
        "socket) or `postgresql://…`. Empty: `queue.db` in the instance directory.",
    )
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
    graphql_timeout_ms: int = Field(
        default=10_000,
        ge=0,
        description="Longest time for a GraphQL root field's statement, in milliseconds; 0: any.",
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

    @field_validator("workspace", "graphql_trusted_documents", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_on_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
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
