"""How Alembic runs a migration: on the connection and in the transaction that `footfall.provisioning` hands over."""

from __future__ import annotations

from alembic import context

if context.is_offline_mode():
    raise RuntimeError("Migrations run against a server only; scripts cannot be generated.")

context.configure(
    connection=context.config.attributes["connection"],
    # Not Alembic's own name: Dagster's storage, which may share the database, keeps its version under that one.
    version_table="footfall_schema_version",
    version_table_schema="public",
)
with context.begin_transaction():
    context.run_migrations()
