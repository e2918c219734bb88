-- Undoes 0002. The marts no longer learn of changes: `dbt build --full-refresh` makes them right again.
-- dbt's views read the notes; its next build makes those views anew.
set local role footfall_transform;
drop view if exists marts.stg_traffic_changes cascade;
reset role;
drop trigger visits_inserted on footfall.visits;
drop trigger visits_updated on footfall.visits;
drop trigger visits_deleted on footfall.visits;
drop trigger sightings_inserted on footfall.face_events;
drop trigger sightings_updated on footfall.face_events;
drop trigger sightings_deleted on footfall.face_events;
drop function footfall.note_visit_changes();
drop function footfall.note_sighting_changes();
drop function footfall.note_traffic_change(uuid[], uuid[], timestamptz[]);
drop table footfall.traffic_changes;
