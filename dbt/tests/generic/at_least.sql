{#- No value of the columns lies under `minimum`; nulls are let through. -#}
{% test at_least(model, columns, minimum) %}
select {{ columns | join(', ') }}
from {{ model }}
where least({{ columns | join(', ') }}) < {{ minimum }}
{% endtest %}
