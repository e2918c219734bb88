-- Where the traffic of a site changed after the marts were built: docs/adr/marts-rebuild-the-days-that-changed.md.
-- A mart is made of visits and sightings that come late, grow, join and are erased. A row that is gone leaves no trace
-- in its table, so every change, deletion above all, is noted here when it happens; dbt rebuilds those local days.
create table footfall.traffic_changes (
    tenant_id uuid not null,
    change_id bigint generated always as identity,
    -- No reference: the note must outlive its site, or the site's rows would stay in the marts.
    site_id uuid not null,
    -- The quarter of an hour in which the visit or sighting began. Every zone's midnight falls on one.
    touched_at timestamptz not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, change_id)
);
create index traffic_changes_by_quarter on footfall.traffic_changes (tenant_id, site_id, touched_at, changed_at);
create index traffic_changes_by_change on footfall.traffic_changes (changed_at);

alter table footfall.traffic_changes enable row level security;
alter table footfall.traffic_changes force row level security;
create policy tenant_isolation on footfall.traffic_changes
using (tenant_id = footfall.current_tenant()) with check (tenant_id = footfall.current_tenant());
create policy transform_reads on footfall.traffic_changes for select to footfall_transform using (true);
create policy transform_prunes on footfall.traffic_changes for delete to footfall_transform using (true);
grant select, insert on footfall.traffic_changes to footfall_app;
grant select, delete on footfall.traffic_changes to footfall_transform;

-- One note in ten minutes is enough for a quarter of an hour that changes all the time: dbt looks back a whole day
-- before its last build. Committed notes only are seen here, so no writer waits for another.
create function footfall.note_traffic_change(tenant_ids uuid[], site_ids uuid[], began_at timestamptz[]) returns void
language sql set search_path = pg_catalog, pg_temp
begin atomic
    insert into footfall.traffic_changes (tenant_id, site_id, touched_at)
    select
        changed.tenant_id,
        changed.site_id,
        changed.touched_at
    from (
        select distinct
            began.tenant_id,
            began.site_id,
            date_bin('15 minutes', began.began_at, 'epoch') as touched_at
        from unnest(tenant_ids, site_ids, began_at) as began (tenant_id, site_id, began_at)
    ) as changed
    where not exists (
        select 1
        from footfall.traffic_changes as noted
        where
            noted.tenant_id = changed.tenant_id
            and noted.site_id = changed.site_id
            and noted.touched_at = changed.touched_at
            and noted.changed_at > clock_timestamp() - interval '10 minutes'
    );
end;

create function footfall.note_visit_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform footfall.note_traffic_change(array_agg(tenant_id), array_agg(site_id), array_agg(started_at))
        from old_rows;
    end if;
    if tg_op <> 'DELETE' then
        perform footfall.note_traffic_change(array_agg(tenant_id), array_agg(site_id), array_agg(started_at))
        from new_rows;
    end if;
    return null;
end
$$;

create function footfall.note_sighting_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform footfall.note_traffic_change(array_agg(tenant_id), array_agg(site_id), array_agg(captured_at))
        from old_rows;
    end if;
    if tg_op <> 'DELETE' then
        perform footfall.note_traffic_change(array_agg(tenant_id), array_agg(site_id), array_agg(captured_at))
        from new_rows;
    end if;
    return null;
end
$$;

-- A statement's rows at once: an erasure deletes many, and a trigger with transition tables may name one event only.
create trigger visits_inserted after insert on footfall.visits
referencing new table as new_rows for each statement execute function footfall.note_visit_changes();
create trigger visits_updated after update on footfall.visits
referencing old table as old_rows new table as new_rows
for each statement execute function footfall.note_visit_changes();
create trigger visits_deleted after delete on footfall.visits
referencing old table as old_rows for each statement execute function footfall.note_visit_changes();

create trigger sightings_inserted after insert on footfall.face_events
referencing new table as new_rows for each statement execute function footfall.note_sighting_changes();
create trigger sightings_updated after update on footfall.face_events
referencing old table as old_rows new table as new_rows
for each statement execute function footfall.note_sighting_changes();
create trigger sightings_deleted after delete on footfall.face_events
referencing old table as old_rows for each statement execute function footfall.note_sighting_changes();
