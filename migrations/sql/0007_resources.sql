-- Versions of records, archived places, erasure requests, idempotency keys and the chained audit log.
-- docs/adr/places-are-archived.md, docs/adr/idempotency-keys.md, docs/adr/a-chain-of-audit-entries.md

alter table footfall.sites
add column version integer not null default 1 check (version > 0),
add column archived_at timestamptz;

alter table footfall.cameras
add column version integer not null default 1 check (version > 0),
add column archived_at timestamptz,
-- Without user, password or token: docs/adr/addresses-that-are-refused.md.
add column source_url text check (length(source_url) <= 2000),
add column masks jsonb not null default '[]'::jsonb check (jsonb_typeof(masks) = 'array'),
add column settings jsonb not null default '{}'::jsonb check (jsonb_typeof(settings) = 'object');

alter table footfall.staff
add column version integer not null default 1 check (version > 0);

alter table footfall.customers
add column version integer not null default 1 check (version > 0),
add column external_ref text,
add constraint customers_external_ref unique (tenant_id, external_ref);

-- A site's name and zone stand in every row that the marts hold of it; its zone also says which day each is. dbt
-- rebuilds the days that are noted; a note without a day empties the site first, for in the old zone its rows lie
-- where no day of the new one looks. It comes first, and no note is left out for an earlier one's sake: a run that
-- sees it must see all that follow.
create function footfall.note_site_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.timezone <> old.timezone then
        insert into footfall.traffic_changes (tenant_id, site_id, touched_at)
        values (new.tenant_id, new.site_id, '-infinity');
    end if;
    insert into footfall.traffic_changes (tenant_id, site_id, touched_at)
    select
        new.tenant_id,
        new.site_id,
        q.quarter
    from (
        select date_bin('15 minutes', e.captured_at, 'epoch') as quarter
        from footfall.face_events as e
        where e.tenant_id = new.tenant_id and e.site_id = new.site_id
        union
        select date_bin('15 minutes', i.reached_at, 'epoch')
        from footfall.visits as v
        cross join lateral (
            values
            (v.started_at),
            (least(v.ended_at, v.started_at + interval '24 hours')),
            (least(v.ended_at, v.started_at + interval '48 hours'))
        ) as i (reached_at)
        where v.tenant_id = new.tenant_id and v.site_id = new.site_id
    ) as q;
    return null;
end
$$;

create trigger site_changed after update on footfall.sites
for each row when (old.name <> new.name or old.timezone <> new.timezone)
execute function footfall.note_site_change();

-- What somebody asked for. That it was done is proved elsewhere: nothing but `open` is written here so far.
create table footfall.erasure_requests (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    request_id uuid not null default gen_random_uuid(),
    -- No reference: the request outlives whom it is about.
    customer_id uuid not null,
    status text not null default 'open' check (status in ('open', 'running', 'failed', 'completed')),
    -- Where the person's own request is recorded: a form's number, a letter's date.
    reference text not null,
    requested_at timestamptz not null default now(),
    requested_by text not null,
    due_at timestamptz not null,
    primary key (tenant_id, request_id)
);
create unique index erasure_requests_one_open on footfall.erasure_requests (tenant_id, customer_id)
where status <> 'completed';
create index erasure_requests_by_time on footfall.erasure_requests (tenant_id, requested_at, request_id);

create table footfall.idempotency_keys (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    principal text not null,
    key text not null check (length(key) <= 200),
    -- Of whoever works on the request now; another one after it was taken over.
    claim_id uuid not null,
    operation text not null,
    -- SHA-256 of method, path, query and body, once the body was read.
    fingerprint bytea check (octet_length(fingerprint) = 32),
    claimed_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz not null,
    expires_at timestamptz not null,
    -- What the request's last audited transaction did, written in that transaction.
    did_action text,
    did_kind text,
    did_id text,
    -- The answer, where it is kept.
    status smallint check (status between 200 and 299),
    headers jsonb,
    body bytea check (octet_length(body) <= 262144),
    primary key (tenant_id, principal, key),
    unique (tenant_id, claim_id),
    constraint idempotency_keys_answer_whole check (num_nonnulls(status, headers, body) in (0, 3)),
    constraint idempotency_keys_deed_whole check (num_nonnulls(did_action, did_kind, did_id) in (0, 3))
);
create index idempotency_keys_by_expiry on footfall.idempotency_keys (tenant_id, expires_at);

