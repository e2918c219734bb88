{#- The site's local quarter of an hour, hour and day of an instant: their start as an instant and as the wall clock
shows it.

date_trunc with a zone keeps the two hours apart that a clock going back shows twice: one wall clock, two instants.
Every zone's offset is a whole number of quarters, so a quarter of UTC is a quarter of every wall clock. -#}
{% macro local_buckets(instant, zone) -%}
date_bin('15 minutes', {{ instant }}, 'epoch') as quarter_start,
    date_bin('15 minutes', {{ instant }}, 'epoch') at time zone {{ zone }} as quarter_local,
    date_trunc('hour', {{ instant }}, {{ zone }}) as hour_start,
    date_trunc('hour', {{ instant }} at time zone {{ zone }}) as hour_local,
    date_trunc('day', {{ instant }}, {{ zone }}) as day_start,
    date_trunc('day', {{ instant }} at time zone {{ zone }}) as day_local,
    ({{ instant }} at time zone {{ zone }})::date as local_date
{%- endmacro %}
