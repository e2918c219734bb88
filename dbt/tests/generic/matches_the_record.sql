{#- A site's day counts as many visits and sightings as the record holds. Days in which something changed shortly
before the build or after it are left out: the next build makes them right; and so are days of which the record has lost
something to its term. -#}
{% test matches_the_record(model) %}
with days as (
    select
        tenant_id,
        site_id,
        bucket_local::date as local_date,
        min(built_at) as built_at,
        sum(staff_visits + visitor_visits) as visits,
        sum(unidentified_sightings) as sightings
    from {{ model }}
    group by tenant_id, site_id, bucket_local::date
),

settled as (
    select
        days.*,
        -- The same day in the terms of the tables' indexes, with room for days that start twice or late.
        days.local_date::timestamp at time zone sites.timezone - interval '3 hours' as scan_from,
        (days.local_date + 1)::timestamp at time zone sites.timezone + interval '3 hours' as scan_until
    from days
    inner join {{ ref('stg_sites') }} as sites
        on days.tenant_id = sites.tenant_id and days.site_id = sites.site_id
    left join {{ source('footfall', 'retention_terms') }} as terms
        on days.tenant_id = terms.tenant_id
    where
        (
            terms.whole_since is null
            or days.local_date::timestamp at time zone sites.timezone >= terms.whole_since
        )
        and not exists (
            select 1
            from {{ ref('int_changed_days') }} as changes
            where
                changes.tenant_id = days.tenant_id
                and changes.site_id = days.site_id
                and changes.local_date = days.local_date
                and changes.changed_at >= days.built_at - interval '15 minutes'
        )
)

select
    settled.tenant_id,
    settled.site_id,
    settled.local_date,
    settled.visits,
    settled.sightings
from settled
where
    false
    {% for counted, rows in {'visits': ref('int_visits_local'), 'sightings': ref('int_sightings_local')}.items() -%}
    or settled.{{ counted }} <> (
        select count(*)
        from {{ rows }} as recorded
        where
            recorded.tenant_id = settled.tenant_id
            and recorded.site_id = settled.site_id
            and recorded.local_date = settled.local_date
            and recorded.happened_at >= settled.scan_from
            and recorded.happened_at < settled.scan_until
    )
    {% endfor -%}
{% endtest %}
