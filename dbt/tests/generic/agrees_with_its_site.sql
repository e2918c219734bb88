{#- Every row's site exists, bears the row's name and has that day there. When a site is renamed or moves to another
zone, a full refresh mends its rows. -#}
{% test agrees_with_its_site(model) %}
with mart as (
    select
        tenant_id,
        site_id,
        site_name,
        bucket_start,
        bucket_local
    from {{ model }}
)

select
    mart.tenant_id,
    mart.site_id,
    mart.bucket_start
from mart
left join {{ ref('stg_sites') }} as sites
    on mart.tenant_id = sites.tenant_id and mart.site_id = sites.site_id
where
    sites.site_id is null
    or mart.site_name <> sites.site_name
    or (mart.bucket_start at time zone sites.timezone)::date <> mart.bucket_local::date
{% endtest %}
