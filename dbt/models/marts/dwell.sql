{{ config(indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]) }}

select
    visits.tenant_id,
    visits.site_id,
    visits.site_name,
    visits.day_start as bucket_start,
    visits.day_local as bucket_local,
    count(*)::integer as visitor_visits,
    avg(visits.dwell_seconds) as mean_seconds,
    percentile_cont(0.5) within group (order by visits.dwell_seconds) as median_seconds,
    percentile_cont(0.9) within group (order by visits.dwell_seconds) as p90_seconds,
    count(*) filter (where visits.dwell_seconds < 60)::integer as under_1_minute,
    count(*) filter (where visits.dwell_seconds >= 60 and visits.dwell_seconds < 300)::integer as from_1_to_5_minutes,
    count(*) filter (where visits.dwell_seconds >= 300 and visits.dwell_seconds < 900)::integer as from_5_to_15_minutes,
    count(*) filter (where visits.dwell_seconds >= 900 and visits.dwell_seconds < 3600)::integer
        as from_15_to_60_minutes,
    count(*) filter (where visits.dwell_seconds >= 3600)::integer as over_1_hour,
    now() as built_at
from {{ ref('int_visits_local') }} as visits
{{ only_stale_days('visits') }}
where visits.person_kind = 'customer'
group by visits.tenant_id, visits.site_id, visits.site_name, visits.day_start, visits.day_local
