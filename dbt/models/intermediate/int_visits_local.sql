select
    visits.tenant_id,
    visits.visit_id,
    visits.site_id,
    sites.site_name,
    visits.person_kind,
    visits.staff_id,
    visits.customer_id,
    visits.is_first_visit,
    visits.dwell_seconds,
    visits.started_at as happened_at,
    visits.ended_at,
    {{ local_buckets('visits.started_at', 'sites.timezone') }}
from {{ ref('stg_visits') }} as visits
inner join {{ ref('stg_sites') }} as sites
    on visits.tenant_id = sites.tenant_id and visits.site_id = sites.site_id
