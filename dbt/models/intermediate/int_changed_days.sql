select
    changes.tenant_id,
    changes.site_id,
    changes.changed_at,
    -- A note of no time is of a site in another zone: it has no day, and all of the site's rows go.
    case
        when isfinite(changes.touched_at) then (changes.touched_at at time zone sites.timezone)::date
    end as local_date,
    sites.timezone
from {{ ref('stg_traffic_changes') }} as changes
left join {{ ref('stg_sites') }} as sites
    on changes.tenant_id = sites.tenant_id and changes.site_id = sites.site_id
