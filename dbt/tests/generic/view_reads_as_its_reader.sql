{#- The catalogue says that the view reads with the rights and policies of its reader, and that nobody but the
application is granted it. -#}
{% test view_reads_as_its_reader(model) %}
with guarded as (
    select
        views.reloptions,
        views.relowner,
        views.relacl
    from pg_catalog.pg_class as views
    inner join pg_catalog.pg_namespace as schemas on views.relnamespace = schemas.oid
    where schemas.nspname = '{{ model.schema }}' and views.relname = '{{ model.identifier }}' and views.relkind = 'v'
)

select 'the catalogue holds no such view' as fault
where not exists (select 1 from guarded)
union all
select 'the view reads with the rights of its owner' as fault
from guarded
where not coalesce('security_invoker=true' = any(reloptions), false)
union all
select 'granted to another than footfall_app: ' || granted.grantee::regrole::text as fault
from guarded
cross join lateral aclexplode(guarded.relacl) as granted
where
    granted.grantee <> guarded.relowner
    and not (granted.grantee = 'footfall_app'::regrole and granted.privilege_type = 'SELECT')
{% endtest %}
