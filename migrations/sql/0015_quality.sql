-- The least count that a tenant's site managers are shown in a report; 1 shows everything.
alter table footfall.tenants
add column smallest_count smallint not null default 5 check (smallest_count between 1 and 100);
grant update (smallest_count) on footfall.tenants to footfall_app;

-- As in 0006, with the new column.
drop function footfall.tenants_of_platform();
create function footfall.tenants_of_platform() returns table (
    tenant_id uuid, slug text, name text, privacy_mode text, legal_basis text, retention_days integer,
    smallest_count smallint, platform boolean, status text, status_since timestamptz, version integer,
    created_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select
        t.tenant_id,
        t.slug,
        t.name,
        t.privacy_mode,
        t.legal_basis,
        t.retention_days,
        t.smallest_count,
        t.platform,
        t.status,
        t.status_since,
        t.version,
        t.created_at
    from footfall.tenants as t
    where exists (
        select from footfall.tenants as p
        where p.tenant_id = footfall.current_tenant() and p.platform
    );
end;
revoke all on function footfall.tenants_of_platform() from public;
grant execute on function footfall.tenants_of_platform() to footfall_app;
