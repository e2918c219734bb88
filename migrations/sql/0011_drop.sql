-- Undoes 0011. dbt's views read the column that goes; its next build makes those views anew, or fails plainly where
-- the project is newer than the schema.
set local role footfall_transform;
drop view if exists marts.stg_sightings cascade;
reset role;
create or replace function footfall.note_visit_changes() returns trigger
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
drop function footfall.note_reach_of_visits(uuid[], uuid[], timestamptz[], timestamptz[]);
drop function footfall.note_cohorts(uuid[], uuid[]);
revoke select (received_at, quality_score) on footfall.face_events from footfall_transform;
alter table footfall.face_events drop column quality_score;
