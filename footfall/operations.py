"""What the operator's jobs work with: Postgres as footfall_operator and the vector store. No weights are loaded and no
rule lives here; what serves requests is in `footfall.services`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from footfall.errors import ConfigurationError
from footfall.settings import Settings
from footfall.stores.base import VectorStore
from footfall.stores.postgres.engine import open_engine
from footfall.stores.vectors import open_vectors
from footfall.vision.embedders.mock import MockEmbedder
from footfall.vision.models.manifest import EMBEDDER


@dataclass(frozen=True, slots=True)
class OperatorServices:
    """The parts, connected on first use. `model_version`: of the embedder that the settings have served."""

    settings: Settings
    engine: Engine
    vectors: VectorStore
    model_version: str

    def close(self) -> None:
        self.vectors.close()
        self.engine.dispose()


def open_operator_services(settings: Settings) -> OperatorServices:
    """Opens the parts; connects to nothing yet. Raises ConfigurationError when the operator's DSN is not set."""
    dsn = settings.postgres.operator_dsn
    if dsn is None:
        raise ConfigurationError(
            "No Postgres DSN is set for the role footfall_operator.",
            hint="`footfall up` sets FOOTFALL_POSTGRES__OPERATOR_DSN for what it starts; set it for your own.",
        )
    return OperatorServices(
        settings=settings,
        engine=open_engine(dsn.get_secret_value(), settings.postgres, application="footfall-operator"),
        vectors=open_vectors(settings),
        model_version=MockEmbedder().model_version if settings.offline else EMBEDDER.version,
    )
