"""Whether the parts this process works with answer. What to do about one that does not is the reader's business."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from contracts.reports import ComponentHealth
from footfall.errors import FootfallError, SchemaMismatchError
from footfall.schema_version import require_schema
from footfall.services import Services
from footfall.serving import refresh
from footfall.stores.postgres.tenants import id_for_slug
from footfall.tenancy import unbound_transaction

logger = logging.getLogger(__name__)


def check_services(services: Services) -> tuple[ComponentHealth, ...]:
    """Asks every part, all at the same time, so that one that is away delays no other. Never raises for one."""

    def models() -> str:
        embedder = services.vision.embedder
        return f"{services.vision.detector.name}, {embedder.model_version} on {embedder.backend}"

    checks: dict[str, Callable[[], str]] = {
        "postgres": lambda: _ping_postgres(services),
        "vectors": services.vectors.ping,
        "objects": services.objects.ping,
        "models": models,
    }
    with ThreadPoolExecutor(len(checks), thread_name_prefix="health") as pool:
        return tuple(pool.map(_answer, checks.keys(), checks.values()))


def _ping_postgres(services: Services) -> str:
    # Through the schema, as the application's role: a server without our tables is not ready, nor one with those of a
    # version that this program does not go together with.
    with unbound_transaction(services.engine) as connection:
        id_for_slug(connection, "")
        refresh(services, connection)  # a process that sees no events notices a change of the model here
    return f"answers; {require_schema(services.engine)}"


def _answer(name: str, check: Callable[[], str]) -> ComponentHealth:
    try:
        return ComponentHealth(name=name, healthy=True, detail=check())
    except SchemaMismatchError as error:
        logger.warning("%s is not ready: %s", name, error.message)
        return ComponentHealth(name=name, healthy=False, detail=f"{error.message} {error.hint}")
    except FootfallError as error:
        # The message may name hosts and roles, which are for the log.
        logger.warning("%s is not ready: %s", name, error.message)
        return ComponentHealth(name=name, healthy=False, detail=f"{error.title}.")
