{# Fails on every combination of the key columns that occurs more than once or contains a NULL. #}
{% test unique_combination_of_columns(model, combination_of_columns) %}
select
    {{ combination_of_columns | join(', ') }},
    count(*) as rows_found
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having
    count(*) > 1
    {% for column in combination_of_columns %}
    or {{ column }} is null
    {% endfor %}
{% endtest %}
