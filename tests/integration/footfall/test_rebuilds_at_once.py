"""Two rebuilds of the gallery at the same time, one by Dagster and one by hand for instance: each is served whole or
not at all, and what is served in the end is what is recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from footfall.errors import ServiceUnavailableError
from footfall.gallery import gallery_drift, rebuild_gallery
from footfall.operations import open_operator_services
from tests.integration.footfall.erasing import visitor
from tests.integration.footfall.world import World

AT_ONCE = 2


def test_two_rebuilds_at_once_leave_what_is_recorded(over_milvus: World) -> None:
    for who in range(1, 6):
        visitor(over_milvus, who, sightings=1)
    before = over_milvus.vector_ids()
    settings = over_milvus.services.settings.model_copy(update={"offline": False})
    version = over_milvus.services.model_version
    together = Barrier(AT_ONCE)

    def rebuild(_: int) -> str | None:
        """The collection that it left, or None where it gave way."""
        operator = open_operator_services(settings)
        try:
            together.wait(timeout=60)
            done = rebuild_gallery(operator.engine, operator.vectors, [over_milvus.tenant_id], version)
        except ServiceUnavailableError:
            return None
        finally:
            operator.close()
        return done.report.collection

    with ThreadPoolExecutor(AT_ONCE) as pool:
        left = [name for name in pool.map(rebuild, range(AT_ONCE)) if name is not None]
    assert left, "one of them at least is served"
    assert over_milvus.vector_ids() == before
    operator = open_operator_services(settings)
    assert gallery_drift(operator.engine, operator.vectors, over_milvus.tenant_id, version).none
    assert operator.vectors.served().collection in left
    assert rebuild_gallery(operator.engine, operator.vectors, [over_milvus.tenant_id], version).report.vectors == 5
    operator.close()
