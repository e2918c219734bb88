-- Undoes 0009_analytics.sql. Which events disagreed with their pictures is forgotten; the audit log still says it.
drop index footfall.visits_by_end;
drop index footfall.face_events_alarms;
alter table footfall.face_events drop column recheck_score, drop column recheck;
