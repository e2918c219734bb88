"""Postgres as the operator sees it, without the other stores: for what looks often and must stay light. The operator's
jobs that write have `footfall.operations`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import ConfigurationError
from footfall.face_vault import open_vault
from footfall.settings import Settings
from footfall.stores.postgres import erasure_requests, model_versions, staff_enrolments, tenants
from footfall.stores.postgres.engine import open_engine
from footfall.stores.postgres.model_coverage import count_coverage
from footfall.stores.postgres.table_sizes import TableSize, measure_tables
from footfall.tenancy import tenant_transaction, unbound_transaction


@dataclass(frozen=True, slots=True)
class Record:
    engine: Engine

    def tenant_ids(self) -> list[TenantId]:
        """Every tenant, oldest first. Raises PostgresUnavailableError."""
        with unbound_transaction(self.engine) as connection:
            return tenants.all_ids(connection)

    def staff_fingerprint(self) -> str:
        """Changes whenever a face of staff is enrolled or removed, in whichever tenant. Raises
        PostgresUnavailableError."""
        digest = hashlib.sha256()
        for tenant_id in self.tenant_ids():
            with tenant_transaction(self.engine, tenant_id) as connection:
                state = staff_enrolments.state(connection)
            digest.update(f"{tenant_id} {state}\n".encode())
        return digest.hexdigest()

    def version_to_reach(self) -> str | None:
        """The model version beside the one served, unless it is paused. Raises PostgresUnavailableError."""
        with unbound_transaction(self.engine) as connection:
            rows = model_versions.select_versions(connection)
        wanted = (row.model_version for row in rows if row.role in {"candidate", "former"} and not row.paused)
        return next(wanted, None)

    def tenants_behind(self, model_version: str) -> list[TenantId]:
        """Those with templates that nobody has tried to bring over yet. Raises PostgresUnavailableError."""
        behind: list[TenantId] = []
        for tenant_id in self.tenant_ids():
            with tenant_transaction(self.engine, tenant_id) as connection:
                if count_coverage(connection, model_version).untried:
                    behind.append(tenant_id)
        return behind

    def erasures(self) -> list[str]:
        """Requests that can be carried out now, by id. Raises PostgresUnavailableError."""
        found: list[str] = []
        for tenant_id in self.tenant_ids():
            with tenant_transaction(self.engine, tenant_id) as connection:
                ready = erasure_requests.select_unfinished(connection, now=datetime.now(UTC))
            found += [str(request.request_id) for request in ready]
        return found

    def table_sizes(self) -> dict[str, TableSize]:
        """Raises PostgresUnavailableError."""
        with unbound_transaction(self.engine) as connection:
            return measure_tables(connection)

    def close(self) -> None:
        self.engine.dispose()


def open_record(settings: Settings) -> Record:
    """Connects to nothing yet. Raises ConfigurationError when the operator's DSN is not set."""
    return Record(operator_engine(settings, application="footfall-sensors"))


def operator_engine(settings: Settings, *, application: str) -> Engine:
    """Connects on first use. Raises ConfigurationError when the operator's DSN is not set."""
    dsn = settings.postgres.operator_dsn
    if dsn is None:
        raise ConfigurationError(
            "No Postgres DSN is set for the role footfall_operator.",
            hint="`footfall up` sets FOOTFALL_POSTGRES__OPERATOR_DSN for what it starts; set it for your own.",
        )
    vault = open_vault(settings)
    return open_engine(dsn.get_secret_value(), settings.postgres, application=application, vault=vault)
