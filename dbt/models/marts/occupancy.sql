{{ config(indexes=[{'columns': ['tenant_id', 'bucket_start']}, {'columns': ['built_at']}]) }}

select
    present.tenant_id,
    present.site_id,
    present.site_name,
    present.quarter_start as bucket_start,
    present.quarter_local as bucket_local,
    count(*) filter (where present.person_kind = 'customer')::integer as visitors_inside,
    count(*) filter (where present.person_kind = 'staff')::integer as staff_inside,
    now() as built_at
from {{ ref('int_presence_local') }} as present
{{ only_stale_days('present') }}
{% if is_incremental() -%}
-- The index knows when visits began; a visit that reaches into the day began two days before it or later.
where
    present.began_at >= stale.scan_from - interval '48 hours'
    and present.began_at < stale.scan_until
{%- endif %}
group by present.tenant_id, present.site_id, present.site_name, present.quarter_start, present.quarter_local
