-- Undoes 0007. The audit log keeps its entries and loses its chain; archived places are in use again.
drop trigger audit_log_chained on footfall.audit_log;
drop function footfall.chain_audit_entries();
drop function footfall.chain_audit_entry(footfall.audit_log);
drop function footfall.audit_digest(footfall.audit_log);
drop table footfall.audit_heads;
drop table footfall.audit_chain;
drop index footfall.audit_log_by_actor;
drop index footfall.audit_log_by_subject;
alter table footfall.audit_log drop column client_address, drop column request_id;
drop table footfall.idempotency_keys;
drop table footfall.erasure_requests;
drop trigger site_changed on footfall.sites;
drop function footfall.note_site_change();
alter table footfall.customers drop column version, drop column external_ref;
alter table footfall.staff drop column version;
alter table footfall.cameras
drop column version, drop column archived_at, drop column source_url, drop column masks, drop column settings;
alter table footfall.sites drop column version, drop column archived_at;
