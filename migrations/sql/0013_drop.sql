-- Undoes 0013. Requests about anything but a customer, and what became of every request, are lost; erased is erased.
-- Forced, row-level security would hide the rows from their owner too.
alter table footfall.worker_commands no force row level security;
delete from footfall.worker_commands
where kind = 'forget';
alter table footfall.worker_commands force row level security;
alter table footfall.worker_commands
drop constraint worker_commands_kind_check,
add constraint worker_commands_kind_check check (
    kind in ('start', 'stop', 'snapshot', 'reload-gallery', 'recognition-test', 'set-config')
);

create or replace function footfall.tenant_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select tenant_id from footfall.tenants
    order by created_at, tenant_id;
end;
revoke update (slug) on footfall.tenants from footfall_operator;
alter table footfall.tenants no force row level security;
update footfall.tenants
set status = 'deletion_requested'
where status = 'erased';
alter table footfall.tenants force row level security;
alter table footfall.tenants
drop constraint tenants_status_check,
add constraint tenants_status_check check (status in ('active', 'suspended', 'deletion_requested'));

revoke delete on footfall.corrections from footfall_operator;
drop table footfall.purge_certificates;
drop table footfall.erasure_items;
drop table footfall.erasure_steps;
drop index footfall.erasure_requests_one_open;
alter table footfall.erasure_requests no force row level security;
delete from footfall.erasure_requests
where customer_id is null or status = 'withdrawn';
update footfall.erasure_requests
set status = 'failed'
where status = 'waiting';
alter table footfall.erasure_requests force row level security;
alter table footfall.erasure_requests
drop constraint erasure_requests_subject,
drop constraint erasure_requests_completed,
drop constraint erasure_requests_status_check,
add constraint erasure_requests_status_check check (status in ('open', 'running', 'failed', 'completed')),
drop column subject_kind, drop column staff_id, drop column camera_id, drop column since, drop column until,
drop column not_before, drop column error, drop column started_at, drop column completed_at,
alter column customer_id set not null;
create unique index erasure_requests_one_open on footfall.erasure_requests (tenant_id, customer_id)
where status <> 'completed';
