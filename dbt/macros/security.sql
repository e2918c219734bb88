{#- Post-hook of every mart: a rebuild makes a new table, which has no policy and is open to nobody. Runs before the
rebuild commits, so no one ever meets the table without its policies. A mart that is a view sums up others: it reads
with its reader's rights, whose policies hold. -#}
{% macro protect_tenant_rows() -%}
{% if config.get('materialized') == 'view' -%}
{{ read_as_invoker() }};
{%- else -%}
alter table {{ this }} enable row level security;
alter table {{ this }} force row level security;
drop policy if exists tenant_isolation on {{ this }};
create policy tenant_isolation on {{ this }}
using (tenant_id = footfall.current_tenant()) with check (tenant_id = footfall.current_tenant());
drop policy if exists transform_builds on {{ this }};
create policy transform_builds on {{ this }} to {{ target.user }} using (true) with check (true);
{%- endif %}
grant select on {{ this }} to footfall_app
{%- endmacro %}


{#- Post-hook of every view: its reader's rights and policies hold, not its owner's. -#}
{% macro read_as_invoker() -%}
alter view {{ this }} set (security_invoker = true)
{%- endmacro %}
