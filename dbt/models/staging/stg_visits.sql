select
    tenant_id,
    visit_id,
    site_id,
    person_kind,
    is_first_visit,
    started_at,
    extract(epoch from ended_at - started_at)::double precision as dwell_seconds
from {{ source('footfall', 'visits') }}
