{# Fails on every value outside [min_value, max_value]; NULL passes, because NULL means not observed. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none, min_exclusive=false) %}
select {{ column_name }}
from {{ model }}
where
    {{ 'false' if min_value is none else column_name ~ (' <= ' if min_exclusive else ' < ') ~ min_value }}
    or {{ 'false' if max_value is none else column_name ~ ' > ' ~ max_value }}
{% endtest %}
