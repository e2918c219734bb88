-- Roles, row-level security and grants. The roles own nothing but the marts; passwords are set by provisioning.
-- Works for a superuser and for an ordinary owner with CREATEROLE: docs/adr/roles-and-row-level-security.md.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['footfall_app', 'footfall_operator', 'footfall_transform'] loop
        begin
            if not exists (select 1 from pg_roles where rolname = wanted) then
                execute format('create role %I login nosuperuser nobypassrls nocreatedb nocreaterole', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- Roles belong to the whole server: another database's migration made it just now.
        end;
        -- A role that someone else made may undo every policy below.
        if exists (select 1 from pg_roles where rolname = wanted and (rolsuper or rolbypassrls or rolcreaterole)) then
            raise exception 'role % must be NOSUPERUSER NOBYPASSRLS NOCREATEROLE', wanted
            using errcode = 'invalid_role_specification';
        end if;
    end loop;
    if not pg_has_role('footfall_operator', 'footfall_app', 'USAGE') then
        grant footfall_app to footfall_operator;
    end if;
    -- SET lets the owner make (and drop) the marts' schema in the role's name; without INHERIT the owner does not
    -- gain the role's sight of every tenant. A superuser may do this already.
    if not pg_has_role(current_user, 'footfall_transform', 'SET') then
        grant footfall_transform to current_user with inherit false, set true;
    end if;
    -- A hardened server lets nobody in by default. dbt builds in temporary tables.
    foreach wanted in array array['footfall_app', 'footfall_operator', 'footfall_transform'] loop
        if not has_database_privilege(wanted, current_database(), 'CONNECT') then
            execute format('grant connect on database %I to %I', current_database(), wanted);
        end if;
    end loop;
    if not has_database_privilege('footfall_transform', current_database(), 'TEMPORARY') then
        execute format('grant temporary on database %I to footfall_transform', current_database());
    end if;
end
$$;

create function footfall.current_tenant() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.tenant_id', true), '')::uuid;

-- No tenant bound: current_tenant() is null, the comparison is null, and no row passes.
do $$
declare
    protected text;
begin
    for protected in
        select c.relname
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'footfall' and c.relkind = 'r'
    loop
        execute format('alter table footfall.%I enable row level security', protected);
        execute format('alter table footfall.%I force row level security', protected);
        execute format(
            'create policy tenant_isolation on footfall.%I using (tenant_id = footfall.current_tenant())'
            ' with check (tenant_id = footfall.current_tenant())',
            protected
        );
    end loop;
end
$$;

-- The two questions that must be answered before a tenant is bound. Their owner alone may read tenants unbound.
create policy owner_reads on footfall.tenants for select to current_user using (true);

create function footfall.tenant_id_for_slug(wanted text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select tenant_id from footfall.tenants
    where slug = wanted;
end;

create function footfall.tenant_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select tenant_id from footfall.tenants
    order by created_at, tenant_id;
end;

revoke all on function footfall.tenant_id_for_slug(text) from public;
revoke all on function footfall.tenant_ids() from public;
grant execute on function footfall.tenant_id_for_slug(text) to footfall_app;
grant execute on function footfall.tenant_ids() to footfall_operator;

-- The log is only ever added to, by the owner too: grants do not bind the one who gave them.
create function footfall.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'footfall.% is only ever added to', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_log_append_only
before update or delete or truncate on footfall.audit_log
for each statement execute function footfall.refuse_change();

grant usage on schema footfall to footfall_app, footfall_transform;
grant select, insert, update, delete on
footfall.sites, footfall.cameras, footfall.users, footfall.user_sites, footfall.api_keys, footfall.staff,
footfall.staff_face_images, footfall.customers, footfall.customer_templates, footfall.visits,
footfall.face_events, footfall.workers
to footfall_app;
grant select, update on footfall.tenants to footfall_app;
grant select, insert on footfall.audit_log to footfall_app;

-- dbt reads across tenants, and only what the marts are made of: no template, no image key, no name of a person.
create policy transform_reads on footfall.sites for select to footfall_transform using (true);
create policy transform_reads on footfall.visits for select to footfall_transform using (true);
create policy transform_reads on footfall.face_events for select to footfall_transform using (true);
grant select (tenant_id, site_id, name, timezone) on footfall.sites to footfall_transform;
grant select (
    tenant_id, visit_id, site_id, person_kind, staff_id, customer_id, started_at, ended_at, sightings,
    is_first_visit, updated_at
) on footfall.visits to footfall_transform;
grant select (
    tenant_id, event_id, site_id, camera_id, captured_at, decision, visit_id, committed_at
) on footfall.face_events to footfall_transform;
grant execute on function footfall.current_tenant() to footfall_app, footfall_transform;

create schema marts authorization footfall_transform;
set local role footfall_transform;
grant usage on schema marts to footfall_app;
reset role;
