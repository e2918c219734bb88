select
    tenant_id,
    visit_id,
    site_id,
    person_kind,
    staff_id,
    customer_id,
    is_first_visit,
    started_at,
    ended_at,
    extract(epoch from ended_at - started_at)::double precision as dwell_seconds
from {{ source('footfall', 'visits') }}
