-- Workers that are managed, what they say of themselves and are told to do, and the live stream.
-- A worker is still a name that was seen in events; one that an administrator made is more than that.
alter table footfall.workers
-- Null: of a managed worker, whose events are still to come.
alter column first_seen_at drop not null,
alter column last_seen_at drop not null,
add column worker_id uuid not null default gen_random_uuid(),
add column managed boolean not null default false,
add column version integer not null default 1 check (version > 0),
add column created_at timestamptz not null default now(),
-- The one-time token, until it is used or expires.
add column registration_sha256 bytea check (octet_length(registration_sha256) = 32),
add column registration_expires_at timestamptz,
add column registered_at timestamptz,
add column key_id uuid,
add column heartbeat_seconds integer not null default 15 check (heartbeat_seconds between 5 and 3600),
add column last_heartbeat_at timestamptz,
-- What the stream last said of it; the clock decides what it is.
add column announced_online boolean not null default false,
add column advertised_url text check (length(advertised_url) <= 500),
add column heartbeat jsonb,
add column configuration jsonb not null default '{}'::jsonb,
add column configuration_version integer not null default 1 check (configuration_version > 0),
add constraint workers_by_id unique (tenant_id, worker_id),
add constraint workers_key_fkey foreign key (tenant_id, key_id)
references footfall.api_keys (tenant_id, key_id) on delete set null (key_id);

create table footfall.worker_cameras (
    tenant_id uuid not null,
    worker_id uuid not null,
    camera_id uuid not null,
    primary key (tenant_id, worker_id, camera_id),
    foreign key (tenant_id, worker_id) references footfall.workers (tenant_id, worker_id) on delete cascade,
    foreign key (tenant_id, camera_id) references footfall.cameras (tenant_id, camera_id) on delete cascade
);
create index worker_cameras_by_camera on footfall.worker_cameras (tenant_id, camera_id);

create table footfall.worker_commands (
    tenant_id uuid not null,
    command_id uuid not null default gen_random_uuid(),
    worker_id uuid not null,
    kind text not null check (
        kind in ('start', 'stop', 'snapshot', 'reload-gallery', 'recognition-test', 'set-config')
    ),
    camera_id uuid,
    payload jsonb not null default '{}'::jsonb,
    state text not null default 'queued' check (
        state in ('queued', 'sent', 'acknowledged', 'running', 'succeeded', 'failed', 'expired')
    ),
    delivery text check (delivery in ('heartbeat', 'direct')),
    created_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    sent_at timestamptz,
    acknowledged_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    result jsonb,
    error text check (length(error) <= 500),
    primary key (tenant_id, command_id),
    foreign key (tenant_id, worker_id) references footfall.workers (tenant_id, worker_id) on delete cascade,
    foreign key (tenant_id, camera_id) references footfall.cameras (tenant_id, camera_id) on delete cascade
);
create index worker_commands_by_worker on footfall.worker_commands (tenant_id, worker_id, created_at desc, command_id);
create index worker_commands_open on footfall.worker_commands (tenant_id, worker_id, created_at)
where state in ('queued', 'sent', 'acknowledged', 'running');

-- Pictures that commands brought back. They live for minutes, and are no part of any record.
create table footfall.worker_snapshots (
    tenant_id uuid not null,
    command_id uuid not null,
    image bytea not null check (octet_length(image) <= 4000000),
    expires_at timestamptz not null,
    primary key (tenant_id, command_id),
    foreign key (tenant_id, command_id) references footfall.worker_commands (tenant_id, command_id) on delete cascade
);

-- The stream: what happened, in the order in which it was committed. docs/adr/a-stream-in-the-order-of-commits.md.
create table footfall.live_heads (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    position bigint not null,
    primary key (tenant_id)
);

create table footfall.live_events (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    live_id uuid not null default gen_random_uuid(),
    -- Null until the transaction commits.
    position bigint,
    kind text not null,
    subject_id uuid,
    -- Null: of no site in particular, and for those alone who may see every site.
    site_ids uuid[],
    detail jsonb not null default '{}'::jsonb,
    at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, live_id)
);
create unique index live_events_by_position on footfall.live_events (tenant_id, position);
create index live_events_of_this_transaction on footfall.live_events (tenant_id) where position is null;

do $$
declare
    protected text;
begin
    foreach protected in array array[
        'worker_cameras', 'worker_commands', 'worker_snapshots', 'live_heads', 'live_events'
    ] loop
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
grant select, insert, update, delete on
footfall.worker_cameras, footfall.worker_commands, footfall.worker_snapshots, footfall.live_heads,
footfall.live_events
to footfall_app;

