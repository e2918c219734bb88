-- A second model version beside the one served: docs/adr/a-second-model-version-beside-the-first.md

-- What belongs to the installation and to no tenant. Nothing about a person is ever in here.
create schema deployment;

create table deployment.model_versions (
    model_version text primary key check (model_version ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    -- Beside the one served there is at most one other: on its way in (candidate), or on its way out (former).
    role text not null check (role in ('served', 'candidate', 'former', 'retired')),
    paused boolean not null default false,
    since timestamptz not null default now(),
    check (role = 'candidate' or role = 'former' or not paused)
);
create unique index model_versions_one_served on deployment.model_versions (role) where role = 'served';
create unique index model_versions_one_companion on deployment.model_versions ((true))
where role in ('candidate', 'former');

grant usage on schema deployment to footfall_app;
grant select on deployment.model_versions to footfall_app;
grant insert, update, delete on deployment.model_versions to footfall_operator;

-- The same template in another model version, or why there is none. It goes where its template goes: with a deleted
-- photograph, an erased sighting, a merged customer.
create table footfall.staff_face_versions (
    tenant_id uuid not null,
    face_id uuid not null,
    model_version text not null,
    embedding bytea check (octet_length(embedding) = 2048),
    fault text check (fault in ('missing', 'corrupt', 'no_face')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, face_id, model_version),
    foreign key (tenant_id, face_id) references footfall.staff_face_images (tenant_id, face_id) on delete cascade,
    check ((embedding is null) <> (fault is null))
);

create table footfall.customer_template_versions (
    tenant_id uuid not null,
    template_id uuid not null,
    model_version text not null,
    embedding bytea check (octet_length(embedding) = 2048),
    fault text check (fault in ('no_image', 'missing', 'corrupt', 'no_face')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, template_id, model_version),
    foreign key (tenant_id, template_id) references footfall.customer_templates (tenant_id, template_id)
    on delete cascade,
    check ((embedding is null) <> (fault is null))
);

create table footfall.event_template_versions (
    tenant_id uuid not null,
    event_id uuid not null,
    model_version text not null,
    embedding bytea check (octet_length(embedding) = 2048),
    fault text check (fault in ('no_image', 'missing', 'corrupt', 'no_face')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, event_id, model_version),
    foreign key (tenant_id, event_id) references footfall.event_templates (tenant_id, event_id) on delete cascade,
    check ((embedding is null) <> (fault is null))
);

-- How far a tenant has come. What is done is told by the rows above; this is where to go on.
create table footfall.reembeddings (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    model_version text not null,
    kind text not null default 'face' check (kind in ('face', 'template', 'sighting')),
    after_id uuid,
    embedded bigint not null default 0 check (embedded >= 0),
    set_aside bigint not null default 0 check (set_aside >= 0),
    started_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (tenant_id, model_version)
);

do $$
declare
    protected text;
begin
    foreach protected in array array[
        'staff_face_versions', 'customer_template_versions', 'event_template_versions', 'reembeddings'
    ] loop
        execute format('alter table footfall.%I enable row level security', protected);
        execute format('alter table footfall.%I force row level security', protected);
        execute format(
            'create policy tenant_isolation on footfall.%I using (tenant_id = footfall.current_tenant())'
            ' with check (tenant_id = footfall.current_tenant())',
            protected
        );
        execute format('grant select, insert, update, delete on footfall.%I to footfall_app', protected);
    end loop;
end
$$;

-- Every template in every version that there is of it. Whoever compares templates reads them here, by version.
create view footfall.staff_face_templates with (security_invoker = true) as
select
    f.tenant_id,
    f.face_id,
    f.staff_id,
    f.model_version,
    f.embedding,
    f.created_at,
    f.expires_at
from footfall.staff_face_images as f
union all
select
    f.tenant_id,
    f.face_id,
    f.staff_id,
    v.model_version,
    v.embedding,
    f.created_at,
    f.expires_at
from footfall.staff_face_images as f
inner join footfall.staff_face_versions as v on f.tenant_id = v.tenant_id and f.face_id = v.face_id
where v.embedding is not null;

create view footfall.customer_gallery_templates with (security_invoker = true) as
select
    t.tenant_id,
    t.template_id,
    t.customer_id,
    t.event_id,
    t.model_version,
    t.embedding,
    t.quality_score,
    t.created_at
from footfall.customer_templates as t
union all
select
    t.tenant_id,
    t.template_id,
    t.customer_id,
    t.event_id,
    v.model_version,
    v.embedding,
    t.quality_score,
    t.created_at
from footfall.customer_templates as t
inner join footfall.customer_template_versions as v on t.tenant_id = v.tenant_id and t.template_id = v.template_id
where v.embedding is not null;

create view footfall.sighting_templates with (security_invoker = true) as
select
    t.tenant_id,
    t.event_id,
    t.model_version,
    t.embedding,
    t.quality_score,
    t.created_at
from footfall.event_templates as t
union all
select
    t.tenant_id,
    t.event_id,
    v.model_version,
    v.embedding,
    t.quality_score,
    t.created_at
from footfall.event_templates as t
inner join footfall.event_template_versions as v on t.tenant_id = v.tenant_id and t.event_id = v.event_id
where v.embedding is not null;

grant select on
footfall.staff_face_templates, footfall.customer_gallery_templates, footfall.sighting_templates
to footfall_app;
