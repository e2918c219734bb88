-- Undoes 0014. Visits of nobody can no longer be told and are deleted, with a note for the marts; holds and terms are
-- gone. An audit chain that begins late reads as one whose beginning was removed.
drop function footfall.shorten_audit(timestamptz, integer, text[]);
drop trigger audit_log_append_only on footfall.audit_log;
drop trigger audit_log_kept on footfall.audit_log;
create trigger audit_log_append_only
before update or delete or truncate on footfall.audit_log
for each statement execute function footfall.refuse_change();
drop trigger audit_chain_append_only on footfall.audit_chain;
drop trigger audit_chain_kept on footfall.audit_chain;
create trigger audit_chain_append_only
before update or delete or truncate on footfall.audit_chain
for each statement execute function footfall.refuse_change();

create or replace function footfall.note_visit_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op <> 'INSERT' then
        perform footfall.note_reach_of_visits(
            array_agg(tenant_id), array_agg(site_id), array_agg(started_at), array_agg(ended_at)
        )
        from old_rows;
        perform footfall.note_cohorts(array_agg(tenant_id), array_agg(customer_id))
        from old_rows
        where is_first_visit and customer_id is not null
        having count(*) > 0;
    end if;
    if tg_op <> 'DELETE' then
        perform footfall.note_reach_of_visits(
            array_agg(tenant_id), array_agg(site_id), array_agg(started_at), array_agg(ended_at)
        )
        from new_rows;
        perform footfall.note_cohorts(array_agg(tenant_id), array_agg(customer_id))
        from new_rows
        where is_first_visit and customer_id is not null
        having count(*) > 0;
    end if;
    return null;
end
$$;
create or replace function footfall.note_sighting_changes() returns trigger
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

-- Policies are forced: each tenant is bound in turn.
do $$
declare
    tenant uuid;
begin
    for tenant in select tenant_id from footfall.tenants loop
        perform set_config('app.tenant_id', tenant::text, true);
        update footfall.face_events as e
        set visit_id = null
        from footfall.visits as v
        where e.tenant_id = v.tenant_id and e.visit_id = v.visit_id and v.anonymous_since is not null;
        delete from footfall.visits where anonymous_since is not null;
    end loop;
    perform set_config('app.tenant_id', '', true);
end
$$;
set constraints all immediate;
alter table footfall.visits
drop constraint visits_one_person,
drop column anonymous_since,
add constraint visits_one_person check (
    (person_kind = 'staff' and staff_id is not null and customer_id is null)
    or (person_kind = 'customer' and customer_id is not null and staff_id is null)
);
alter table footfall.audit_heads drop column begins_after, drop column begins_link;
drop table footfall.orphaned_vectors, footfall.retention_terms, footfall.legal_holds;
