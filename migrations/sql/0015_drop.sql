-- Undoes 0015: site managers see every count again.
drop function footfall.tenants_of_platform();
create function footfall.tenants_of_platform() returns table (
    tenant_id uuid, slug text, name text, privacy_mode text, legal_basis text, retention_days integer,
    platform boolean, status text, status_since timestamptz, version integer, created_at timestamptz
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
revoke update (smallest_count) on footfall.tenants from footfall_app;
alter table footfall.tenants drop column smallest_count;
