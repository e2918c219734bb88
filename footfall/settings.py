"""Every setting, its bounds and its meaning; read here and nowhere else. No setting is read at import.

From the environment: `FOOTFALL_` and the field's path joined by two underscores, as in `FOOTFALL_POSTGRES__DSN`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from footfall.errors import ConfigurationError

PREFIX = "FOOTFALL_"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PostgresSettings(_Section):
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


class MilvusSettings(_Section):
    uri: str | None = Field(
        default=None,
        description="http://host:port of a Milvus server to use instead of the embedded Milvus Lite.",
    )
    token: SecretStr | None = Field(default=None, description="user:password or API token, where the server wants one.")
    alias: str = Field(
        default="faces", pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Alias that searches go through."
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


class S3Settings(_Section):
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
    presigned_seconds: int = Field(default=300, ge=10, le=3600, description="How long a presigned URL works.")
    timeout_seconds: float = Field(default=10.0, gt=0, le=300, description="Giving up on an answer after this long.")


class VisionSettings(_Section):
    detector: Literal["auto", "yunet", "yuface", "retinaface", "mock"] = Field(
        default="auto", description="auto: YuNet's ONNX where it was pulled, else the yuface build."
    )
    backend: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="Inference runtime; auto takes OpenVINO where it loads, else onnxruntime."
    )
    precision: Literal["auto", "float32"] = Field(
        default="auto", description="auto lets OpenVINO use bfloat16 where the processor has it."
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads of one inference.")
    detect_long_side_px: int = Field(
        default=640, ge=160, le=1920, description="Frames are shrunk to this for detection."
    )
    detection_score_floor: float = Field(
        default=0.6, ge=0.05, le=0.99, description="Detections under this are dropped."
    )
    max_image_bytes: int = Field(
        default=15_000_000, ge=10_000, le=200_000_000, description="Larger uploads are refused."
    )
    max_image_pixels: int = Field(
        default=40_000_000, ge=10_000, le=400_000_000, description="Larger pictures are refused."
    )
    quality_floor: float = Field(
        default=0.35, ge=0.0, le=1.0, description="Faces under this are counted, never matched."
    )
    min_face_px: int = Field(default=32, ge=12, le=512, description="Smaller faces are counted, never matched.")
    enrol_min_face_px: int = Field(default=64, ge=12, le=1024, description="Smaller faces are not enrolled.")
    enrol_min_sharpness: float = Field(
        default=20.0,
        ge=0.0,
        le=5000,
        description="More blurred photographs are not enrolled: variance of the Laplacian over the aligned crop. One "
        "in a thousand photographs of LFW lies under 20.",
    )
    enrol_max_turn_deg: float = Field(
        default=45.0,
        gt=0,
        le=90,
        description="Faces turned or tilted further are not enrolled. One in a hundred of LFW is turned by over 45.",
    )
    mirror: str | None = Field(
        default=None,
        description="Folder or base URL asked first for weights and sample media (file names as in the manifest).",
    )


class LivenessSettings(_Section):
    model: Literal["off", "fr-liveness"] = Field(
        default="off",
        description="Model that tells a live face from a picture of one. Its verdict is recorded and shown. Its error "
        "rate under attack was not measured: docs/liveness.md.",
    )
    spoof_below: float = Field(default=0.5, ge=0.0, le=1.0, description="Scores under this are called a spoof.")
    live_from: float = Field(default=0.8, ge=0.0, le=1.0, description="Scores from this on are called live.")
    refuse_enrolment: bool = Field(
        default=False, description="Refuse to enrol photographs that are called a spoof, instead of noting it."
    )


class RecognitionSettings(_Section):
    target_fpir: float = Field(
        default=0.003,
        ge=1e-6,
        le=0.3,
        description="Share of strangers that may be taken for somebody, at the gallery's present size: the upper "
        "threshold follows from it and from the calibration.",
    )
    unsure_fpir: float = Field(
        default=0.1,
        ge=1e-6,
        le=0.5,
        description="Share of strangers that may score over the lower threshold; scores between the two are unsure.",
    )
    margin: float = Field(
        default=0.05, ge=0, le=0.5, description="Lead in cosine that a match needs over the second person."
    )
    search_limit: int = Field(default=20, ge=2, le=200, description="Templates asked of the vector store per probe.")
    max_templates_per_customer: int = Field(default=5, ge=1, le=50, description="Stored templates of one customer.")
    enrolment_valid_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Photographs of staff enrolled from now on are matched for this many days; then they have to be "
        "enrolled anew. Unset: for ever.",
    )
    enrolment_reminder_days: int = Field(
        default=30, ge=0, le=365, description="Reminders begin this many days before a photograph expires."
    )
    max_future_seconds: int = Field(
        default=300, ge=0, le=3600, description="Events further ahead of the clock are refused."
    )


class ApiSettings(_Section):
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port the API listens on.")
    url: str | None = Field(
        default=None,
        description="Base URL that dashboards, workers and Dagster use; made from host and port.",
    )
    issuer: str = Field(default="footfall", max_length=200, description="`iss` of access tokens.")
    audience: str = Field(default="footfall-api", max_length=200, description="`aud` of access tokens.")
    token_seconds: int = Field(default=900, ge=60, le=86_400, description="Life of an access token.")
    max_upload_bytes: int = Field(
        default=16_000_000, ge=100_000, le=256_000_000, description="Larger bodies are refused."
    )
    keys_dir: Path | None = Field(default=None, description="Folder of RS256 keys; default <home>/secrets/jwt.")
    vision_at_once: int = Field(
        default=2, ge=1, le=64, description="Photographs analysed at the same time; more wait their turn."
    )
    events_at_once: int = Field(
        default=6, ge=1, le=64, description="Face events recorded at the same time; keep it under the Postgres pool."
    )
    waiting_at_most: int = Field(
        default=32, ge=0, le=1000, description="Requests that may wait for such a turn; more are answered with 503."
    )
    upload_seconds: float = Field(
        default=30.0, gt=0, le=600, description="Giving up on an upload that has not arrived after this long."
    )


class IngestSettings(_Section):
    api_key: SecretStr | None = Field(default=None, description="API key with the worker role.")
    source: SecretStr | None = Field(
        default=None,
        description="What the daemon of the one-machine stack watches: a file, a folder, a device number or an RTSP "
        "URL, whose password is why this is secret. The stack runs no daemon when it is absent.",
    )
    camera_id: UUID | None = Field(default=None, description="The camera that `source` is.")
    worker: str = Field(default="worker-1", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="This worker's name.")
    outbox: Path | None = Field(
        default=None, description="SQLite outbox; default <home>/ingest/outbox-<camera>.sqlite."
    )
    outbox_max_bytes: int = Field(
        default=500_000_000, ge=1_000_000, description="Events are dropped, counted, beyond this."
    )
    sure_after_seconds: float = Field(default=1.0, ge=0.0, le=60, description="A track this old is sure and is sent.")
    lost_after_seconds: float = Field(
        default=1.5, gt=0, le=60, description="A face unseen this long has left: its track ends."
    )
    detect_every_seconds: float = Field(default=0.1, ge=0.0, le=10, description="Least time between two detections.")
    host: str = Field(default="127.0.0.1", description="Address of the daemon's own HTTP surface.")
    port: int = Field(default=8010, ge=1, le=65_535, description="Port of the daemon's own HTTP surface.")


class StackSettings(_Section):
    """First choices of ports for the one-machine stack; a taken one is replaced by a free one."""

    postgres_port: int = Field(default=15432, ge=1024, le=65_535, description="Embedded Postgres.")
    milvus_port: int = Field(default=19530, ge=1024, le=65_535, description="Embedded Milvus Lite.")
    s3_port: int = Field(default=18333, ge=1024, le=65_535, description="Embedded SeaweedFS, S3 API.")
    dashboards_port: int = Field(default=8501, ge=1024, le=65_535, description="Streamlit.")
    dagster_port: int = Field(default=3000, ge=1024, le=65_535, description="Dagster webserver.")


class Settings(BaseSettings):
    """The whole configuration. Frozen; an unknown name is an error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, allow_inf_nan=False
    )

    home: Path = Field(default=Path("var"), description="Folder of all state of this machine.")
    offline: bool = Field(
        default=False,
        description="In-memory stand-ins for Milvus and S3, a mock detector and embedder: for trying things.",
    )
    models_dir: Path | None = Field(default=None, description="Folder of weights; default <home>/models.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    faces_dir: Path = Field(
        default=Path("../shared/faces"),
        description="Development only: labelled faces for accuracy tests and benchmarks.",
    )
    postgres: PostgresSettings = PostgresSettings()
    milvus: MilvusSettings = MilvusSettings()
    s3: S3Settings = S3Settings()
    vision: VisionSettings = VisionSettings()
    liveness: LivenessSettings = LivenessSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    api: ApiSettings = ApiSettings()
    ingest: IngestSettings = IngestSettings()
    stack: StackSettings = StackSettings()

    @property
    def models_path(self) -> Path:
        return self.models_dir or self.home / "models"

    @property
    def keys_path(self) -> Path:
        return self.api.keys_dir or self.home / "secrets" / "jwt"

    def outbox_path(self, camera_id: UUID) -> Path:
        """One for each camera, unless a path is set: two workers on one machine must not share an outbox."""
        return self.ingest.outbox or self.home / "ingest" / f"outbox-{camera_id}.sqlite"

    @property
    def api_url(self) -> str:
        return (self.api.url or f"http://{self.api.host}:{self.api.port}").rstrip("/")


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and `overrides` (which win).

    Raises ConfigurationError naming every offending variable, unknown `FOOTFALL_` names included: a misspelt
    variable that is silently ignored is how a default ends up in production.
    """
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper().split("__")[0] not in known
    )
    if unknown:
        raise ConfigurationError(
            f"Unknown settings in the environment: {', '.join(unknown)}.",
            hint="docs/settings.md lists every setting; correct the name or unset the variable.",
        )
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates what the caller passes
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'__'.join(str(part) for part in item['loc']).upper()}: {item['msg']}" for item in error.errors()
        )
        raise ConfigurationError(
            f"The configuration is not valid: {problems}.",
            hint="docs/settings.md states each setting's bounds.",
        ) from error
