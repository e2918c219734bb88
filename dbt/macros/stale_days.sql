{#- The incremental strategy of the marts: local days of a site, or weeks of a mart that says `rebuilt_by: week` in its
meta, are rebuilt whole when something in them changed.

dbt's own delete+insert deletes what it inserts anew, so the rows of a day whose every visit was erased would stay;
its microbatch is a merge on Postgres and deletes nothing. See docs/adr/marts-rebuild-the-days-that-changed.md. -#}

{#- The session's table of days (or weeks) that this run rebuilds in this mart. -#}
{% macro stale_days() -%}
stale_days_of_{{ this.identifier }}
{%- endmacro %}


{#- What the mart is rebuilt by: 'day' or 'week'. -#}
{% macro rebuilt_by() -%}
{{ config.get('meta', {}).get('rebuilt_by', 'day') }}
{%- endmacro %}


{#- The first day of the unit that a local date or time lies in. -#}
{% macro first_date_of(unit, local_time) -%}
date_trunc('{{ unit }}', {{ local_time }})::date
{%- endmacro %}


{#- Pre-hook: fixes the days to rebuild before anything is read, so that what is deleted and what is inserted are the
same days whatever changes meanwhile. The mart's last build says from where on changes are new; a day is taken off it
for transactions that were still open then. A site that is gone has no zone and no days: all of its rows go. Every
site's latest day is rebuilt in any case, so that its newest row says when the mart was last brought up to date. A day
of which the record has lost something to its term is not rebuilt: what was counted stays. -#}
{% macro collect_stale_days() -%}
{%- set changed_days = ref('int_changed_days') -%}  {#- outside the condition, where dbt sees them -#}
{%- set sites = ref('stg_sites') -%}
{%- set terms = source('footfall', 'retention_terms') -%}
{% if is_incremental() %}
-- Two builds of one mart take turns; the second would else insert what the first has inserted meanwhile.
select pg_advisory_xact_lock(hashtext('{{ this }}'));

create temporary table {{ stale_days() }} on commit drop as
with stale as (
    select
        tenant_id,
        site_id,
        {{ first_date_of(rebuilt_by(), 'local_date') }} as first_date,
        timezone
    from {{ changed_days }}
    where changed_at >= coalesce((select max(built_at) from {{ this }}) - interval '1 day', '-infinity')
    union
    select
        sites.tenant_id,
        sites.site_id,
        latest.first_date,
        sites.timezone
    from {{ sites }} as sites
    cross join lateral (
        select {{ first_date_of(rebuilt_by(), 'mart.bucket_local') }} as first_date
        from {{ this }} as mart
        where mart.tenant_id = sites.tenant_id and mart.site_id = sites.site_id
        order by mart.bucket_start desc
        limit 1
    ) as latest
)

select
    stale.tenant_id,
    stale.site_id,
    stale.first_date,
    -- Zones that change their clocks at midnight have a day that starts twice or late.
    coalesce(stale.first_date::timestamp at time zone stale.timezone - interval '3 hours', '-infinity') as scan_from,
    coalesce(
        (stale.first_date + interval '1 {{ rebuilt_by() }}') at time zone stale.timezone + interval '3 hours',
        'infinity'
    ) as scan_until
from stale
left join {{ terms }} as terms
    on stale.tenant_id = terms.tenant_id
where
    terms.whole_since is null
    or stale.first_date is null
    or stale.first_date::timestamp at time zone stale.timezone >= terms.whole_since;

analyze {{ stale_days() }};

-- A range of times whose ends come out of a table is a ninth of all rows to the planner: from some millions of rows on it
-- would read every visit there is for the sake of one day. Day by day through the index is what these joins are for.
set local enable_hashjoin = off;
set local enable_mergejoin = off
{% endif %}
{%- endmacro %}


{#- Joins `rows`, which have tenant_id, site_id, local_date and happened_at, to what is stale; nothing on a build from
nothing. `unit` as in the mart's `rebuilt_by`. -#}
{% macro only_stale_days(rows, unit='day') -%}
{% if is_incremental() -%}
inner join {{ stale_days() }} as stale
        on
            {{ rows }}.tenant_id = stale.tenant_id
            and {{ rows }}.site_id = stale.site_id
            and {{ first_date_of(unit, rows ~ '.local_date') }} = stale.first_date
            -- Says nothing new, but in the terms of the tables' indexes.
            and {{ rows }}.happened_at >= stale.scan_from
            and {{ rows }}.happened_at < stale.scan_until
{%- endif %}
{%- endmacro %}


{% macro get_incremental_replace_stale_days_sql(arg_dict) %}
{%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
delete from {{ arg_dict['target_relation'] }} as mart
using {{ stale_days() }} as stale
where
    mart.tenant_id = stale.tenant_id
    and mart.site_id = stale.site_id
    and mart.bucket_start >= stale.scan_from
    and mart.bucket_start < stale.scan_until
    and ({{ first_date_of(rebuilt_by(), 'mart.bucket_local') }} = stale.first_date or stale.first_date is null);

insert into {{ arg_dict['target_relation'] }} ({{ columns }})
select {{ columns }}
from {{ arg_dict['temp_relation'] }}
{% endmacro %}


{#- On run end: drops notes that every mart has taken up long ago. A mart that is missing or empty keeps them all. -#}
{% macro forget_rebuilt_changes() -%}
{%- if execute -%}
{%- set marts = [] -%}
{%- set builds = [] -%}
{%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
{%- set mart = adapter.get_relation(node.database, node.schema, node.alias) -%}
{%- do marts.append(mart) -%}
{%- do builds.append('select max(built_at) as built_at from ' ~ mart) -%}
{%- endfor -%}
{%- if none not in marts -%}
delete from {{ source('footfall', 'traffic_changes') }}
where changed_at < (
    select min(built_at) - interval '30 days'
    from ({{ builds | join(' union all ') }}) as builds
    having bool_and(built_at is not null)
)
{%- endif -%}
{%- endif -%}
{%- endmacro %}
