"""What the domain's functions work with, opened together: settings, engine, stores, vision. No rule lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import SecretStr
from sqlalchemy import Engine

from footfall.calibration_policy import PolicyCache, stated_default
from footfall.errors import ConfigurationError
from footfall.face_vault import open_vault
from footfall.matching import MatchPolicy
from footfall.serving import ServingState, follow
from footfall.settings import Settings
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.objects import open_objects
from footfall.stores.postgres.engine import open_engine
from footfall.stores.vectors import open_vectors
from footfall.vision.pipeline import VisionPipeline, open_vision


@dataclass(frozen=True, slots=True)
class Services:
    """The parts, connected on first use. Thread-safe; one per process."""

    settings: Settings
    engine: Engine
    vectors: VectorStore
    objects: ObjectStore
    vision: VisionPipeline
    policies: PolicyCache = field(default_factory=PolicyCache)
    serving: ServingState = field(default_factory=ServingState)

    @property
    def model_version(self) -> str:
        """The embedder version this process makes and compares templates with: the record's, as it was last read."""
        return self.vision.embedder.model_version

    @property
    def policy(self) -> MatchPolicy:
        """What holds for a tenant without a calibration and with a small gallery; `footfall.calibration_policy` has
        each tenant's own. Raises ConfigurationError for rates that are swapped or cannot be met."""
        return stated_default(self.settings.recognition, self.model_version, self.settings.models_path)

    def prepare(self) -> None:
        """Makes the vector collection, the buckets and their rules where missing. Idempotent; call it before the
        first event. Raises ServiceUnavailableError while a store is away."""
        self.objects.ensure()  # asks nobody else; the collection's name is Postgres' to say
        follow(self)
        self.vectors.ensure(self.model_version)

    def close(self) -> None:
        self.vectors.close()
        self.engine.dispose()


def open_services(settings: Settings, *, role: Literal["app", "operator"] = "app") -> Services:
    """Opens every part for the application's role, or the operator's.

    Raises ConfigurationError when that role's DSN is not set or the settings' rates
    cannot be met or the model was never measured, ModelError when weights are missing or corrupt.
    Connects to nothing yet: a store that is away is noticed by the first call that needs it.
    """
    dsn: SecretStr | None = settings.postgres.app_dsn if role == "app" else settings.postgres.operator_dsn
    if dsn is None:
        raise ConfigurationError(
            f"No Postgres DSN is set for the role footfall_{role}.",
            hint=f"`footfall up` sets FOOTFALL_POSTGRES__{role.upper()}_DSN for what it starts; set it for your own.",
        )
    vision = open_vision(settings)
    services = Services(
        settings=settings,
        engine=open_engine(
            dsn.get_secret_value(), settings.postgres, application=f"footfall-{role}", vault=open_vault(settings)
        ),
        vectors=open_vectors(settings),
        objects=open_objects(settings),
        vision=vision,
    )
    _ = services.policy  # rates that cannot be met are refused now, not at the first face
    return services
