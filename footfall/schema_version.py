"""Whether this program and the database's schema go together: two versions of the one share the other during an
upgrade. docs/adr/two-versions-on-one-database.md has the rule; bringing the schema there is `footfall.provisioning`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

import footfall
from footfall.errors import SchemaMismatchError, SchemaMissingError
from footfall.stores.postgres import schema_history
from footfall.stores.postgres.schema_history import Migrated
from footfall.tenancy import unbound_transaction

# Beside this package in the checkout and in the wheel alike.
_VERSIONS = Path(footfall.__file__).parent.parent / "migrations" / "versions"


@cache
def known_revisions() -> tuple[str, ...]:
    """The migrations that this program knows, the first one first: by their files' names, for Alembic itself is not
    for every process."""
    return tuple(sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py")))


def require_schema(engine: Engine) -> str:
    """What is said of the schema where it is fit. Raises SchemaMismatchError and PostgresUnavailableError."""
    with unbound_transaction(engine) as connection:
        had = schema_history.read(connection)
    return judge(had, known_revisions())


def judge(had: Sequence[Migrated], known: Sequence[str]) -> str:
    """`had`: the database's migrations; `known`: this program's; both in order.

    Raises SchemaMismatchError where the program is too new for the database, or too old: some later migration took
    away what it works with.
    """
    newest = known[-1]
    if not had:
        raise SchemaMissingError(
            "The database has no schema of Footfall, or one that no program of today made.",
            hint="Run `footfall db migrate`.",
        )
    revision = had[-1].revision
    if revision == newest:
        return f"the schema is at {revision}"
    if revision in known:
        raise SchemaMismatchError(
            f"The schema is at {revision}, and this program needs {newest}.",
            hint="Run `footfall db migrate` of this version before its programs are started.",
        )
    unknown = [step for step in had if step.revision not in known]
    breaking = [step.revision for step in unknown if not step.previous_code_runs]
    if breaking:
        raise SchemaMismatchError(
            f"The schema is at {revision}, and since {breaking[-1]} this program, which knows {newest}, cannot work "
            "with it.",
            hint="Stop it, and start the newer version in its place.",
        )
    return f"the schema is at {revision}, newer than this program's {newest}, which works with it"
