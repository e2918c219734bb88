-- A key for each kept face: docs/adr/a-key-for-each-face.md
-- A face is an enrolled photograph (face_id), a sighting (event_id) or a template of an opt-out (template_id). Its
-- pictures and templates, wherever they lie, are sealed with its key; without the row no copy of them opens.
create table footfall.face_keys (
    tenant_id uuid not null references footfall.tenants (tenant_id),
    face_id uuid not null,
    -- Nonce, key and tag: AES-256-GCM under the installation's master key, which is in no database.
    wrapped bytea not null check (octet_length(wrapped) = 60),
    -- Says which master key, and nothing about it.
    master_id bytea not null check (octet_length(master_id) = 8),
    created_at timestamptz not null default now(),
    primary key (tenant_id, face_id)
)
-- A destroyed key is to leave the table's pages soon, not when a fifth of all keys has gone.
with (autovacuum_vacuum_threshold = 20, autovacuum_vacuum_scale_factor = 0);

alter table footfall.face_keys enable row level security;
alter table footfall.face_keys force row level security;
create policy tenant_isolation on footfall.face_keys
using (tenant_id = footfall.current_tenant())
with check (tenant_id = footfall.current_tenant());
-- Never updated: a face that gets another key has lost what was sealed with the former one.
grant select, insert, delete on footfall.face_keys to footfall_app;

-- Sealed templates are 2077 bytes: a byte that says how, a nonce, the template, a tag. Plain ones are from before.
do $$
declare
    holder text;
    bound text;
begin
    foreach holder in array array[
        'staff_face_images', 'customer_templates', 'event_templates', 'opt_out_templates', 'staff_face_versions',
        'customer_template_versions', 'event_template_versions'
    ] loop
        for bound in
            select conname from pg_constraint
            where conrelid = format('footfall.%I', holder)::regclass and contype = 'c'
              and pg_get_constraintdef(oid) like '%octet_length(embedding) = 2048%'
        loop
            execute format('alter table footfall.%I drop constraint %I', holder, bound);
        end loop;
        -- Not valid: every row fulfilled the narrower rule, and a big table is not to be read while it is locked.
        execute format(
            'alter table footfall.%I add constraint %I check (octet_length(embedding) in (2048, 2077)) not valid',
            holder, holder || '_embedding_check'
        );
    end loop;
end
$$;

-- What is needed to open a sealed template, besides the master key; null where the face's key was destroyed.
create function footfall.opener(tenant uuid, face uuid, version text, wrapped bytea, master_id bytea) returns bytea
language sql stable parallel safe
return uuid_send(tenant) || uuid_send(face) || wrapped || master_id || convert_to(version, 'UTF8');
revoke all on function footfall.opener(uuid, uuid, text, bytea, bytea) from public;
grant execute on function footfall.opener(uuid, uuid, text, bytea, bytea) to footfall_app;

-- A template that no key opens any more is as good as gone: whoever compares templates does not meet it here.
create or replace view footfall.staff_face_templates with (security_invoker = true) as
select
    f.tenant_id,
    f.face_id,
    f.staff_id,
    f.model_version,
    f.embedding,
    f.created_at,
    f.expires_at,
    footfall.opener(f.tenant_id, f.face_id, f.model_version, k.wrapped, k.master_id) as opener
from footfall.staff_face_images as f
left join footfall.face_keys as k on f.tenant_id = k.tenant_id and f.face_id = k.face_id
where k.face_id is not null or octet_length(f.embedding) = 2048
union all
select
    f.tenant_id,
    f.face_id,
    f.staff_id,
    v.model_version,
    v.embedding,
    f.created_at,
    f.expires_at,
    footfall.opener(f.tenant_id, f.face_id, v.model_version, k.wrapped, k.master_id) as opener
