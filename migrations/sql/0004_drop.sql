-- Undoes 0004. Photographs that had expired are matched again.
alter table footfall.face_events
drop column liveness_verdict, drop column liveness_score, drop column liveness_model;
alter table footfall.staff_face_images
drop column expires_at, drop column liveness_verdict, drop column liveness_score, drop column liveness_model;
