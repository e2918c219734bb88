"""The whole configuration, read from the environment here and nowhere else. The sections' fields, with their bounds
and meanings, are in the modules `footfall.settings_*`. No setting is read at import.

From the environment: `FOOTFALL_` and the field's path joined by two underscores, as in `FOOTFALL_POSTGRES__DSN`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from footfall.errors import ConfigurationError
from footfall.settings_addresses import AddressSettings
from footfall.settings_alerts import AlertSettings
from footfall.settings_api import ApiSettings
from footfall.settings_limits import LimitSettings
from footfall.settings_machine import IngestSettings, StackSettings
from footfall.settings_orchestration import OrchestrationSettings
from footfall.settings_retention import RetentionSettings
from footfall.settings_stores import MilvusSettings, PostgresSettings, S3Settings
from footfall.settings_vault import VaultSettings
from footfall.settings_vision import LivenessSettings, RecognitionSettings, ReEmbed, VisionSettings

__all__ = [
    "PREFIX",
    "AddressSettings",
    "AlertSettings",
    "ApiSettings",
    "IngestSettings",
    "LimitSettings",
    "LivenessSettings",
    "MilvusSettings",
    "OrchestrationSettings",
    "PostgresSettings",
    "RecognitionSettings",
    "RetentionSettings",
    "S3Settings",
    "Settings",
    "StackSettings",
    "VaultSettings",
    "VisionSettings",
    "load_settings",
]

PREFIX = "FOOTFALL_"


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
    vault: VaultSettings = VaultSettings()
    retention: RetentionSettings = RetentionSettings()
    vision: VisionSettings = VisionSettings()
    liveness: LivenessSettings = LivenessSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    api: ApiSettings = ApiSettings()
    limits: LimitSettings = LimitSettings()
    addresses: AddressSettings = AddressSettings()
    alerts: AlertSettings = AlertSettings()
    orchestration: OrchestrationSettings = OrchestrationSettings()
    ingest: IngestSettings = IngestSettings()
    stack: StackSettings = StackSettings()

    @property
    def models_path(self) -> Path:
        return self.models_dir or self.home / "models"

    @property
    def keys_path(self) -> Path:
        return self.api.keys_dir or self.home / "secrets" / "jwt"

    @property
    def master_key_path(self) -> Path:
        return self.vault.master_key_file or self.home / "secrets" / "faces.key"

    @property
    def re_embed(self) -> ReEmbed:
        """How the server looks at events' pictures. Offline never, unless it is set: the stand-in for the embedder sees
        somebody else in every picture that a real one made the template of."""
        default = "re_embed" not in self.recognition.model_fields_set
        return "never" if self.offline and default else self.recognition.re_embed

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
