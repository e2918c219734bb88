{#- The catalogue says that row-level security is enabled and forced, that its one policy for readers binds both what
is read and what is written to the bound tenant, and that nobody reads but who should. A rebuild loses all three. Takes no `where`: it is about the table, not about rows. -#}
{% test tenant_rows_are_protected(model) %}
with guarded as (
    select
        tables.oid,
        tables.relrowsecurity,
        tables.relforcerowsecurity,
        tables.relowner,
        tables.relacl
    from pg_catalog.pg_class as tables
    inner join pg_catalog.pg_namespace as schemas on tables.relnamespace = schemas.oid
    where schemas.nspname = '{{ model.schema }}' and tables.relname = '{{ model.identifier }}'
)

select 'the catalogue holds no such table' as fault
where not exists (select 1 from guarded)
union all
select 'row-level security is not enabled' as fault
from guarded
where not relrowsecurity
union all
select 'row-level security is not forced' as fault
from guarded
where not relforcerowsecurity
union all
select 'the policy tenant_isolation is missing or altered' as fault
from guarded
where
    not exists (
        select 1
        from pg_catalog.pg_policy as policies
        where
            policies.polrelid = guarded.oid
            and policies.polname = 'tenant_isolation'
            and policies.polcmd = '*'
            and policies.polpermissive
            and pg_get_expr(policies.polqual, policies.polrelid) = '(tenant_id = footfall.current_tenant())'
            and pg_get_expr(policies.polwithcheck, policies.polrelid) = '(tenant_id = footfall.current_tenant())'
    )
union all
select 'a policy opens the rows to others: ' || policies.polname as fault
from guarded
inner join pg_catalog.pg_policy as policies on guarded.oid = policies.polrelid
where
    policies.polname <> 'tenant_isolation'
    and policies.polpermissive
    and policies.polroles <> array[guarded.relowner]
union all
select 'granted to another than footfall_app: ' || granted.grantee::regrole::text as fault
from guarded
cross join lateral aclexplode(guarded.relacl) as granted
where
    granted.grantee <> guarded.relowner
    and not (granted.grantee = 'footfall_app'::regrole and granted.privilege_type = 'SELECT')
{% endtest %}
