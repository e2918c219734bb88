{#- By site and bucket, the sum of this mart's `column` is (or is at least, with '>=') the sum of the other's, in the
days that either built within two days. What the other has of such a day counts whenever it was built: the latest day
of a site is built every time, and the latest day on which staff came need not be the latest with visits. Days in which
something changed shortly before either was built, or after, are left out: the next build makes them right. -#}
{% test adds_up_with(model, column, other, other_column, relation) %}
with recent as (
    select
        tenant_id,
        site_id,
        bucket_local::date as local_date
    from {{ model }}
    where built_at >= now() - interval '2 days'
    union
    select
        tenant_id,
        site_id,
        bucket_local::date as local_date
    from {{ other }}
    where built_at >= now() - interval '2 days'
),

here as (
    {{ summed_in_recent_days(model, column) }}
),

there as (
    {{ summed_in_recent_days(other, other_column) }}
),

compared as (
    select
        coalesce(here.tenant_id, there.tenant_id) as tenant_id,
        coalesce(here.site_id, there.site_id) as site_id,
        coalesce(here.bucket_start, there.bucket_start) as bucket_start,
        coalesce(here.local_date, there.local_date) as local_date,
        least(here.built_at, there.built_at) as built_at,
        coalesce(here.counted, 0) as counted,
        coalesce(there.counted, 0) as counted_there
    from here
    full outer join there
        on
            here.tenant_id = there.tenant_id
            and here.site_id = there.site_id
            and here.bucket_start = there.bucket_start
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
