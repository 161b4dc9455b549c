{# Fails on every state-year that two rows of a country mapping claim within one coding: two series would stand for one state. #}
{% test mapping_claims_once(model) %}
with claimed as (
    select coding, cow_code, unnest(range(first_year, last_year + 1)) as year
    from {{ model }}
    where cow_code is not null
)
select coding, cow_code, year
from claimed
group by coding, cow_code, year
having count(*) > 1
{% endtest %}
