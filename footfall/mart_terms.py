"""Rows of the marts past their term, deleted in the name of the role that owns them. What they count is dbt's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import ConfigurationError
from footfall.retention_terms import BATCH_ROWS, Aged, terms_of
from footfall.settings import RetentionSettings, Settings
from footfall.stores.postgres import ageing, legal_holds, retention_terms, tenants
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_transaction


def transform_engine(settings: Settings, *, application: str) -> Engine:
    """Connects on first use. Raises ConfigurationError when the DSN of footfall_transform is not set."""
    dsn = settings.postgres.transform_dsn
    if dsn is None:
        raise ConfigurationError(
            "No Postgres DSN is set for the role footfall_transform.",
            hint="`footfall up` sets FOOTFALL_POSTGRES__TRANSFORM_DSN for what it starts; set it for your own.",
        )
    return open_engine(dsn.get_secret_value(), settings.postgres, application=application)


def age_marts(
    operator: Engine,
    transform: Engine,
    tenant_ids: Sequence[TenantId],
    installation: RetentionSettings,
    *,
    now: datetime,
    dry_run: bool,
    batch_rows: int = BATCH_ROWS,
) -> list[Aged]:
    """Deletes rows of the marts past their tenant's term. `transform`: the engine of the role that owns the marts. A
    tenant of which anything is held keeps them. Raises PostgresUnavailableError."""
    found = []
    for tenant_id in tenant_ids:
        with tenant_transaction(operator, tenant_id) as connection:
            tenant = tenants.bound(connection)
            days = terms_of(retention_terms.select_terms(connection), installation).mart_days
            held = legal_holds.is_held(connection, "tenant", [tenant_id])
        if tenant is None or days is None:
            continue
        cutoff = now - timedelta(days=days)
        with tenant_transaction(transform, tenant_id) as connection:
            names = ageing.mart_tables(connection)
            rows = sum(ageing.count_mart(connection, name, cutoff) for name in names)
        deleted = 0
        for name in names if rows and not dry_run and not held else ():
            while True:
                with tenant_transaction(transform, tenant_id) as connection:
                    gone = ageing.delete_mart(connection, name, cutoff, most=batch_rows)
                deleted += gone
                if gone < batch_rows:
                    break
        found.append(Aged(tenant_id, tenant.slug, "marts", days, rows, deleted, held))
    return found
