"""What Postgres's own catalogue says about tenancy: relations that a forgotten policy or flag leaves open."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

_TENANT_RULE = "(tenant_id = footfall.current_tenant())"

_RELATIONS = text("""
    select
        c.oid, n.nspname || '.' || c.relname as name, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
        coalesce('security_invoker=true' = any(c.reloptions) or 'security_invoker=on' = any(c.reloptions), false)
            as security_invoker,
        exists (
            select from pg_attribute as a
            where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnum > 0 and not a.attisdropped
                and a.atttypid = 'uuid'::regtype
        ) as has_tenant
    from pg_class as c
    inner join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in ('footfall', 'marts') and c.relkind in ('r', 'p', 'f', 'm', 'v')
    order by name
""")

_POLICIES = text("""
    select
        p.polname, p.polcmd, p.polpermissive,
        pg_get_expr(p.polqual, p.polrelid) as using_rule, pg_get_expr(p.polwithcheck, p.polrelid) as check_rule,
        0 = any(p.polroles) as for_everyone,
        exists (
            select from unnest(p.polroles) as r (oid)
            where r.oid <> 0 and pg_has_role('footfall_operator', r.oid, 'MEMBER')
        ) as for_application
    from pg_policy as p
    where p.polrelid = :relation
""")


def open_relations(connection: Connection) -> dict[str, list[str]]:
    """Relations of the schemas footfall and marts that do not keep tenants apart, each with its reasons.

    Kept apart: a table has row-level security enabled and forced, a tenant_id, and a permissive policy for everyone
    and every command that both shows and takes rows of the bound tenant alone; no other permissive policy widens that
    for everyone or for the application's roles. A view reads with its caller's rights. Foreign tables and
    materialised views cannot keep tenants apart at all.
    """
    found = {row.name: _reasons(connection, row) for row in connection.execute(_RELATIONS).all()}
    return {name: reasons for name, reasons in found.items() if reasons}


def _reasons(connection: Connection, relation: Row[Any]) -> list[str]:
    if relation.relkind == "v":
        return [] if relation.security_invoker else ["a view without security_invoker"]
    if relation.relkind in {"f", "m"}:
        return ["a foreign table or materialised view"]
    reasons = []
    if not relation.has_tenant:
        reasons.append("no tenant_id")
    if not relation.relrowsecurity:
        reasons.append("row-level security is not enabled")
    if not relation.relforcerowsecurity:
        reasons.append("row-level security is not forced")
    isolated = False
    for policy in connection.execute(_POLICIES, {"relation": relation.oid}).all():
        if not policy.polpermissive:
            continue
        rules = (policy.using_rule, policy.check_rule)
        if policy.for_everyone and policy.polcmd == "*" and rules == (_TENANT_RULE, _TENANT_RULE):
            isolated = True
        elif policy.for_everyone or policy.for_application:
            reasons.append(f"policy {policy.polname} widens the tenant's own")
    if not isolated:
        reasons.append("no policy with USING and WITH CHECK for the bound tenant")
    return reasons


def tenant_tables(connection: Connection) -> set[str]:
    """Names of the tables of schema footfall."""
    return set(
        connection.execute(
            text(
                "select c.relname from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace"
                " where n.nspname = 'footfall' and c.relkind in ('r', 'p')"
            )
        ).scalars()
    )
