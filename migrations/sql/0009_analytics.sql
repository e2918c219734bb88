-- What events and reports need: whether an event's template agreed with its picture, and indices of the visits.

-- Null: nobody looked. `no_face`: the picture that came with the event shows none.
alter table footfall.face_events
add column recheck text check (recheck in ('agrees', 'disagrees', 'no_face')),
add column recheck_score real check (recheck_score between -1 and 1),
add constraint face_events_recheck_scored
check ((recheck is not null and recheck <> 'no_face') = (recheck_score is not null));

-- The alarms, of which there should be few or none.
create index face_events_alarms on footfall.face_events (tenant_id, committed_at desc, event_id desc)
where recheck in ('disagrees', 'no_face');

create index visits_by_end on footfall.visits (tenant_id, ended_at desc, visit_id desc);
