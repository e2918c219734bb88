select
    tenant_id,
    site_id,
    touched_at,
    changed_at
from {{ source('footfall', 'traffic_changes') }}
