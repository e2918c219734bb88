{#- A row counts as many visits and sightings as the record holds for its bucket. Days in which something changed
shortly before the build or after it are left out: the next build makes them right. -#}
{% test matches_the_record(model, bucket) %}
with mart as (
    select
        tenant_id,
        site_id,
        bucket_start,
        bucket_local,
        built_at,
        staff_visits + visitor_visits as visits,
        unidentified_sightings as sightings
    from {{ model }}
)

select
    mart.tenant_id,
    mart.site_id,
    mart.bucket_start,
    mart.visits,
    mart.sightings
from mart
where
    not exists (
        select 1
        from {{ ref('int_changed_days') }} as changes
        where
            changes.tenant_id = mart.tenant_id
            and changes.site_id = mart.site_id
            and changes.local_date = mart.bucket_local::date
            and changes.changed_at >= mart.built_at - interval '15 minutes'
    )
    and (mart.visits, mart.sightings) <> (
        select
            count(*) filter (where happened.kind = 'visit'),
            count(*) filter (where happened.kind = 'sighting')
        from (
            {% for kind, rows in {'visit': ref('int_visits_local'), 'sighting': ref('int_sightings_local')}.items() -%}
            select '{{ kind }}' as kind
            from {{ rows }} as recorded
            where
                recorded.tenant_id = mart.tenant_id
                and recorded.site_id = mart.site_id
                and recorded.{{ bucket }}_start = mart.bucket_start
                -- Says nothing new, but in the terms of the tables' indexes.
                and recorded.happened_at >= mart.bucket_start - interval '3 hours'
                and recorded.happened_at < mart.bucket_start + interval '28 hours'
            {{ 'union all' if not loop.last }}
            {% endfor -%}
        ) as happened
    )
{% endtest %}
