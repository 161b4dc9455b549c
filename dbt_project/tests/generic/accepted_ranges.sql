{# Fails on every value outside its column's range, in one reading of the table. ranges: column -> {min: allowed, above: not itself allowed,
   max: allowed}, each a number or another column. NULL passes, because NULL means not observed. #}
{% test accepted_ranges(model, ranges) %}
{%- for column, range in ranges.items() %}
select '{{ column }}' as column_name, cast({{ column }} as double) as found
from {{ model }}
where false
    {%- if 'min' in range %} or {{ column }} < {{ range['min'] }}{% endif %}
    {%- if 'above' in range %} or {{ column }} <= {{ range['above'] }}{% endif %}
    {%- if 'max' in range %} or {{ column }} > {{ range['max'] }}{% endif %}
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