-- The chain. A row of the log is digested and linked to the one before it when its transaction commits, so that
-- writers of one tenant wait for each other's commits and for nothing else.
alter table footfall.audit_log
add column client_address text check (length(client_address) <= 100),
add column request_id text check (length(request_id) <= 64);
create index audit_log_by_actor on footfall.audit_log (tenant_id, actor, audit_id);
create index audit_log_by_subject on footfall.audit_log (tenant_id, subject_kind, subject_id, audit_id);

create table footfall.audit_chain (
    tenant_id uuid not null,
    seq bigint not null check (seq > 0),
    audit_id bigint not null,
    digest bytea not null check (octet_length(digest) = 32),
    link bytea not null check (octet_length(link) = 32),
    primary key (tenant_id, seq),
    unique (tenant_id, audit_id),
    foreign key (tenant_id, audit_id) references footfall.audit_log (tenant_id, audit_id)
);

-- Where the chain ends: without it, entries taken off the end would not be missed.
create table footfall.audit_heads (
    tenant_id uuid not null primary key references footfall.tenants (tenant_id),
    seq bigint not null check (seq >= 0),
    link bytea not null check (octet_length(link) = 32)
);

-- The bytes that `footfall.audit_chain` makes of an entry: each value as its length in bytes, a colon and itself, or a
-- dash where there is none, with commas between.
create function footfall.audit_digest(entry footfall.audit_log) returns bytea
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    select
        sha256(convert_to(
            string_agg(coalesce(octet_length(f.value)::text || ':' || f.value, '-'), ',' order by f.place), 'UTF8'
        ))
    from unnest(array[
        (entry).tenant_id::text,
        (entry).audit_id::text,
        (extract(epoch from (entry).at) * 1000000)::bigint::text,
        (entry).actor,
        (entry).action,
        (entry).subject_kind,
        (entry).subject_id,
        (entry).detail::text,
        (entry).client_address,
        (entry).request_id
    ]) with ordinality as f (value, place);
end;

create function footfall.chain_audit_entry(entry footfall.audit_log) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    head footfall.audit_heads;
    made_digest bytea := footfall.audit_digest(entry);
    made_link bytea;
begin
    insert into footfall.audit_heads (tenant_id, seq, link)
    values (entry.tenant_id, 0, sha256(''))
    on conflict (tenant_id) do nothing;
    select * into strict head from footfall.audit_heads where tenant_id = entry.tenant_id for update;
    made_link := sha256(head.link || int8send(head.seq + 1) || made_digest);
    insert into footfall.audit_chain (tenant_id, seq, audit_id, digest, link)
    values (entry.tenant_id, head.seq + 1, entry.audit_id, made_digest, made_link);
    update footfall.audit_heads set seq = head.seq + 1, link = made_link where tenant_id = entry.tenant_id;
end
$$;

-- In its owner's name: the application may add to the log, and touch neither chain nor head.
create function footfall.chain_audit_entries() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.chain_audit_entry(new);
    return null;
end
$$;
revoke all on function footfall.chain_audit_entry(footfall.audit_log) from public;
revoke all on function footfall.chain_audit_entries() from public;

do $$
declare
    protected text;
    tenant uuid;
    entry footfall.audit_log;
begin
    foreach protected in array array['erasure_requests', 'idempotency_keys', 'audit_chain', 'audit_heads'] loop
        execute format('alter table footfall.%I enable row level security', protected);
        execute format('alter table footfall.%I force row level security', protected);
        execute format(
            'create policy tenant_isolation on footfall.%I using (tenant_id = footfall.current_tenant())'
            ' with check (tenant_id = footfall.current_tenant())',
            protected
        );
    end loop;
    -- Entries from before, in the order in which they were numbered. Policies are forced: each tenant is bound in turn.
    for tenant in select tenant_id from footfall.tenants loop
        perform set_config('app.tenant_id', tenant::text, true);
        for entry in select * from footfall.audit_log where tenant_id = tenant order by audit_id loop
            perform footfall.chain_audit_entry(entry);
        end loop;
    end loop;
    perform set_config('app.tenant_id', '', true);
end
$$;

create constraint trigger audit_log_chained after insert on footfall.audit_log
deferrable initially deferred for each row execute function footfall.chain_audit_entries();
create trigger audit_chain_append_only
before update or delete or truncate on footfall.audit_chain
for each statement execute function footfall.refuse_change();

grant select, insert, update on footfall.erasure_requests to footfall_app;
grant select, insert, update, delete on footfall.idempotency_keys to footfall_app;
grant select on footfall.audit_chain, footfall.audit_heads to footfall_app;
