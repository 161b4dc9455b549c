{# Fails on every value outside the range of its column, for several columns of a table. ranges: column -> {min: lowest
   allowed value, above: bound that is itself not allowed, max: highest allowed value}, each a number or another column.
   NULL passes, because NULL means not observed. #}
{% test accepted_ranges(model, ranges) %}
{%- for column, range in ranges.items() %}
select
    '{{ column }}' as column_name,
    cast({{ column }} as double) as found
from {{ model }}
where
    false
    {% if 'min' in range %}
    or {{ column }} < {{ range['min'] }}
    {% endif %}
    {% if 'above' in range %}
    or {{ column }} <= {{ range['above'] }}
    {% endif %}
    {% if 'max' in range %}
    or {{ column }} > {{ range['max'] }}
    {% endif %}
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
