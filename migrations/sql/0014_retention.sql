-- Legal holds, terms of each kind of record, visits without a person, and an audit chain that may begin late.
-- docs/adr/retention-ages-quietly.md, docs/adr/an-audit-chain-that-begins-late.md

-- What retention and erasure leave alone until somebody lifts it. Lifted ones stay on record.
create table footfall.legal_holds (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    hold_id uuid not null default gen_random_uuid(),
    subject_kind text not null check (subject_kind in ('tenant', 'camera', 'customer', 'staff')),
    -- No reference: the hold outlives whom it is about.
    subject_id uuid not null,
    -- Where the reason is recorded: a file's number, a letter's date.
    reference text not null check (length(reference) between 1 and 200),
    placed_at timestamptz not null default now(),
    placed_by text not null,
    lifted_at timestamptz,
    lifted_by text,
    primary key (tenant_id, hold_id),
    check ((lifted_at is null) = (lifted_by is null))
);
create index legal_holds_by_subject on footfall.legal_holds (tenant_id, subject_kind, subject_id)
where lifted_at is null;
create index legal_holds_by_time on footfall.legal_holds (tenant_id, placed_at desc, hold_id desc);

-- A tenant's own terms in days; null: the installation's.
create table footfall.retention_terms (
    tenant_id uuid not null primary key references footfall.tenants (tenant_id),
    audit_days integer check (audit_days between 30 and 36500),
    event_days integer check (event_days between 1 and 3650),
    mart_days integer check (mart_days between 1 and 36500),
    -- Since when the record is whole: days before are in the marts alone, and no rebuild may empty them.
    whole_since timestamptz,
    updated_at timestamptz not null default now(),
    updated_by text not null
);

-- Where the chain begins: after the last link that reached its term. What follows is verified from there.
alter table footfall.audit_heads
add column begins_after bigint not null default 0 check (begins_after >= 0 and begins_after <= seq),
add column begins_link bytea not null default sha256('') check (octet_length(begins_link) = 32);

do $$
declare
    protected text;
begin
    foreach protected in array array['legal_holds', 'retention_terms'] loop
        execute format('alter table footfall.%I enable row level security', protected);
        execute format('alter table footfall.%I force row level security', protected);
        execute format(
            'create policy tenant_isolation on footfall.%I using (tenant_id = footfall.current_tenant())'
            ' with check (tenant_id = footfall.current_tenant())',
            protected
        );
    end loop;
end
$$;
create policy transform_reads on footfall.retention_terms for select to footfall_transform using (true);
grant select (tenant_id, whole_since) on footfall.retention_terms to footfall_transform;
grant select, insert on footfall.legal_holds to footfall_app;
grant update (lifted_at, lifted_by) on footfall.legal_holds to footfall_app;
grant select, insert, update, delete on footfall.retention_terms to footfall_app;

-- A customer whom nobody saw for the tenant's days is forgotten; the visits stay, of nobody.
alter table footfall.visits
add column anonymous_since timestamptz,
drop constraint visits_one_person,
add constraint visits_one_person check (
    (person_kind = 'staff' and staff_id is not null and customer_id is null and anonymous_since is null)
    or (
        person_kind = 'customer' and staff_id is null and (customer_id is null) = (anonymous_since is not null)
    )
);

-- What ages is taken out of the record without a note: it was counted, and the marts keep their counts for a term of
-- their own. `set local footfall.ages = 'yes'` says that a transaction does nothing else.
create or replace function footfall.note_visit_changes() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('footfall.ages', true) = 'yes' then
        return null;
    end if;
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
    if current_setting('footfall.ages', true) = 'yes' then
        return null;
    end if;
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

-- The log may lose its oldest entries to their term, and nothing else: through the function below alone.
drop trigger audit_log_append_only on footfall.audit_log;
create trigger audit_log_append_only
before update or truncate on footfall.audit_log
for each statement execute function footfall.refuse_change();
create trigger audit_log_kept
before delete on footfall.audit_log
for each statement when (current_setting('footfall.shortens_audit', true) is distinct from 'yes')
execute function footfall.refuse_change();
drop trigger audit_chain_append_only on footfall.audit_chain;
create trigger audit_chain_append_only
before update or truncate on footfall.audit_chain
for each statement execute function footfall.refuse_change();
create trigger audit_chain_kept
before delete on footfall.audit_chain
for each statement when (current_setting('footfall.shortens_audit', true) is distinct from 'yes')
execute function footfall.refuse_change();

-- Takes up to `most` of the bound tenant's oldest entries out: those that come before the first one that is younger
-- than `cutoff` or about somebody who is held. The last of them is where the chain begins from now on.
create function footfall.shorten_audit(cutoff timestamptz, most integer, held_subjects text[])
returns table (entries bigint, through_seq bigint, through_link bytea)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    bound uuid := footfall.current_tenant();
    after_seq bigint;
    ends_at bigint;
    stays bigint;
    gone bigint;
begin
    if bound is null or cutoff > clock_timestamp() - interval '30 days' then
        raise exception 'the audit log keeps thirty days at least' using errcode = 'insufficient_privilege';
    end if;
    -- One at a time; entries that are added meanwhile are young.
    select h.begins_after, h.seq into after_seq, ends_at
    from footfall.audit_heads as h where h.tenant_id = bound for update;
    select min(o.seq) into stays
    from (
        select c.seq, l.at, l.subject_id
        from footfall.audit_chain as c
        left join footfall.audit_log as l on c.tenant_id = l.tenant_id and c.audit_id = l.audit_id
        where c.tenant_id = bound and c.seq > after_seq
        order by c.seq
        limit most + 1
    ) as o
    where o.at is null or o.at >= cutoff or o.subject_id = any(held_subjects);
    -- The youngest entry stays in any case: the chain never ends before it begins.
    stays := coalesce(stays, least(after_seq + most + 1, ends_at));
    if stays is null or stays <= after_seq + 1 then
        return;
    end if;
    perform set_config('footfall.shortens_audit', 'yes', true);
    update footfall.audit_heads as h set begins_after = c.seq, begins_link = c.link
    from footfall.audit_chain as c
    where h.tenant_id = bound and c.tenant_id = bound and c.seq = stays - 1;
    with taken as (
        delete from footfall.audit_chain as c where c.tenant_id = bound and c.seq < stays returning c.audit_id
    )
    delete from footfall.audit_log as l using taken as t where l.tenant_id = bound and l.audit_id = t.audit_id;
    get diagnostics gone = row_count;
    perform set_config('footfall.shortens_audit', '', true);
    return query
    select gone, h.begins_after, h.begins_link from footfall.audit_heads as h where h.tenant_id = bound;
end
$$;
revoke all on function footfall.shorten_audit(timestamptz, integer, text[]) from public;
grant execute on function footfall.shorten_audit(timestamptz, integer, text[]) to footfall_operator;

-- Vectors that the record does not know, since they were first found: they go after a grace.
create table footfall.orphaned_vectors (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    template_id uuid not null,
    found_at timestamptz not null default now(),
    primary key (tenant_id, template_id)
);
alter table footfall.orphaned_vectors enable row level security;
alter table footfall.orphaned_vectors force row level security;
create policy tenant_isolation on footfall.orphaned_vectors
using (tenant_id = footfall.current_tenant()) with check (tenant_id = footfall.current_tenant());
grant select, insert, update, delete on footfall.orphaned_vectors to footfall_app;