from footfall.staff_face_images as f
inner join footfall.staff_face_versions as v on f.tenant_id = v.tenant_id and f.face_id = v.face_id
left join footfall.face_keys as k on f.tenant_id = k.tenant_id and f.face_id = k.face_id
where v.embedding is not null and (k.face_id is not null or octet_length(v.embedding) = 2048);

create or replace view footfall.customer_gallery_templates with (security_invoker = true) as
select
    t.tenant_id,
    t.template_id,
    t.customer_id,
    t.event_id,
    t.model_version,
    t.embedding,
    t.quality_score,
    t.created_at,
    footfall.opener(t.tenant_id, t.event_id, t.model_version, k.wrapped, k.master_id) as opener
from footfall.customer_templates as t
left join footfall.face_keys as k on t.tenant_id = k.tenant_id and t.event_id = k.face_id
where k.face_id is not null or octet_length(t.embedding) = 2048
union all
select
    t.tenant_id,
    t.template_id,
    t.customer_id,
    t.event_id,
    v.model_version,
    v.embedding,
    t.quality_score,
    t.created_at,
    footfall.opener(t.tenant_id, t.event_id, v.model_version, k.wrapped, k.master_id) as opener
from footfall.customer_templates as t
inner join footfall.customer_template_versions as v on t.tenant_id = v.tenant_id and t.template_id = v.template_id
left join footfall.face_keys as k on t.tenant_id = k.tenant_id and t.event_id = k.face_id
where v.embedding is not null and (k.face_id is not null or octet_length(v.embedding) = 2048);

create or replace view footfall.sighting_templates with (security_invoker = true) as
select
    t.tenant_id,
    t.event_id,
    t.model_version,
    t.embedding,
    t.quality_score,
    t.created_at,
    footfall.opener(t.tenant_id, t.event_id, t.model_version, k.wrapped, k.master_id) as opener
from footfall.event_templates as t
left join footfall.face_keys as k on t.tenant_id = k.tenant_id and t.event_id = k.face_id
where k.face_id is not null or octet_length(t.embedding) = 2048
union all
select
    t.tenant_id,
    t.event_id,
    v.model_version,
    v.embedding,
    t.quality_score,
    t.created_at,
    footfall.opener(t.tenant_id, t.event_id, v.model_version, k.wrapped, k.master_id) as opener
from footfall.event_templates as t
inner join footfall.event_template_versions as v on t.tenant_id = v.tenant_id and t.event_id = v.event_id
left join footfall.face_keys as k on t.tenant_id = k.tenant_id and t.event_id = k.face_id
where v.embedding is not null and (k.face_id is not null or octet_length(v.embedding) = 2048);

-- With the last row that a key was for, the key goes: a deleted photograph, sighting or opt-out. A template of the
-- gallery may outlive its sighting. The argument names the column that holds the face.
create function footfall.forget_face_keys() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format(
        'delete from footfall.face_keys as k using gone_rows as g'
        ' where k.tenant_id = g.tenant_id and k.face_id = g.%I'
        ' and not exists (select from footfall.customer_templates as t'
        '     where t.tenant_id = k.tenant_id and t.event_id = k.face_id)'
        ' and not exists (select from footfall.face_events as e'
        '     where e.tenant_id = k.tenant_id and e.event_id = k.face_id)',
        tg_argv[0]
    );
    return null;
end
$$;
revoke all on function footfall.forget_face_keys() from public;

create trigger forget_face_keys after delete on footfall.staff_face_images
referencing old table as gone_rows
for each statement execute function footfall.forget_face_keys('face_id');
create trigger forget_face_keys after delete on footfall.opt_out_templates
referencing old table as gone_rows
for each statement execute function footfall.forget_face_keys('template_id');
create trigger forget_face_keys after delete on footfall.face_events
referencing old table as gone_rows
for each statement execute function footfall.forget_face_keys('event_id');
create trigger forget_face_keys after delete on footfall.customer_templates
referencing old table as gone_rows
for each statement execute function footfall.forget_face_keys('event_id');
