-- Erasures that are carried out and proven: docs/adr/erasure-ends-in-a-certificate.md
-- Who or what is to be forgotten, how far it has come, what was found to be erased in other stores, and the proof.
alter table footfall.erasure_requests
alter column customer_id drop not null,
add column subject_kind text not null default 'customer'
check (subject_kind in ('customer', 'staff', 'tenant', 'camera')),
add column staff_id uuid,
add column camera_id uuid,
-- [since, until) of a camera.
add column since timestamptz,
add column until timestamptz,
-- A tenant's end can be taken back until then.
add column not_before timestamptz not null default now(),
add column error text check (length(error) <= 500),
add column started_at timestamptz,
add column completed_at timestamptz,
add constraint erasure_requests_subject check (
    num_nonnulls(customer_id, staff_id, camera_id, since, until)
    = case subject_kind when 'tenant' then 0 when 'camera' then 3 else 1 end
    and (subject_kind = 'customer') = (customer_id is not null)
    and (subject_kind = 'staff') = (staff_id is not null)
    and (subject_kind = 'camera') = (camera_id is not null)
    and since < until is not false
),
add constraint erasure_requests_completed check ((status = 'completed') = (completed_at is not null)),
drop constraint erasure_requests_status_check,
add constraint erasure_requests_status_check check (
    status in ('open', 'running', 'waiting', 'failed', 'completed', 'withdrawn')
);
drop index footfall.erasure_requests_one_open;
create unique index erasure_requests_one_open on footfall.erasure_requests (
    tenant_id, subject_kind, coalesce(customer_id, staff_id, camera_id, tenant_id), coalesce(since, '-infinity'),
    coalesce(until, 'infinity')
) where status not in ('completed', 'withdrawn');

create table footfall.erasure_steps (
    tenant_id uuid not null,
    request_id uuid not null,
    step text not null check (
        step in ('rows', 'keys', 'vectors', 'objects', 'workers', 'remains', 'marts', 'proof')
    ),
    state text not null default 'pending' check (state in ('pending', 'running', 'waiting', 'failed', 'done')),
    attempts integer not null default 0 check (attempts >= 0),
    -- What was erased or found, by table or store.
    counts jsonb not null default '{}'::jsonb check (jsonb_typeof(counts) = 'object'),
    error text check (length(error) <= 500),
    started_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, request_id, step),
    foreign key (tenant_id, request_id) references footfall.erasure_requests (tenant_id, request_id) on delete cascade
);

-- Noted in the transaction that deletes the row which named it: what other stores hold, and what the proof looks for.
-- Forgotten with the certificate.
create table footfall.erasure_items (
    tenant_id uuid not null,
    request_id uuid not null,
    kind text not null check (kind in ('person', 'event', 'template', 'face', 'raw', 'derived')),
    item text not null,
    primary key (tenant_id, request_id, kind, item),
    foreign key (tenant_id, request_id) references footfall.erasure_requests (tenant_id, request_id) on delete cascade
);

-- No personal data: docs/erasure.md says what a certificate holds.
create table footfall.purge_certificates (
    tenant_id uuid not null,
    request_id uuid not null,
    certificate_id uuid not null,
    issued_at timestamptz not null,
    kid text not null,
    document jsonb not null,
    primary key (tenant_id, request_id),
    foreign key (tenant_id, request_id) references footfall.erasure_requests (tenant_id, request_id)
);

do $$
declare
    protected text;
begin
    foreach protected in array array['erasure_steps', 'erasure_items', 'purge_certificates'] loop
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
-- Whoever serves requests may show how an erasure goes, and neither carry one out nor say that it was.
grant select on footfall.erasure_steps, footfall.erasure_items, footfall.purge_certificates to footfall_app;
grant insert, update, delete on footfall.erasure_steps, footfall.erasure_items to footfall_operator;
grant insert on footfall.purge_certificates to footfall_operator;
grant delete on footfall.corrections to footfall_operator;

-- Of an erased tenant a row without a name stays: the audit log and the certificate belong to it.
alter table footfall.tenants
drop constraint tenants_status_check,
add constraint tenants_status_check check (status in ('active', 'suspended', 'deletion_requested', 'erased'));
grant update (slug) on footfall.tenants to footfall_operator;

create or replace function footfall.tenant_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select tenant_id from footfall.tenants
    where status <> 'erased'
    order by created_at, tenant_id;
end;

alter table footfall.worker_commands
drop constraint worker_commands_kind_check,
add constraint worker_commands_kind_check check (
    kind in ('start', 'stop', 'snapshot', 'reload-gallery', 'recognition-test', 'set-config', 'forget')
);
