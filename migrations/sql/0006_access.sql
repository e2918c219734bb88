-- Users, API keys, refresh tokens and signing keys under administration.
-- docs/adr/sessions-and-revocation.md, docs/adr/a-platform-tenant.md

-- A system administrator belongs to a platform tenant, which footfall_app can neither make nor become.
alter table footfall.tenants
add column platform boolean not null default false,
add column status text not null default 'active'
check (status in ('active', 'suspended', 'deletion_requested')),
add column status_since timestamptz not null default now(),
add column version integer not null default 1 check (version > 0),
add constraint tenants_by_platform unique (tenant_id, platform),
add constraint tenants_platform_stays check (not platform or status = 'active');
revoke update on footfall.tenants from footfall_app;
grant update (
    name, privacy_mode, legal_basis, retention_days, status, status_since, version
) on footfall.tenants to footfall_app;

-- Where system administrators were made before, their tenant is a platform. Policies are forced: each is bound in turn.
do $$
declare
    tenant uuid;
begin
    for tenant in select tenant_id from footfall.tenants loop
        perform set_config('app.tenant_id', tenant::text, true);
        update footfall.tenants
        set platform = true
        where tenant_id = tenant and exists (select from footfall.users where role = 'system_admin');
    end loop;
    perform set_config('app.tenant_id', '', true);
end
$$;

alter table footfall.users
add column version integer not null default 1 check (version > 0),
add column last_login_at timestamptz,
-- True or null: the reference below holds a system administrator's tenant to being a platform, and nobody else's.
add column in_platform boolean generated always as (case when role = 'system_admin' then true end) stored,
add constraint users_system_admins_in_platform foreign key (tenant_id, in_platform)
references footfall.tenants (tenant_id, platform);
create index users_by_creation on footfall.users (tenant_id, created_at, user_id);

alter table footfall.api_keys
add column version integer not null default 1 check (version > 0),
-- Null: every site of the tenant.
add column site_ids uuid[],
add column created_by text,
-- After a rotation the secret before works on until then, so that no machine is cut off.
add column previous_sha256 bytea check (octet_length(previous_sha256) = 32),
add column previous_until timestamptz,
add constraint api_keys_previous_ends check ((previous_sha256 is null) = (previous_until is null)),
add constraint api_keys_sites_of_managers check (site_ids is null or role = 'site_manager');
create index api_keys_by_creation on footfall.api_keys (tenant_id, created_at, key_id);

-- A sign-in, and everything that came of it: access tokens name it, refresh tokens belong to it.
create table footfall.sessions (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    session_id uuid not null default gen_random_uuid(),
    user_id uuid,
    key_id uuid,
    -- A system administrator's visit to another tenant, which ends with the session that it began in.
    parent_id uuid,
    -- No reference: it is another tenant's.
    entered_tenant_id uuid,
    reason text,
    started_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    primary key (tenant_id, session_id),
    foreign key (tenant_id, user_id) references footfall.users (tenant_id, user_id) on delete cascade,
    foreign key (tenant_id, key_id) references footfall.api_keys (tenant_id, key_id) on delete cascade,
    foreign key (tenant_id, parent_id) references footfall.sessions (tenant_id, session_id) on delete cascade,
    constraint sessions_of_one check (num_nonnulls(user_id, key_id) = 1),
    constraint sessions_entering_says_why check (num_nonnulls(parent_id, entered_tenant_id, reason) in (0, 3)),
    constraint sessions_end_says_why check ((ended_at is null) = (end_reason is null))
);
create index sessions_by_user on footfall.sessions (tenant_id, user_id) where user_id is not null;
create index sessions_by_key on footfall.sessions (tenant_id, key_id) where key_id is not null;
create index sessions_by_parent on footfall.sessions (tenant_id, parent_id) where parent_id is not null;

create table footfall.refresh_tokens (
    tenant_id uuid not null,
    token_id uuid not null default gen_random_uuid(),
    session_id uuid not null,
    secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    -- Used ones stay as long as their session: one that comes again was copied.
    used_at timestamptz,
    primary key (tenant_id, token_id),
    foreign key (tenant_id, session_id) references footfall.sessions (tenant_id, session_id) on delete cascade
);
create index refresh_tokens_by_session on footfall.refresh_tokens (tenant_id, session_id);

do $$
declare
    protected text;
begin
    foreach protected in array array['sessions', 'refresh_tokens'] loop
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
grant select, insert, update, delete on footfall.sessions, footfall.refresh_tokens to footfall_app;

-- What tokens rest on has changed: API processes forget what they knew of the tenant's callers, however it was changed.
create function footfall.announce_access() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('footfall_access', case when tg_op = 'DELETE' then old.tenant_id else new.tenant_id end::text);
    return null;
end
$$;
create trigger access_of_tenants after update of status on footfall.tenants
for each row execute function footfall.announce_access();
create trigger access_of_users after update of role, active or delete on footfall.users
for each row execute function footfall.announce_access();
create trigger access_of_user_sites after insert or update or delete on footfall.user_sites
for each row execute function footfall.announce_access();
create trigger access_of_api_keys after update of role, camera_ids, site_ids, expires_at, revoked_at or delete
on footfall.api_keys for each row execute function footfall.announce_access();
create trigger access_of_sessions after update of ended_at on footfall.sessions
for each row execute function footfall.announce_access();

-- The list of tenants, for a transaction that is bound to a platform tenant; for every other it is empty.
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

-- Adds the bound tenant in the name of a platform tenant; false when the slug is taken.
create function footfall.add_tenant(
    platform_id uuid, new_slug text, new_name text, mode text, basis text, days integer
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from footfall.tenants where tenant_id = platform_id and platform) then
        raise exception 'only a platform tenant adds tenants' using errcode = 'insufficient_privilege';
    end if;
    insert into footfall.tenants (tenant_id, slug, name, privacy_mode, legal_basis, retention_days)
    values (footfall.current_tenant(), new_slug, new_name, mode, basis, days)
    on conflict (slug) do nothing;
    return found;
end
$$;

revoke all on function footfall.tenants_of_platform() from public;
revoke all on function footfall.add_tenant(uuid, text, text, text, text, integer) from public;
grant execute on function footfall.tenants_of_platform() to footfall_app;
grant execute on function footfall.add_tenant(uuid, text, text, text, text, integer) to footfall_app;
