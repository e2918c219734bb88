"""What the database's own catalogue says of its tables, for an erasure that forgets no table that was added since: in
which order a tenant's rows can go, and where an id still stands. Reading alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from graphlib import TopologicalSorter

from sqlalchemy import Connection, text

KEPT = frozenset(
    {
        *("tenants", "audit_log", "audit_chain", "audit_heads"),
        *("erasure_requests", "erasure_steps", "erasure_items", "purge_certificates", "traffic_changes", "legal_holds"),
    }
)
"""Tables of which rows stay when a tenant is erased: the log, the holds that were lifted and the proof, with the ids
that they are about, and the notes by which the marts forget. Nothing in them describes a person."""

FOR_WORKERS = frozenset({"api_keys", "sessions", "workers", "worker_commands", "live_events", "live_heads"})
"""What a worker needs to say that it has forgotten; it goes when every worker has."""

KEYS = frozenset({"face_keys"})
"""Destroyed, counted and read back apart from the rows: by `count_keys`."""

_NO_PERSON = KEPT | KEYS
"""Tables that a search for an id leaves out."""

_MEASURES = frozenset(
    {
        *("face_events", "event_templates", "event_template_versions", "visits"),
        *("customer_templates", "customer_template_versions"),
    }
)
"""Large tables whose texts and documents are versions, kinds and measures."""

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_AS_TEXT = {"jsonb": "{}::text", "text": "{}", "bytea": "encode({}, 'escape')"}


def tenant_tables(connection: Connection) -> list[str]:
    """Tables of tenants, those that refer to others before those."""
    names = connection.execute(
        text("""
            select c.relname
            from pg_class as c
            inner join pg_namespace as n on n.oid = c.relnamespace
            inner join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
            where n.nspname = 'footfall' and c.relkind in ('r', 'p')
        """)
    ).scalars()
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(sorted(names), ()))
    for row in connection.execute(
        text("""
            select distinct child.relname as child, parent.relname as parent
            from pg_constraint as f
            inner join pg_class as child on child.oid = f.conrelid
            inner join pg_class as parent on parent.oid = f.confrelid
            inner join pg_namespace as n on n.oid = child.relnamespace
            where f.contype = 'f' and n.nspname = 'footfall' and f.conrelid <> f.confrelid
        """)
    ):
        order.add(row.parent, row.child)
    return list(order.static_order())


def deletable(connection: Connection, table: str) -> bool:
    """Whether this role may delete the table's rows."""
    return bool(
        connection.execute(
            text("select has_table_privilege(:name, 'DELETE')"), {"name": f"footfall.{table}"}
        ).scalar_one()
    )


def count_of_tenant(connection: Connection, tables: Collection[str]) -> dict[str, int]:
    """By table, rows of the bound tenant, where there are any."""
    found = {}
    for table in sorted(tables):
        rows = connection.execute(
            text(f"select count(*) from footfall.{table} where tenant_id = footfall.current_tenant()")  # noqa: S608
        ).scalar_one()
        if rows:
            found[table] = int(rows)
    return found


def find_ids(connection: Connection, ids: Collection[str]) -> tuple[dict[str, int], int]:
    """By table, rows of the bound tenant in which one of the ids stands, in whichever column; and how many tables were
    read. Columns of UUIDs are compared; texts, documents and kept answers are searched for UUIDs."""
    columns = _columns(connection, "footfall", _NO_PERSON)
    found = {}
    for table, by_type in columns.items():
        wanted = "cast(cast(:ids as text[]) as uuid[])"
        conditions = [f"{column} = any({wanted})" for column in by_type.get("uuid", ())]
        conditions += [f"{column} && {wanted}" for column in by_type.get("uuid[]", ())]
        if table not in _MEASURES:
            conditions += [
                f"exists (select from regexp_matches({form.format(column)}, :pattern, 'g') as m"
                " where m[1] = any(cast(:ids as text[])))"
                for kind, form in _AS_TEXT.items()
                for column in by_type.get(kind, ())
                if kind != "bytea" or table == "idempotency_keys"
            ]
        if not conditions:
            continue
        rows = connection.execute(
            text(f"select count(*) from footfall.{table} where {' or '.join(conditions)}"),  # noqa: S608 - catalogue
            {"ids": list(ids), "pattern": f"({_UUID})"},
        ).scalar_one()
        if rows:
            found[table] = int(rows)
    return found, len(columns)


def find_in_marts(
    connection: Connection, ids: Collection[str], *, whole: bool, rebuilt_after: datetime
) -> tuple[dict[str, int], int]:
    """By mart, rows of the bound tenant in which one of the ids stands, or all of them where the `whole` tenant went;
    and of a mart that was not rebuilt since then, all rows. How many marts were read is the second."""
    columns = _columns(connection, "marts", frozenset())
    found = {}
    for mart, by_type in columns.items():
        conditions = [f"{column} = any(cast(cast(:ids as text[]) as uuid[]))" for column in by_type.get("uuid", ())]
        if whole:
            conditions.append("true")
        if "built_at" in by_type.get("timestamptz", ()):
            conditions.append(
                f"(select max(built_at) from marts.{mart} where tenant_id = footfall.current_tenant()) < :rebuilt_after"  # noqa: S608
            )
        if not conditions or "tenant_id" not in by_type.get("uuid", ()):
            continue
        rows = connection.execute(
            text(f"""
                select count(*) from marts.{mart}
                where tenant_id = footfall.current_tenant() and ({" or ".join(conditions)})
            """),  # noqa: S608 - names out of the catalogue
            {"ids": list(ids), "rebuilt_after": rebuilt_after},
        ).scalar_one()
        if rows:
            found[mart] = int(rows)
    return found, len(columns)


def count_keys(connection: Connection, faces: Collection[str] | None) -> int:
    """Keys of these faces, or of every face of the bound tenant."""
    return int(
        connection.execute(
            text("""
                select count(*) from footfall.face_keys
                where tenant_id = footfall.current_tenant()
                  and (cast(:faces as text[]) is null or face_id = any(cast(cast(:faces as text[]) as uuid[])))
            """),
            {"faces": None if faces is None else list(faces)},
        ).scalar_one()
    )


def _columns(connection: Connection, schema: str, without: frozenset[str]) -> Mapping[str, Mapping[str, list[str]]]:
    """By table and type, the columns of ids, texts and documents, but for the tenant's own id in `footfall`."""
    rows = connection.execute(
        text("""
            select c.relname, a.attname, format_type(a.atttypid, null) as type
            from pg_class as c
            inner join pg_namespace as n on n.oid = c.relnamespace
            inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where n.nspname = :schema and c.relkind in ('r', 'p')
              and has_column_privilege(c.oid, a.attnum, 'SELECT')
            order by c.relname, a.attnum
        """),
        {"schema": schema},
    )
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row.relname not in without:
            kind = "timestamptz" if row.type == "timestamp with time zone" else row.type
            found.setdefault(row.relname, {}).setdefault(kind, []).append(row.attname)
    return found
