-- Undoes 0008_workers.sql. Workers that never sent an event were not there before.
drop trigger cameras_told on footfall.cameras;
drop trigger visits_inserted_told on footfall.visits;
drop trigger visits_updated_told on footfall.visits;
drop trigger visits_deleted_told on footfall.visits;
drop function footfall.tell_of_camera();
drop function footfall.tell_of_new_visits();
drop function footfall.tell_of_changed_visits();
drop function footfall.tell_of_removed_visits();
drop function footfall.tell_of_visits(uuid[], uuid[], uuid[], text[], text);
drop table footfall.live_events;
drop table footfall.live_heads;
drop function footfall.place_live_event();
drop table footfall.worker_snapshots;
drop table footfall.worker_commands;
drop table footfall.worker_cameras;
-- Forced, row-level security would hide the rows from their owner too.
alter table footfall.workers no force row level security;
delete from footfall.workers
where first_seen_at is null or last_seen_at is null;
alter table footfall.workers force row level security;
alter table footfall.workers
alter column first_seen_at set not null,
alter column last_seen_at set not null,
drop constraint workers_key_fkey,
drop constraint workers_by_id,
drop column configuration_version,
drop column configuration,
drop column heartbeat,
drop column advertised_url,
drop column announced_online,
drop column last_heartbeat_at,
drop column heartbeat_seconds,
drop column key_id,
drop column registered_at,
drop column registration_expires_at,
drop column registration_sha256,
drop column created_at,
drop column version,
drop column managed,
drop column worker_id;
