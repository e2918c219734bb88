-- What correcting identities needs: templates by sighting, a log of corrections, a review queue, opt-outs.
-- docs/adr/corrections-are-a-log-of-moves.md

-- A customer who was found to be another or a member of staff stays as a signpost, so that a correction can be undone
-- and an old id still leads somewhere. Of one who is staff the templates stay here, and stand for the staff member.
alter table footfall.customers
add column merged_into uuid,
add column staff_id uuid,
add column retired_by uuid,
add constraint customers_merged_into foreign key (tenant_id, merged_into)
references footfall.customers (tenant_id, customer_id) on delete cascade,
add constraint customers_staff foreign key (tenant_id, staff_id)
references footfall.staff (tenant_id, staff_id) on delete cascade,
add constraint customers_retired_once check (merged_into is null or staff_id is null),
add constraint customers_retired_by_somebody check ((retired_by is null) = (merged_into is null and staff_id is null)),
add constraint customers_not_into_itself check (merged_into <> customer_id);
create index customers_by_survivor on footfall.customers (tenant_id, merged_into) where merged_into is not null;
create index customers_by_staff on footfall.customers (tenant_id, staff_id) where staff_id is not null;
create index customers_by_time on footfall.customers (tenant_id, last_seen_at desc, customer_id desc);
create index customer_templates_by_event on footfall.customer_templates (tenant_id, event_id);

-- The template of every identified sighting, which lives as long as its event: without it a split could not give both
-- halves a face. None but the gallery's own few are ever searched.
create table footfall.event_templates (
    tenant_id uuid not null,
    event_id uuid not null,
    model_version text not null,
    embedding bytea not null check (octet_length(embedding) = 2048),
    quality_score real not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, event_id),
    foreign key (tenant_id, event_id) references footfall.face_events (tenant_id, event_id) on delete cascade
);

-- Customers from before have the templates of their gallery. Policies are forced: each tenant is bound in turn.
do $$
declare
    tenant uuid;
begin
    for tenant in select tenant_id from footfall.tenants loop
        perform set_config('app.tenant_id', tenant::text, true);
        insert into footfall.event_templates (tenant_id, event_id, model_version, embedding, quality_score, created_at)
        select distinct on (t.event_id)
            t.tenant_id, t.event_id, t.model_version, t.embedding, t.quality_score, t.created_at
        from footfall.customer_templates as t
        inner join footfall.face_events as e on e.tenant_id = t.tenant_id and e.event_id = t.event_id
        order by t.event_id, t.created_at desc;
    end loop;
    perform set_config('app.tenant_id', '', true);
end
$$;

create table footfall.corrections (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    correction_id uuid not null default gen_random_uuid(),
    -- The order in which they were made.
    correction_no bigint generated always as identity,
    kind text not null check (kind in ('merge', 'split', 'detach', 'promote', 'move_sighting', 'move_face', 'undo')),
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    -- Ids, times and numbers: what was where, before and after. Never a template.
    detail jsonb not null,
    undoes uuid,
    undone_by uuid,
    primary key (tenant_id, correction_id),
    unique (tenant_id, correction_no),
    foreign key (tenant_id, undoes) references footfall.corrections (tenant_id, correction_id),
    foreign key (tenant_id, undone_by) references footfall.corrections (tenant_id, correction_id),
    constraint corrections_undo_names_one check ((kind = 'undo') = (undoes is not null))
);
create unique index corrections_undone_once on footfall.corrections (tenant_id, undoes) where undoes is not null;
create index corrections_by_time on footfall.corrections (tenant_id, at desc, correction_id desc);

create table footfall.review_items (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    -- Made from the kind and the people, so that a question that was dismissed is not asked again.
    item_id uuid not null,
    kind text not null check (kind in ('duplicate', 'mixture')),
    customer_id uuid,
    other_customer_id uuid,
    staff_id uuid,
    other_staff_id uuid,
    score real not null,
    evidence jsonb not null,
    found_at timestamptz not null default now(),
    dismissed_at timestamptz,
    dismissed_by text,
    primary key (tenant_id, item_id),
    foreign key (tenant_id, customer_id) references footfall.customers (tenant_id, customer_id) on delete cascade,
    foreign key (tenant_id, other_customer_id) references footfall.customers (tenant_id, customer_id)
    on delete cascade,
    foreign key (tenant_id, staff_id) references footfall.staff (tenant_id, staff_id) on delete cascade,
    foreign key (tenant_id, other_staff_id) references footfall.staff (tenant_id, staff_id) on delete cascade,
    check (
        num_nonnulls(customer_id, other_customer_id, staff_id, other_staff_id)
        = case kind when 'duplicate' then 2 else 1 end
    ),
    check ((dismissed_at is null) = (dismissed_by is null))
);
create index review_items_by_score on footfall.review_items (tenant_id, found_at desc, item_id desc);

create table footfall.opt_outs (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    opt_out_id uuid not null default gen_random_uuid(),
    -- Where the person's consent to the keeping of this template is recorded: a form's number, a letter's date.
    consent text not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    withdrawn_at timestamptz,
    withdrawn_by text,
    primary key (tenant_id, opt_out_id),
    check ((withdrawn_at is null) = (withdrawn_by is null))
);

-- Kept for one purpose: to drop the faces that match. Never in the vector store, gone with the withdrawal.
create table footfall.opt_out_templates (
    tenant_id uuid not null,
    template_id uuid not null default gen_random_uuid(),
    opt_out_id uuid not null,
    model_version text not null,
    embedding bytea not null check (octet_length(embedding) = 2048),
    primary key (tenant_id, template_id),
    foreign key (tenant_id, opt_out_id) references footfall.opt_outs (tenant_id, opt_out_id) on delete cascade
);

do $$
declare
    protected text;
begin
    foreach protected in array array[
        'event_templates', 'corrections', 'review_items', 'opt_outs', 'opt_out_templates'
    ] loop
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
grant select, insert, update, delete on
footfall.event_templates, footfall.review_items, footfall.opt_outs, footfall.opt_out_templates
to footfall_app;
grant select, insert, update on footfall.corrections to footfall_app;
