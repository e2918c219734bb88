"""Which model version this installation serves, and the other beside it. Changing that is
`footfall.reembedding_switch`'s; templates in the second version are `footfall.reembedding`'s."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from footfall.errors import BusyError, ConfigurationError, ModelError
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.model_versions import ModelVersionRow, select_versions
from footfall.tenancy import unbound_transaction
from footfall.vision.embedders.shelf import OpenedEmbedder

if TYPE_CHECKING:
    from footfall.services import Services
    from footfall.vision.types import Float32Array

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Companion:
    """The version beside the one served: a `candidate` before the switch to it, the `former` one after it. Templates
    are written in both for as long as there are two."""

    model_version: str
    role: Literal["candidate", "former"]
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Serving:
    """`known`: every version that this installation has ever served or prepared."""

    served: str
    companion: Companion | None = None
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """A face in the companion's version. `vector`: (512,) float32 of norm 1."""

    companion: Companion
    vector: Float32Array


class ServingState:
    """What a process last read. Thread-safe: a whole value is put in place of the other."""

    def __init__(self) -> None:
        self.companion: Companion | None = None
        self.known: frozenset[str] = frozenset()
        self._unusable: set[str] = set()

    def first_failure(self, model_version: str) -> bool:
        """Whether this version failed for the first time."""
        first = model_version not in self._unusable
        self._unusable.add(model_version)
        return first


def read_serving(connection: Connection, default_version: str) -> Serving:
    """What the record says; `default_version` is served until it says anything."""
    return serving_of(select_versions(connection), default_version)


def serving_of(rows: Sequence[ModelVersionRow], default_version: str) -> Serving:
    served = next((row.model_version for row in rows if row.role == "served"), default_version)
    companion: Companion | None = None
    for row in rows:
        if row.role == "candidate" or row.role == "former":  # noqa: PLR1714 - which narrows the type
            companion = Companion(row.model_version, row.role, row.paused)
    return Serving(served, companion, frozenset(row.model_version for row in rows) | {served})


def served_version(engine: Engine, default_version: str) -> str:
    """The version that searches compare now. Raises PostgresUnavailableError."""
    with unbound_transaction(engine) as connection:
        return read_serving(connection, default_version).served


def refresh(services: Services, connection: Connection) -> Serving:
    """Has this process serve what the record says, and answers it.

    Raises ModelError and ConfigurationError when this machine lacks the model that is served: nothing could be
    compared.
    """
    found = read_serving(connection, services.model_version)
    if found.served != services.model_version:
        services.vision.serve(found.served)
        logger.info("Serving %s from now on.", found.served)
    services.serving.companion, services.serving.known = found.companion, found.known
    return found


def follow(services: Services) -> None:
    """`refresh` where no transaction is open. Raises as it does, and PostgresUnavailableError."""
    with unbound_transaction(services.engine) as connection:
        refresh(services, connection)


def hold_gallery(
    connection: Connection, services: Services, tenant_id: TenantId, *, embedded_with: str | None = None
) -> None:
    """Holds the tenant's gallery until the transaction ends, and has the process serve what the record says: while it
    is held, no other version is served. `embedded_with`: the version of the vectors that were made before.

    Raises BusyError when another version was served meanwhile: those vectors compare with nothing.
    """
    lock_gallery(connection, tenant_id)
    served = refresh(services, connection).served
    if embedded_with is not None and embedded_with != served:
        raise BusyError(f"{served} is served since a moment ago, in place of {embedded_with}.", hint="Send it again.")


def open_companion(services: Services) -> OpenedEmbedder | None:
    """The companion's embedder; None where there is no companion, and where this machine lacks its model: what is
    enrolled here is then brought over later, from its stored crop."""
    companion = services.serving.companion
    if companion is None:
        return None
    try:
        return services.vision.opened(companion.model_version)
    except (ModelError, ConfigurationError) as error:
        if services.serving.first_failure(companion.model_version):
            logger.warning("templates are written in one version alone here: %s", error)
        return None
