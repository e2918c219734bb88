select
    tenant_id,
    site_id,
    name as site_name,
    timezone
from {{ source('footfall', 'sites') }}
