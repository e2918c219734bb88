"""Settings of what Footfall stores in: Postgres, Milvus, S3. Read by `footfall.settings` alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from footfall.settings_section import Section


class PostgresSettings(Section):
    dsn: SecretStr | None = Field(
        default=None,
        description="Owner DSN (postgresql://user:password@host:port/database) of a server to use instead of the "
        "embedded one. Its role must be allowed to create roles. Used by migrations and provisioning alone.",
    )
    app_dsn: SecretStr | None = Field(
        default=None, description="DSN of the role footfall_app; made from `dsn` when absent."
    )
    operator_dsn: SecretStr | None = Field(
        default=None,
        description="DSN of the role footfall_operator, which the assets use; made from `dsn` when absent.",
    )
    transform_dsn: SecretStr | None = Field(
        default=None,
        description="DSN of the role footfall_transform, which dbt uses; made from `dsn` when absent.",
    )
    dagster_dsn: SecretStr | None = Field(
        default=None, description="DSN of Dagster's own storage; made from `dsn` when absent."
    )
    pool_size: int = Field(default=8, ge=1, le=100, description="Connections a process keeps.")
    statement_timeout_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="A query is stopped after this long."
    )
    connect_timeout_seconds: int = Field(
        default=5, ge=1, le=60, description="Giving up on a connection after this long."
    )


class MilvusSettings(Section):
    uri: str | None = Field(
        default=None,
        description="http://host:port of a Milvus server to use instead of the embedded Milvus Lite.",
    )
    token: SecretStr | None = Field(default=None, description="user:password or API token, where the server wants one.")
    alias: str = Field(
        default="faces", pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Alias that searches go through."
    )
    index: Literal["auto", "ivf_flat"] = Field(
        default="auto",
        description="Index that a rebuild makes. auto: SCANN on a Milvus server, which reads short codes of the "
        "vectors and scores the best again by the vectors themselves, and IVF_FLAT on Milvus Lite. ivf_flat: that on "
        "both.",
    )
    nlist: int = Field(default=128, ge=1, le=65_536, description="IVF clusters.")
    nprobe: int = Field(
        default=128,
        ge=1,
        le=65_536,
        description="IVF clusters looked into for one search of a collection that no rebuild has measured; as many as "
        "nlist finds everybody, fewer miss people.",
    )
    exact_up_to: int = Field(
        default=100_000,
        ge=0,
        description="While no tenant has more templates than this, every cluster is searched, which is exact. Beyond, "
        "a rebuild chooses the fewest clusters that still reach min_recall.",
    )
    min_recall: float = Field(
        default=0.999,
        ge=0.5,
        le=1.0,
        description="Recall of the best and of the ten best against an exact search, under which a rebuilt collection "
        "is not served.",
    )
    timeout_seconds: float = Field(default=10.0, gt=0, le=300, description="Giving up on a call after this long.")


class S3Settings(Section):
    endpoint: str | None = Field(
        default=None, description="host:port of an S3 server to use instead of the embedded SeaweedFS."
    )
    access_key: SecretStr | None = Field(default=None, description="Access key; generated for the embedded server.")
    secret_key: SecretStr | None = Field(default=None, description="Secret key; generated for the embedded server.")
    secure: bool = Field(default=False, description="Speak TLS to the endpoint.")
    region: str = Field(default="us-east-1", max_length=64, description="Region used in signatures.")
    bucket_raw: str = Field(default="faces-raw", min_length=3, max_length=63, description="Bucket of raw face crops.")
    bucket_derived: str = Field(
        default="faces-derived",
        min_length=3,
        max_length=63,
        description="Bucket of enrolment photographs and aligned crops.",
    )
    raw_retention_days: int = Field(default=30, ge=1, le=3650, description="Lifecycle of the raw bucket.")
    timeout_seconds: float = Field(default=10.0, gt=0, le=300, description="Giving up on an answer after this long.")
