-- Undoes 0012. Sealed templates cannot be opened in here: while there are any, the rule below refuses, and nothing is
-- lost. `footfall keys open-stored` opens them first.
drop trigger forget_face_keys on footfall.staff_face_images;
drop trigger forget_face_keys on footfall.opt_out_templates;
drop trigger forget_face_keys on footfall.face_events;
drop trigger forget_face_keys on footfall.customer_templates;
drop function footfall.forget_face_keys();
drop view footfall.staff_face_templates, footfall.customer_gallery_templates, footfall.sighting_templates;
drop function footfall.opener(uuid, uuid, text, bytea, bytea);

do $$
declare
    holder text;
begin
    foreach holder in array array[
        'staff_face_images', 'customer_templates', 'event_templates', 'opt_out_templates', 'staff_face_versions',
        'customer_template_versions', 'event_template_versions'
    ] loop
        execute format('alter table footfall.%I drop constraint %I', holder, holder || '_embedding_check');
        execute format(
            'alter table footfall.%I add constraint %I check (octet_length(embedding) = 2048)',
            holder, holder || '_embedding_check'
        );
    end loop;
end
$$;

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

drop table footfall.face_keys;
