{#- A mart's query: `visits_daily` summed up by the site's local `period` ('week', from Monday, or 'month'). Grain:
tenant_id, site_id, bucket_start. A view: few days make a period, and a day that is rebuilt is right in it at once. -#}
{% macro summed_by(period) -%}
select
    days.tenant_id,
    days.site_id,
    sites.name as site_name,
    date_trunc('{{ period }}', days.bucket_local) at time zone sites.timezone as bucket_start,
    date_trunc('{{ period }}', days.bucket_local) as bucket_local,
    sum(days.staff_visits)::integer as staff_visits,
    sum(days.visitor_visits)::integer as visitor_visits,
    sum(days.new_visitors)::integer as new_visitors,
    sum(days.returning_visitors)::integer as returning_visitors,
    sum(days.unidentified_sightings)::integer as unidentified_sightings,
    -- Each day's mean counts as often as it had visits.
    sum(days.mean_dwell_seconds * days.visitor_visits) / nullif(sum(days.visitor_visits), 0) as mean_dwell_seconds,
    max(days.built_at) as built_at
from {{ ref('visits_daily') }} as days
-- The record itself and not its staging view, which the mart's readers may not read.
inner join {{ source('footfall', 'sites') }} as sites
    on days.tenant_id = sites.tenant_id and days.site_id = sites.site_id
group by
    days.tenant_id, days.site_id, sites.name, sites.timezone, date_trunc('{{ period }}', days.bucket_local)
{%- endmacro %}
