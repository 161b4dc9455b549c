{# Fails on every state-year that a country mapping claims although the state is not in the system in that year. #}
{% test mapping_within_membership(model) %}
with claimed as (
    select coding, label, cow_code, unnest(range(first_year, last_year + 1)) as year
    from {{ model }}
    where cow_code is not null
)
select claimed.*
from claimed
left join {{ ref('int_state_years') }} as spine
    on claimed.cow_code = spine.cow_code and claimed.year = spine.year
where spine.cow_code is null
{% endtest %}
