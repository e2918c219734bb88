"""Settings of one machine's processes: the ingest daemon, the stack's ports. Read by `footfall.settings` alone."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from pydantic import Field, SecretStr

from footfall.settings_section import Section


class IngestSettings(Section):
    api_key: SecretStr | None = Field(default=None, description="API key with the worker role.")
    source: SecretStr | None = Field(
        default=None,
        description="What the daemon of the one-machine stack watches: a file, a folder, a device number or an RTSP "
        "URL, whose password is why this is secret. The stack runs no daemon when it is absent.",
    )
    camera_id: UUID | None = Field(default=None, description="The camera that `source` is.")
    sources: dict[UUID, SecretStr] = Field(
        default_factory=dict,
        max_length=64,
        description="Several cameras in one daemon: a source for each camera's id, as a JSON object. In place of "
        "`source` and `camera_id`.",
    )
    worker: str = Field(default="worker-1", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="This worker's name.")
    outbox: Path | None = Field(
        default=None, description="SQLite outbox; default <home>/ingest/outbox-<camera>.sqlite."
    )
    outbox_max_bytes: int = Field(
        default=500_000_000, ge=1_000_000, description="Events are dropped, counted, beyond this."
    )
    outbox_max_age_days: float = Field(
        default=30.0, gt=0, le=365, description="Events that wait longer than this are dropped, counted."
    )
    cpu_limit_cores: float | None = Field(
        default=None,
        gt=0,
        le=64,
        description="Processors that seeing may cost, all cameras of a daemon together. Over it faces are looked for "
        "less often and in smaller pictures; films are played more slowly. Unset: no limit.",
    )
    sure_after_seconds: float = Field(default=1.0, ge=0.0, le=60, description="A track this old is sure and is sent.")
    lost_after_seconds: float = Field(
        default=1.5, gt=0, le=60, description="A face unseen this long has left: its track ends."
    )
    detect_every_seconds: float = Field(default=0.1, ge=0.0, le=10, description="Least time between two detections.")
    host: str = Field(default="127.0.0.1", description="Address of the daemon's own HTTP surface.")
    port: int = Field(default=8010, ge=1, le=65_535, description="Port of the daemon's own HTTP surface.")
    advertised_url: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^https?://[^\s]+$",
        description="Where the API can reach that surface; absent behind NAT, where commands travel with heartbeats.",
    )
    surface_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token for the surface's status and snapshots, for tools on the spot; the API needs none.",
    )
    tls_certificate: Path | None = Field(default=None, description="PEM chain with which the surface speaks TLS.")
    tls_key: Path | None = Field(default=None, description="Its private key; default: in the same file.")
    tls_client_ca: Path | None = Field(
        default=None, description="PEM of those whose client certificates the surface asks for, and takes alone."
    )
    config_file: Path | None = Field(
        default=None, description="TOML file with this worker's own configuration, which goes before the API's."
    )


class StackSettings(Section):
    """First choices of ports for the one-machine stack; a taken one is replaced by a free one."""

    postgres_port: int = Field(default=15432, ge=1024, le=65_535, description="Embedded Postgres.")
    milvus_port: int = Field(default=19530, ge=1024, le=65_535, description="Embedded Milvus Lite.")
    s3_port: int = Field(default=18333, ge=1024, le=65_535, description="Embedded SeaweedFS, S3 API.")
    dashboards_port: int = Field(default=8501, ge=1024, le=65_535, description="Streamlit.")
    dagster_port: int = Field(default=3000, ge=1024, le=65_535, description="Dagster webserver.")
