{# Fails on every state-year to which a country mapping leads although the state is not in the system in that year. #}
{% test mapping_within_membership(model) %}
with mapped_years as (
    select
        coding,
        label,
        cow_code,
        unnest(range(first_year, last_year + 1)) as year
    from {{ model }}
    where cow_code is not null
)

select
    mapped_years.coding,
    mapped_years.label,
    mapped_years.cow_code,
    mapped_years.year
from mapped_years
left join {{ ref('int_state_years') }} as spine
    on mapped_years.cow_code = spine.cow_code and mapped_years.year = spine.year
where spine.cow_code is null
{% endtest %}
