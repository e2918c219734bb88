"""Filling the vector store after a restore, from the record alone."""

from __future__ import annotations

from cli import stack
from footfall.gallery import list_tenant_ids, rebuild_gallery
from footfall.operations import open_operator_services
from footfall.settings import Settings


def rebuild(settings: Settings) -> int:
    """Brings the schema to this version's and rebuilds the gallery; answers its templates. Starts what it needs of the
    stack for as long as it takes. Raises as `stack.start` and `rebuild_gallery` do."""
    with stack.running_stack(settings, only=("postgres", "schema", "milvus", "s3")) as running:
        services = open_operator_services(running.settings_for("dagster-code"))
        try:
            rebuilt = rebuild_gallery(
                services.engine,
                services.vectors,
                list_tenant_ids(services.engine),
                services.model_version,
                limits=services.settings.milvus,
            )
            return rebuilt.report.vectors
        finally:
            services.close()
