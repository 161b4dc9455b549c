{# Fails on every row whose state-year is not in the state system: no variable may exist where the state does not. #}
{% test within_membership(model, cow_column='cow_code', year_column='year') %}
select
    checked.{{ cow_column }},
    checked.{{ year_column }}
from {{ model }} as checked
left join {{ ref('int_state_years') }} as spine
    on checked.{{ cow_column }} = spine.cow_code and checked.{{ year_column }} = spine.year
where spine.cow_code is null
{% endtest %}
