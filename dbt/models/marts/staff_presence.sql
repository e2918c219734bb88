{{ config(indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]) }}

select
    visits.tenant_id,
    visits.site_id,
    visits.site_name,
    visits.staff_id,
    visits.day_start as bucket_start,
    visits.day_local as bucket_local,
    min(visits.happened_at) as first_seen_at,
    max(visits.ended_at) as last_seen_at,
    count(*)::integer as visits,
    sum(visits.dwell_seconds) as present_seconds,
    now() as built_at
from {{ ref('int_visits_local') }} as visits
{{ only_stale_days('visits') }}
where visits.person_kind = 'staff'
group by
    visits.tenant_id, visits.site_id, visits.site_name, visits.staff_id, visits.day_start, visits.day_local