-- Runs when the transaction commits. The head's row is locked from here to the commit, which is next: positions of a
-- tenant are given in the order in which transactions become visible, and a reader who has seen one has seen all
-- before it. What is told to listeners is no secret, for a notification knows no row-level security.
create function footfall.place_live_event() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    placed bigint;
begin
    insert into footfall.live_heads as heads (tenant_id, position) values (new.tenant_id, 1)
    on conflict (tenant_id) do update set position = heads.position + 1
    returning heads.position into placed;
    update footfall.live_events set position = placed
    where tenant_id = new.tenant_id and live_id = new.live_id;
    if placed % 256 = 0 then
        delete from footfall.live_events
        where
            tenant_id = new.tenant_id
            and (position <= placed - 10000 or (position < placed and at < clock_timestamp() - interval '24 hours'));
    end if;
    -- The server sends one of several equal notifications of a transaction.
    perform pg_notify('footfall_live', new.tenant_id::text);
    return null;
end
$$;
create constraint trigger live_events_placed after insert on footfall.live_events
deferrable initially deferred for each row execute function footfall.place_live_event();

-- One event for a visit and transaction, and one for all of them where there are many: an import is no storm.
create function footfall.tell_of_visits(
    tenant_ids uuid[], visit_ids uuid[], site_ids uuid[], person_kinds text[], told_kind text
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    bound uuid := footfall.current_tenant();
begin
    if tenant_ids is null then
        return;
    end if;
    if cardinality(tenant_ids) + (
        select count(*) from footfall.live_events where tenant_id = bound and position is null
    ) > 100 then
        insert into footfall.live_events (tenant_id, kind)
        select bound, 'visits.many'
        where not exists (
            select 1 from footfall.live_events
            where tenant_id = bound and position is null and kind = 'visits.many'
        );
        return;
    end if;
    if told_kind = 'visit.removed' then
        update footfall.live_events set kind = told_kind
        where tenant_id = bound and position is null and subject_id = any(visit_ids);
    end if;
    insert into footfall.live_events (tenant_id, kind, subject_id, site_ids, detail)
    select
        changed.tenant_id,
        told_kind,
        changed.visit_id,
        array[changed.site_id],
        jsonb_build_object('person_kind', changed.person_kind)
    from unnest(tenant_ids, visit_ids, site_ids, person_kinds) as changed (tenant_id, visit_id, site_id, person_kind)
    where
        changed.tenant_id = bound
        and not exists (
            select 1 from footfall.live_events as told
            where told.tenant_id = bound and told.position is null and told.subject_id = changed.visit_id
        );
end
$$;

create function footfall.tell_of_new_visits() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.tell_of_visits(
        array_agg(tenant_id), array_agg(visit_id), array_agg(site_id), array_agg(person_kind), 'visit.new'
    )
    from new_rows;
    return null;
end
$$;

create function footfall.tell_of_changed_visits() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.tell_of_visits(
        array_agg(tenant_id), array_agg(visit_id), array_agg(site_id), array_agg(person_kind), 'visit.changed'
    )
    from new_rows;
    return null;
end
$$;

create function footfall.tell_of_removed_visits() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform footfall.tell_of_visits(
        array_agg(tenant_id), array_agg(visit_id), array_agg(site_id), array_agg(person_kind), 'visit.removed'
    )
    from old_rows;
    return null;
end
$$;

create trigger visits_inserted_told after insert on footfall.visits
referencing new table as new_rows for each statement execute function footfall.tell_of_new_visits();
create trigger visits_updated_told after update on footfall.visits
referencing new table as new_rows for each statement execute function footfall.tell_of_changed_visits();
create trigger visits_deleted_told after delete on footfall.visits
referencing old table as old_rows for each statement execute function footfall.tell_of_removed_visits();

create function footfall.tell_of_camera() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    camera record;
begin
    if tg_op = 'DELETE' then
        camera := old;
    else
        camera := new;
    end if;
    insert into footfall.live_events (tenant_id, kind, subject_id, site_ids)
    values (
        camera.tenant_id,
        case tg_op when 'INSERT' then 'camera.new' when 'UPDATE' then 'camera.changed' else 'camera.removed' end,
        camera.camera_id,
        array[camera.site_id]
    );
    return null;
end
$$;
create trigger cameras_told after insert or update or delete on footfall.cameras
for each row execute function footfall.tell_of_camera();
