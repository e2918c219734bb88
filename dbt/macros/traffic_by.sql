{#- A mart's query: traffic per tenant, site and local `bucket` ('quarter', 'hour' or 'day'). Grain: tenant_id, site_id,
bucket_start. On an incremental run, of the stale days alone; the marts differ in nothing but the bucket. -#}
{% macro traffic_by(bucket) -%}
with happened as (
    select
        visits.tenant_id,
        visits.site_id,
        visits.site_name,
        visits.{{ bucket }}_start as bucket_start,
        visits.{{ bucket }}_local as bucket_local,
        visits.person_kind,
        visits.is_first_visit,
        visits.dwell_seconds
    from {{ ref('int_visits_local') }} as visits
    {{ only_stale_days('visits') }}
    union all
    select
        sightings.tenant_id,
        sightings.site_id,
        sightings.site_name,
        sightings.{{ bucket }}_start as bucket_start,
        sightings.{{ bucket }}_local as bucket_local,
        'nobody' as person_kind,
        false as is_first_visit,
        null::double precision as dwell_seconds
    from {{ ref('int_sightings_local') }} as sightings
    {{ only_stale_days('sightings') }}
)

select
    tenant_id,
    site_id,
    site_name,
    bucket_start,
    bucket_local,
    count(*) filter (where person_kind = 'staff')::integer as staff_visits,
    count(*) filter (where person_kind = 'customer')::integer as visitor_visits,
    count(*) filter (where person_kind = 'customer' and is_first_visit)::integer as new_visitors,
    count(*) filter (where person_kind = 'customer' and not is_first_visit)::integer as returning_visitors,
    count(*) filter (where person_kind = 'nobody')::integer as unidentified_sightings,
    avg(dwell_seconds) filter (where person_kind = 'customer') as mean_dwell_seconds,
    now() as built_at
from happened
group by tenant_id, site_id, site_name, bucket_start, bucket_local
{%- endmacro %}
