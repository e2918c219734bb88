"""What the operator's jobs work with: Postgres as footfall_operator, the vector and the object store. No weights are
loaded and no rule lives here; what serves requests is in `footfall.services`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from footfall.record import operator_engine
from footfall.serving import Companion, read_serving, served_version
from footfall.settings import Settings
from footfall.stores.base import ObjectStore, VectorStore
from footfall.stores.objects import open_objects
from footfall.stores.vectors import open_vectors
from footfall.tenancy import unbound_transaction
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.models.offline import MOCK_VERSIONS


@dataclass(frozen=True, slots=True)
class OperatorServices:
    """The parts, connected on first use. `default_version`: what is served until the record says otherwise."""

    settings: Settings
    engine: Engine
    vectors: VectorStore
    default_version: str

    @property
    def model_version(self) -> str:
        """The version that is served, as the record has it now. Raises PostgresUnavailableError."""
        return served_version(self.engine, self.default_version)

    @property
    def objects(self) -> ObjectStore:
        """A store of its own each time, for few jobs need one. Raises ConfigurationError while S3 is not set."""
        return open_objects(self.settings)

    @property
    def companion(self) -> Companion | None:
        """The version beside the one served. Raises PostgresUnavailableError."""
        with unbound_transaction(self.engine) as connection:
            return read_serving(connection, self.default_version).companion

    def close(self) -> None:
        self.vectors.close()
        self.engine.dispose()


def open_operator_services(settings: Settings) -> OperatorServices:
    """Opens the parts; connects to nothing yet. Raises ConfigurationError when the operator's DSN is not set."""
    return OperatorServices(
        settings=settings,
        engine=operator_engine(settings, application="footfall-operator"),
        vectors=open_vectors(settings),
        default_version=MOCK_VERSIONS[0] if settings.offline else EMBEDDER.version,
    )
