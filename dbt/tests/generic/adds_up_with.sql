{#- By site and bucket of the other mart, the sum of this mart's `column` is (or is at least, with '>=') the sum of the
other's. Days in which something changed shortly before either was built, or after, are left out: the next build makes
them right. -#}
{% test adds_up_with(model, column, other, other_column, relation) %}
with here as (
    select
        tenant_id,
        site_id,
        bucket_start,
        min(bucket_local)::date as local_date,
        min(built_at) as built_at,
        sum({{ column }}) as counted
    from {{ model }}
    group by tenant_id, site_id, bucket_start
),

compared as (
    select
        coalesce(here.tenant_id, other.tenant_id) as tenant_id,
        coalesce(here.site_id, other.site_id) as site_id,
        coalesce(here.bucket_start, other.bucket_start) as bucket_start,
        coalesce(here.local_date, other.bucket_local::date) as local_date,
        least(here.built_at, other.built_at) as built_at,
        coalesce(here.counted, 0) as counted,
        coalesce(other.{{ other_column }}, 0) as counted_there
    from here
    full outer join (
        select *
        from {{ other }}
        where built_at >= now() - interval '2 days'
    ) as other
        on
            here.tenant_id = other.tenant_id
            and here.site_id = other.site_id
            and here.bucket_start = other.bucket_start
)

select compared.*
from compared
where
    not (compared.counted {{ relation }} compared.counted_there)
    and not exists (
        select 1
        from {{ ref('int_changed_days') }} as changes
        where
            changes.tenant_id = compared.tenant_id
            and changes.site_id = compared.site_id
            and changes.local_date = compared.local_date
            and changes.changed_at >= compared.built_at - interval '15 minutes'
    )
{% endtest %}
