select
    changes.tenant_id,
    changes.site_id,
    changes.changed_at,
    (changes.touched_at at time zone sites.timezone)::date as local_date,
    sites.timezone
from {{ ref('stg_traffic_changes') }} as changes
left join {{ ref('stg_sites') }} as sites
    on changes.tenant_id = sites.tenant_id and changes.site_id = sites.site_id
