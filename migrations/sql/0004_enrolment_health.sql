-- How long an enrolled photograph is matched, and what the liveness model said of a face where one was on.
alter table footfall.staff_face_images
add column expires_at timestamptz,
add column liveness_verdict text check (liveness_verdict in ('live', 'spoof', 'unknown')),
add column liveness_score real check (liveness_score between 0 and 1),
add column liveness_model text,
add constraint staff_face_images_liveness check ((liveness_verdict is null) = (liveness_model is null)),
add constraint staff_face_images_expire_later check (expires_at > created_at);

alter table footfall.face_events
add column liveness_verdict text check (liveness_verdict in ('live', 'spoof', 'unknown')),
add column liveness_score real check (liveness_score between 0 and 1),
add column liveness_model text,
add constraint face_events_liveness check ((liveness_verdict is null) = (liveness_model is null));
